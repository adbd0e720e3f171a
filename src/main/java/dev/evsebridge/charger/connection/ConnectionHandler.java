package dev.evsebridge.charger.connection;

import dev.evsebridge.charger.codec.FrameEvent;
import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.codec.ProtocolViolationException;
import dev.evsebridge.charger.connection.ConnectionTally.Outcome;
import dev.evsebridge.charger.session.ChargerClaims;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.NewConnection;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.LogThrottle;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One connection from its first byte to its end: waits for the hello, registers the charger, hands
 * responses to the {@link ChargerSession} and what is to be published on to the route.
 */
public final class ConnectionHandler extends ChannelDuplexHandler {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionHandler.class);

  /** Everybody can connect, say nothing and leave; that must not fill the log. */
  private static final LogThrottle UNIDENTIFIED = new LogThrottle(5, Duration.ofSeconds(10));

  /** A car park that comes back after a power cut may do so; a flood must not fill the disk. */
  private static final LogThrottle COMINGS_AND_GOINGS =
      new LogThrottle(500, Duration.ofSeconds(10));

  /** What goes wrong in the bridge itself goes wrong for many connections at a time. */
  private static final LogThrottle FAULTS = new LogThrottle(5, Duration.ofSeconds(10));

  private final SessionRegistry registry;
  private final Admission admission;
  private final BackPressure backPressure;
  private final ErrorSink errors;

  private @Nullable ChargerSession session;
  private @Nullable Claimed claimed;
  private @Nullable SilenceWatch silenceWatch;
  private @Nullable SilenceWatch frameWatch;
  private boolean proven;
  private boolean readingPaused;
  private boolean alwaysHeard;
  private boolean closing;
  private boolean closedHere;
  private @Nullable String fault;

  /**
   * Creates the handler of one connection.
   *
   * @param registry where the charger is added
   * @param admission who may connect
   * @param backPressure pauses reading while the broker is slower than the chargers
   * @param errors where broken protocol is reported
   */
  public ConnectionHandler(
      SessionRegistry registry, Admission admission, BackPressure backPressure, ErrorSink errors) {
    this.registry = registry;
    this.admission = admission;
    this.backPressure = backPressure;
    this.errors = errors;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    Duration timeout = admission.limits().handshakeTimeout();
    ctx.fireChannelActive();
    backPressure.add(ctx.channel());
    silenceWatch = new SilenceWatch(ctx, timeout, () -> noHello(ctx, timeout));
  }

  private void noHello(ChannelHandlerContext ctx, Duration timeout) {
    if (!closing) {
      admission.tally().count(Outcome.HANDSHAKE_TIMEOUT);
      closeUnidentified(ctx, "no hello within %d ms".formatted(timeout.toMillis()));
    }
  }

  private void closeUnidentified(ChannelHandlerContext ctx, String reason) {
    UNIDENTIFIED.log(
        suffix ->
            LOG.info(
                "Closed the connection from {}: {}{}",
                ctx.channel().remoteAddress(),
                reason,
                suffix));
    close(ctx);
  }

  private void close(ChannelHandlerContext ctx) {
    closing = true;
    ctx.close();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (closing) {
      return;
    }
    if (msg instanceof Hello hello) {
      hello(ctx, hello);
    } else if (!(claimed != null
        && msg instanceof ChargerMessage message
        && claimed.received(message))) {
      said(ctx, msg);
    }
    if (!alwaysHeard) {
      backPressure.check(ctx.channel());
    }
  }

  /** A valid frame has come: it is a charger. */
  private void prove() {
    if (!proven && session != null) {
      proven = true;
      registry.proven(session);
    }
  }

  private void said(ChannelHandlerContext ctx, Object msg) {
    prove();
    if (session != null && msg instanceof ChargerResponse response) {
      session.received(response, ctx::fireChannelRead);
    } else if (msg instanceof ChargerMessage message) {
      // Before any route: whatever that does with it, the contactor does not wait for it.
      if (session != null && message instanceof Notification) {
        session.notified();
      }
      ctx.fireChannelRead(message);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == BackPressure.Event.READING_PAUSED) {
      readingPaused = true;
      if (silenceWatch != null) {
        silenceWatch.paused();
      }
      if (session != null) {
        session.readingPaused();
      }
      if (frameWatch != null) {
        frameWatch.paused();
      }
    } else if (event == BackPressure.Event.READING_RESUMED) {
      readingPaused = false;
      if (session != null) {
        session.readingResumed();
      }
    } else if (event == FrameEvent.BEGUN) {
      watchFrame(ctx);
    } else if (event == FrameEvent.WHOLE) {
      stopWatchingFrame();
    }
    ctx.fireUserEventTriggered(event);
  }

  private void watchFrame(ChannelHandlerContext ctx) {
    stopWatchingFrame();
    Duration timeout = admission.limits().handshakeTimeout();
    frameWatch =
        new SilenceWatch(
            ctx,
            timeout,
            () -> {
              fault =
                  "a frame that it had begun was not whole within " + timeout.toMillis() + " ms";
              close(ctx);
            });
  }

  private void stopWatchingFrame() {
    if (frameWatch != null) {
      frameWatch.stop();
      frameWatch = null;
    }
  }

  private void hello(ChannelHandlerContext ctx, Hello hello) {
    stopWatching();
    SerialNumber serial = hello.serialNumber();
    if (!hello.supported()) {
      violation(
          ctx,
          serial,
          "Firmware version %d is not supported: it must be %d or later."
              .formatted(hello.firmwareVersion(), Hello.FIRST_SUPPORTED_VERSION));
    } else if (!admission.isAllowed(hello)) {
      admission.tally().count(Outcome.SERIAL);
      closeUnidentified(ctx, "serial number " + serial + " is not in evse.allowed_serials");
    } else if (!admission.isLetIn(hello)) {
      admission.tally().count(Outcome.SERIAL);
      closeUnidentified(ctx, "without the broker nobody controls " + serial);
    } else {
      admission.tally().count(Outcome.ACCEPTED);
      ChargerClaims claims = registry.claims();
      if (claims == null) {
        register(ctx, hello);
      } else {
        claimFirst(ctx, hello, claims);
      }
    }
  }

  private void claimFirst(ChannelHandlerContext ctx, Hello hello, ChargerClaims claims) {
    ctx.pipeline().fireUserEventTriggered(ConnectionLimit.IDENTIFIED);
    Duration timeout = admission.limits().handshakeTimeout();
    silenceWatch =
        new SilenceWatch(
            ctx,
            timeout,
            () ->
                closeUnidentified(
                    ctx, "not claimed within %d ms of its hello".formatted(timeout.toMillis())));
    claimed =
        Claimed.ping(
            claims,
            registry,
            ctx.channel(),
            hello,
            admission.clientId(hello.serialNumber()),
            new Claimed.Outcome() {
              @Override
              public void register(Hello own) {
                stopWatching();
                ConnectionHandler.this.register(ctx, own);
                // By its response to the ping.
                prove();
              }

              @Override
              public void replay(ChargerMessage message) {
                said(ctx, message);
              }

              @Override
              public void close(String reason) {
                ChargerSession open = session;
                if (open == null) {
                  closeUnidentified(ctx, reason);
                } else {
                  open.close(reason);
                }
              }
            });
  }

  private void register(ChannelHandlerContext ctx, Hello hello) {
    SerialNumber serial = hello.serialNumber();
    ChargerSession registered = registry.add(ctx.channel(), hello, admission.clientId(serial));
    session = registered;
    ctx.pipeline().fireUserEventTriggered(ConnectionLimit.IDENTIFIED);
    if (readingPaused) {
      registered.readingPaused();
    }
    if (registered.isAlwaysHeard()) {
      alwaysHeard = true;
      ctx.pipeline().addAfter(ctx.name(), "heldMessages", new HeldMessages(backPressure));
      backPressure.keepHearing(ctx.channel());
    }
    silenceWatch =
        new SilenceWatch(ctx, admission.limits().idleTimeout(), () -> silent(registered));
    Level level = admission.unasked().contains(registered.clientId()) ? Level.DEBUG : Level.INFO;
    COMINGS_AND_GOINGS.log(
        suffix ->
            LOG.atLevel(level)
                .log(
                    "Charger {} connected from {}, firmware version {}{}",
                    registered,
                    ctx.channel().remoteAddress(),
                    hello.firmwareVersion(),
                    suffix));
    ctx.fireChannelRead(new NewConnection(registered.clientId(), hello.firmwareVersion()));
    String suspicion = admission.suspicion(registered);
    if (suspicion != null) {
      LOG.warn("Charger {}: {}", registered, suspicion);
      errors.report(protocolError(registered.clientId(), suspicion));
    }
  }

  private void silent(ChargerSession session) {
    session.close("nothing came for %d s".formatted(admission.limits().idleTimeout().toSeconds()));
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    // Before the hello is whole, its parts don't count.
    if (session != null && silenceWatch != null) {
      session.heard(silenceWatch.heard());
    }
    ctx.fireChannelReadComplete();
  }

  private void stopWatching() {
    if (silenceWatch != null) {
      silenceWatch.stop();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    stopWatching();
    stopWatchingFrame();
    backPressure.forget(ctx.channel());
    if (claimed != null) {
      claimed.ended();
    }
    ChargerSession ended = session;
    if (ended == null) {
      if (!closing) {
        UNIDENTIFIED.log(
            suffix ->
                LOG.info(
                    "The connection from {} ended before a hello{}",
                    ctx.channel().remoteAddress(),
                    suffix));
      }
    } else {
      logEnd(ended);
      registry.remove(ended);
    }
    ctx.fireChannelInactive();
  }

  private void logEnd(ChargerSession ended) {
    UnaskedChargers unasked = admission.unasked();
    boolean leftUnasked =
        ended.closeReason() == null
            && fault == null
            && !closedHere
            && UnaskedChargers.isReason(ended.sinceLastRequest());
    if (ended.wasAsked()) {
      unasked.remove(ended.clientId());
    }
    if (leftUnasked && unasked.add(ended.clientId())) {
      COMINGS_AND_GOINGS.log(
          suffix ->
              LOG.warn(
                  "Charger {} has left because nobody asked it anything for 10 s, and will go on"
                      + " coming and leaving: something must poll each charger, say with"
                      + " request_data_collection every 5 s (docs/operations.md, Polling by hand)."
                      + " This is said once{}",
                  ended,
                  suffix));
      return;
    }
    Level level = leftUnasked ? Level.DEBUG : Level.INFO;
    COMINGS_AND_GOINGS.log(
        suffix ->
            LOG.atLevel(level)
                .log(
                    "Charger {} disconnected after {} s: {}{}",
                    ended,
                    ended.age().toSeconds(),
                    reasonFor(ended),
                    suffix));
  }

  private String reasonFor(ChargerSession ended) {
    String own = ended.closeReason();
    if (own != null) {
      return own;
    }
    if (fault != null) {
      return fault;
    }
    return closedHere ? "the bridge no longer listens" : "closed by the charger";
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    closedHere = true;
    ctx.close(promise);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (closing) {
      return;
    }
    if (cause instanceof ProtocolViolationException violation) {
      violation(
          ctx,
          session == null ? null : session.serialNumber(),
          String.valueOf(violation.getMessage()));
    } else if (cause instanceof IOException) {
      fault = cause.getMessage();
      close(ctx);
    } else {
      FAULTS.log(suffix -> logFault(ctx, cause, suffix));
      fault = "fault in the bridge";
      close(ctx);
    }
  }

  private static void logFault(ChannelHandlerContext ctx, Throwable cause, String suffix) {
    if (cause instanceof OutOfMemoryError) {
      LOG.error(
          "Closed the connection from {}: the bridge is short of memory: {}{}",
          ctx.channel().remoteAddress(),
          cause.getMessage(),
          suffix);
    } else {
      LOG.error(
          "Closed the connection from {}: fault in the bridge{}",
          ctx.channel().remoteAddress(),
          suffix,
          cause);
    }
  }

  private void violation(ChannelHandlerContext ctx, @Nullable SerialNumber serial, String detail) {
    fault = detail;
    admission.tally().count(Outcome.PROTOCOL_ERROR);
    UNIDENTIFIED.log(
        suffix ->
            LOG.warn(
                "Charger {} at {} broke the protocol and is disconnected: {}{}",
                serial == null ? "(unknown)" : serial,
                ctx.channel().remoteAddress(),
                detail,
                suffix));
    close(ctx);
    ErrorMessage error = protocolError(serial == null ? null : admission.clientId(serial), detail);
    if (proven) {
      errors.report(error);
    } else {
      admission.unprovenErrors().log(suffix -> errors.report(error));
    }
  }

  private static ErrorMessage protocolError(@Nullable String clientId, String detail) {
    return new ErrorMessage(clientId, null, ErrorCode.PROTOCOL_ERROR.code(), detail);
  }
}
