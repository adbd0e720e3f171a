package dev.evsebridge.charger.session;

import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerRequest.SetContactorState;
import dev.evsebridge.message.ChargerRequest.SetPwmPercent;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Reading;
import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests to one charger: one on the wire, the others behind it in their order. All state
 * belongs to the channel's event loop.
 *
 * <p>Responses carry no id, so a response is told by its order and its type. After a timeout the
 * response that is still owed is remembered and never taken for the response to a later request;
 * when a second response is overdue, nobody can tell any more, and the connection is closed.
 */
final class RequestQueue {

  private static final Logger LOG = LoggerFactory.getLogger(RequestQueue.class);

  static final String TAKING_FIRMWARE = "The charger is taking in firmware.";

  private final ChargerSession session;
  private final Channel channel;
  private final SessionLimits limits;
  private final KnownContactor contactor;
  private final FirmwareUploads firmwareUploads;

  /** Small at first: most chargers never have a request waiting. */
  private final ArrayDeque<PendingRequest> waiting = new ArrayDeque<>(1);

  private @Nullable PendingRequest onWire;
  private @Nullable FirmwareUpload upload;
  private @Nullable ScheduledFuture<?> timeout;
  private @Nullable Class<? extends ChargerResponse> overdueResponse;
  private @Nullable Class<? extends ChargerResponse> lastResponse;
  private boolean closed;

  RequestQueue(
      ChargerSession session,
      Channel channel,
      SessionLimits limits,
      KnownContactor contactor,
      FirmwareUploads firmwareUploads) {
    this.session = session;
    this.channel = channel;
    this.limits = limits;
    this.contactor = contactor;
    this.firmwareUploads = firmwareUploads;
  }

  /** Takes a request, or fails it at once. */
  void add(PendingRequest pending) {
    if (closed) {
      pending.failDisconnected();
    } else if (firmwareUploads.isUnderWay(session.clientId())) {
      pending.fail(ErrorCode.BUSY, TAKING_FIRMWARE);
    } else if (!channel.isWritable()) {
      pending.fail(ErrorCode.BUSY, "The charger has stopped reading.");
    } else if (onWire != null && waiting.size() >= limits.requestQueue()) {
      pending.fail(
          ErrorCode.BUSY,
          "%d requests are waiting for this charger already.".formatted(waiting.size()));
    } else if (pending.request() instanceof UploadFirmware request
        && !firmwareUploads.admit(pending, request.image())) {
      pending.fail(
          ErrorCode.BUSY,
          "As many other chargers as the bridge has memory for are taking in firmware.");
    } else {
      waiting.add(pending);
      sendNext();
    }
  }

  private void sendNext() {
    while (onWire == null && channel.isActive()) {
      PendingRequest next = waiting.poll();
      if (next == null) {
        return;
      }
      if (next.expired()) {
        next.fail(
            ErrorCode.TIMEOUT,
            "The message expired while it waited for the charger; it was not carried out.");
      } else if (next.request() instanceof UploadFirmware) {
        sendFirmware(next);
      } else {
        send(next);
      }
    }
  }

  private void send(PendingRequest pending) {
    ChargerRequest request = pending.request();
    if (request instanceof SetContactorState command && command.closed()) {
      // Before its response: should that get lost, the contactor may be closed all the same.
      contactor.set(true);
    }
    onWire = pending;
    pending.markSent(System.nanoTime());
    timeout =
        channel
            .eventLoop()
            .schedule(
                () -> responseOverdue(pending),
                limits.requestTimeout().toNanos(),
                TimeUnit.NANOSECONDS);
    channel.writeAndFlush(request, channel.voidPromise());
  }

  private void sendFirmware(PendingRequest pending) {
    if (contactor.isClosed()) {
      pending.fail(
          ErrorCode.CONTACTOR_CLOSED,
          "The contactor is closed, and the reboot would open it under load: open it first.");
      return;
    }
    onWire = pending;
    firmwareUploads.begin(pending);
    for (PendingRequest late = waiting.poll(); late != null; late = waiting.poll()) {
      late.fail(ErrorCode.BUSY, TAKING_FIRMWARE);
    }
    upload = new FirmwareUpload(session, channel, pending, limits.firmwareTimeout());
    upload.send(() -> imageSent(pending));
  }

  private void imageSent(PendingRequest pending) {
    if (onWire == pending) {
      // From here on it is the next connection that tells how it went.
      onWire = null;
      pending.markDelivered();
    }
  }

  private void responseOverdue(PendingRequest pending) {
    if (onWire != pending) {
      return;
    }
    onWire = null;
    LOG.warn(
        "Charger {}: no response to {} within {} ms",
        session.clientId(),
        describe(pending.request()),
        limits.requestTimeout().toMillis());
    boolean secondOverdue = overdueResponse != null;
    overdueResponse = pending.request().response();
    if (secondOverdue) {
      session.close("it left two requests without a response");
    }
    pending.fail(
        ErrorCode.TIMEOUT,
        "The charger did not respond within %d ms.".formatted(limits.requestTimeout().toMillis()));
    sendNext();
  }

  /**
   * Takes a response from the charger.
   *
   * @return what is to become of it
   */
  Verdict received(ChargerResponse response) {
    if (response instanceof Reading reading) {
      // A reading may be older than a command to close that is on its way.
      contactor.set(reading.contactorClosed() || isClosingContactor());
    }
    if (overdueResponse != null && overdueResponse.isInstance(response)) {
      overdueResponse = null;
      LOG.info("Charger {}: late {}", session.clientId(), response.messageType());
      return response instanceof Reading ? Verdict.PUBLISH : Verdict.DROP;
    }
    PendingRequest pending = onWire;
    if (pending == null || !isResponseTo(pending, response)) {
      return unsolicited(response);
    }
    // Responses come in order: one that was overdue before this one will never come.
    overdueResponse = null;
    onWire = null;
    lastResponse = response.getClass();
    if (timeout != null) {
      timeout.cancel(false);
    }
    if (pending.request() instanceof SetContactorState command) {
      contactor.set(command.closed());
    }
    logDone(pending);
    // Not before what has been received already is dealt with: a response that came twice must not
    // be taken for the response to the next request.
    channel.eventLoop().execute(this::sendNext);
    return new Verdict(true, pending);
  }

  private Verdict unsolicited(ChargerResponse response) {
    if (response instanceof Reading) {
      return Verdict.PUBLISH;
    }
    boolean repeated = lastResponse != null && lastResponse.isInstance(response);
    LOG.warn(
        "Charger {}: unsolicited {}{}",
        session.clientId(),
        response.messageType(),
        repeated ? ", a repetition: not published" : "");
    return repeated ? Verdict.DROP : Verdict.PUBLISH;
  }

  private static boolean isResponseTo(PendingRequest pending, ChargerResponse response) {
    Class<? extends ChargerResponse> expected = pending.request().response();
    return expected != null && expected.isInstance(response);
  }

  private boolean isClosingContactor() {
    return onWire != null
        && onWire.request() instanceof SetContactorState command
        && command.closed();
  }

  /** Fails everything outstanding; the channel has become inactive. */
  void close() {
    closed = true;
    PendingRequest pending = onWire;
    onWire = null;
    if (pending != null) {
      if (timeout != null) {
        timeout.cancel(false);
      }
      pending.failDisconnected();
    }
    for (PendingRequest next = waiting.poll(); next != null; next = waiting.poll()) {
      next.failDisconnected();
    }
  }

  /** The charger had connected anew before this connection ended. */
  void replaced() {
    if (upload != null) {
      upload.chargerIsBack();
    }
  }

  private void logDone(PendingRequest pending) {
    ChargerRequest request = pending.request();
    boolean command = request instanceof SetPwmPercent || request instanceof SetContactorState;
    if (command || LOG.isDebugEnabled()) {
      long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - pending.sentAtNanos());
      if (command) {
        LOG.info("Charger {}: {} done, {} ms", session.clientId(), describe(request), tookMillis);
      } else {
        LOG.debug("Charger {}: {} done, {} ms", session.clientId(), describe(request), tookMillis);
      }
    }
  }

  private static String describe(ChargerRequest request) {
    if (request instanceof SetPwmPercent pwm) {
      return "set PWM " + pwm.percent() + " %";
    }
    if (request instanceof SetContactorState command) {
      return command.closed() ? "close contactor" : "open contactor";
    }
    return request instanceof ChargerRequest.Ping ? "ping" : "collect data";
  }

  /**
   * What becomes of a response: whether it is published, and the request that it ends.
   *
   * @param publish whether it goes to MQTT
   * @param ended the request that it is the response to
   */
  record Verdict(boolean publish, @Nullable PendingRequest ended) {
    static final Verdict PUBLISH = new Verdict(true, null);
    static final Verdict DROP = new Verdict(false, null);
  }
}
