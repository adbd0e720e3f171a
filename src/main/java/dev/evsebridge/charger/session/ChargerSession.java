package dev.evsebridge.charger.session;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerRequest.SetContactorState;
import dev.evsebridge.message.ChargerRequest.SetPwmPercent;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connection of a known charger, with the one request on its wire and those that wait for
 * it. All state belongs to the channel's event loop.
 *
 * <p>Answers carry no id, so an answer is told by its order and its type. After a timeout the
 * answer that is still owed is remembered and never taken for the answer to a later request; when a
 * second answer is overdue, nobody can tell any more, and the connection is closed.
 */
public final class ChargerSession {

  private static final Logger LOG = LoggerFactory.getLogger(ChargerSession.class);

  static final String TAKING_FIRMWARE = "The charger is taking in firmware.";

  private static final String NO_ROOM_FOR_FIRMWARE =
      "As many other chargers as the bridge has memory for are taking in firmware.";

  private final Channel channel;
  private final SerialNumber serialNumber;
  private final String clientId;
  private final int firmwareVersion;
  private final SessionLimits limits;
  private final ContactorMemory contactors;
  private final FirmwareUploads firmwareUploads;
  private final long openedAtNanos = System.nanoTime();

  /** Small at first: most chargers never have a request waiting. */
  private final ArrayDeque<PendingRequest> waiting = new ArrayDeque<>(1);

  private @Nullable PendingRequest onWire;
  private @Nullable PendingRequest deliveredImage;
  private @Nullable ScheduledFuture<?> timeout;
  private @Nullable Class<? extends ChargerResponse> overdueResponse;
  private @Nullable Class<? extends ChargerResponse> lastResponse;
  private boolean contactorKnownClosed;
  private boolean closed;
  private volatile @Nullable String closeReason;

  ChargerSession(
      Channel channel,
      Hello hello,
      String clientId,
      SessionLimits limits,
      ContactorMemory contactors,
      FirmwareUploads firmwareUploads) {
    this.firmwareUploads = firmwareUploads;
    this.channel = channel;
    this.serialNumber = hello.serialNumber();
    this.firmwareVersion = hello.firmwareVersion();
    this.clientId = clientId;
    this.limits = limits;
    this.contactors = contactors;
    this.contactorKnownClosed = contactors.isKnownClosed(clientId);
  }

  /** The serial number from the hello. */
  public SerialNumber serialNumber() {
    return serialNumber;
  }

  /** The configured name, or the serial number. */
  public String clientId() {
    return clientId;
  }

  /** The firmware version from the hello. */
  public int firmwareVersion() {
    return firmwareVersion;
  }

  /** Where the charger connected from. */
  public SocketAddress remoteAddress() {
    return channel.remoteAddress();
  }

  public Duration age() {
    return Duration.ofNanos(System.nanoTime() - openedAtNanos);
  }

  /** Why the connection was closed from this side; null when the charger ended it. */
  public @Nullable String closeReason() {
    return closeReason;
  }

  /** Closes the connection; what is outstanding fails. May be called from any thread. */
  public void close(String reason) {
    if (closeReason == null) {
      closeReason = reason;
    }
    channel.close();
  }

  /** Takes a request; from any thread. */
  void submit(PendingRequest pending) {
    if (channel.eventLoop().inEventLoop()) {
      enqueue(pending);
      return;
    }
    try {
      channel.eventLoop().execute(() -> enqueue(pending));
    } catch (RejectedExecutionException e) {
      failDisconnected(pending);
    }
  }

  private void enqueue(PendingRequest pending) {
    if (closed) {
      failDisconnected(pending);
    } else if (firmwareUploads.isUnderWay(clientId)) {
      pending.fail(ErrorCode.BUSY, TAKING_FIRMWARE);
    } else if (!channel.isWritable()) {
      pending.fail(ErrorCode.BUSY, "The charger has stopped reading.");
    } else if (onWire != null && waiting.size() >= limits.requestQueue()) {
      pending.fail(
          ErrorCode.BUSY,
          "%d requests are waiting for this charger already.".formatted(waiting.size()));
    } else if (pending.request() instanceof UploadFirmware upload
        && !firmwareUploads.admit(pending, upload.image())) {
      pending.fail(ErrorCode.BUSY, NO_ROOM_FOR_FIRMWARE);
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
    if (request instanceof SetContactorState contactor && contactor.closed()) {
      // Before its answer: should that get lost, the contactor may be closed all the same.
      rememberContactor(true);
    }
    put(pending);
    schedule(limits.requestTimeout(), () -> responseOverdue(pending));
    channel.writeAndFlush(request, channel.voidPromise());
  }

  private void sendFirmware(PendingRequest pending) {
    if (contactorKnownClosed) {
      pending.fail(
          ErrorCode.CONTACTOR_CLOSED,
          "The contactor is closed, and the reboot would open it under load: open it first.");
      return;
    }
    put(pending);
    firmwareUploads.begin(pending);
    for (PendingRequest late = waiting.poll(); late != null; late = waiting.poll()) {
      late.fail(ErrorCode.BUSY, TAKING_FIRMWARE);
    }
    schedule(limits.firmwareTimeout(), () -> firmwareOverdue(pending));
    LOG.info("Charger {}: sending firmware", clientId);
    channel
        .writeAndFlush(pending.request())
        .addListener(
            written -> {
              if (written.isSuccess() && onWire == pending) {
                // From here on it is the next connection that tells how it went.
                onWire = null;
                deliveredImage = pending;
                pending.markDelivered();
                LOG.info("Charger {}: firmware sent, waiting for its restart", clientId);
              }
            });
  }

  private void put(PendingRequest pending) {
    onWire = pending;
    pending.markSent(System.nanoTime());
  }

  private void schedule(Duration delay, Runnable task) {
    timeout = channel.eventLoop().schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void responseOverdue(PendingRequest pending) {
    if (onWire != pending) {
      return;
    }
    onWire = null;
    LOG.warn(
        "Charger {}: no answer to {} within {} ms",
        clientId,
        describe(pending.request()),
        limits.requestTimeout().toMillis());
    boolean secondOverdue = overdueResponse != null;
    overdueResponse = pending.request().response();
    if (secondOverdue) {
      close("it left two requests unanswered");
    }
    pending.fail(
        ErrorCode.TIMEOUT,
        "The charger did not answer within %d ms.".formatted(limits.requestTimeout().toMillis()));
    sendNext();
  }

  private void firmwareOverdue(PendingRequest pending) {
    if (pending.isDone()) {
      return;
    }
    LOG.warn("Charger {}: did not come back after the firmware upload", clientId);
    pending.fail(
        ErrorCode.TIMEOUT,
        "The charger did not connect anew within %d s after the firmware was sent."
            .formatted(limits.firmwareTimeout().toSeconds()));
    if (onWire == pending) {
      close("it did not take the firmware");
    }
  }

  /**
   * Takes an answer from the charger.
   *
   * @return what is to become of it
   */
  public Verdict answered(ChargerResponse response) {
    if (response instanceof Reading reading) {
      // A reading may be older than a command to close that is on its way.
      rememberContactor(reading.contactorClosed() || isClosingContactor());
    }
    if (overdueResponse != null && overdueResponse.isInstance(response)) {
      overdueResponse = null;
      LOG.info("Charger {}: late {}", clientId, response.messageType());
      return response instanceof Reading ? Verdict.PUBLISH : Verdict.DROP;
    }
    PendingRequest pending = onWire;
    if (pending == null || !isResponseTo(pending, response)) {
      return unasked(response);
    }
    // Answers come in order: one that was overdue before this one will never come.
    overdueResponse = null;
    onWire = null;
    lastResponse = response.getClass();
    if (timeout != null) {
      timeout.cancel(false);
    }
    if (pending.request() instanceof SetContactorState contactor) {
      rememberContactor(contactor.closed());
    }
    logDone(pending);
    // Not before what has been received already is dealt with: an answer that came twice must not
    // be taken for the answer to the next request.
    channel.eventLoop().execute(this::sendNext);
    return new Verdict(true, pending);
  }

  private Verdict unasked(ChargerResponse response) {
    if (response instanceof Reading) {
      return Verdict.PUBLISH;
    }
    boolean repeated = lastResponse != null && lastResponse.isInstance(response);
    LOG.warn(
        "Charger {}: {} that nobody asked for{}",
        clientId,
        response.messageType(),
        repeated ? ", a repetition: not published" : "");
    return repeated ? Verdict.DROP : Verdict.PUBLISH;
  }

  private static boolean isResponseTo(PendingRequest pending, ChargerResponse response) {
    Class<? extends ChargerResponse> answer = pending.request().response();
    return answer != null && answer.isInstance(response);
  }

  private boolean isClosingContactor() {
    return onWire != null
        && onWire.request() instanceof SetContactorState contactor
        && contactor.closed();
  }

  private void rememberContactor(boolean isClosed) {
    if (contactorKnownClosed != isClosed) {
      contactorKnownClosed = isClosed;
      contactors.remember(clientId, isClosed);
    }
  }

  /** Fails everything outstanding; the channel has become inactive. */
  void closed() {
    closed = true;
    PendingRequest pending = onWire;
    onWire = null;
    if (pending != null) {
      if (timeout != null) {
        timeout.cancel(false);
      }
      failDisconnected(pending);
    }
    for (PendingRequest next = waiting.poll(); next != null; next = waiting.poll()) {
      failDisconnected(next);
    }
  }

  /**
   * The charger had connected anew before this connection ended: an image that was delivered on it
   * has been taken in. It may have been noted as delivered only after the new connection was made.
   */
  void restarted() {
    if (deliveredImage != null) {
      deliveredImage.complete(null);
    }
  }

  private static void failDisconnected(PendingRequest pending) {
    pending.fail(ErrorCode.DISCONNECTED, "The connection ended before the charger answered.");
  }

  private void logDone(PendingRequest pending) {
    ChargerRequest request = pending.request();
    boolean command = request instanceof SetPwmPercent || request instanceof SetContactorState;
    if (command || LOG.isDebugEnabled()) {
      long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - pending.sentAtNanos());
      if (command) {
        LOG.info("Charger {}: {} done, {} ms", clientId, describe(request), tookMillis);
      } else {
        LOG.debug("Charger {}: {} done, {} ms", clientId, describe(request), tookMillis);
      }
    }
  }

  private static String describe(ChargerRequest request) {
    if (request instanceof SetPwmPercent pwm) {
      return "set PWM " + pwm.percent() + " %";
    }
    if (request instanceof SetContactorState contactor) {
      return contactor.closed() ? "close contactor" : "open contactor";
    }
    if (request instanceof UploadFirmware upload) {
      return "firmware of " + upload.image().lengthBytes() + " bytes";
    }
    return request instanceof ChargerRequest.Ping ? "ping" : "collect data";
  }

  @Override
  public String toString() {
    return clientId.equals(serialNumber.hex())
        ? clientId
        : "'" + clientId + "' (" + serialNumber.hex() + ")";
  }

  /**
   * What becomes of an answer: whether it is published, and the request that it ends.
   *
   * @param publish whether it goes to MQTT
   * @param answered the request that it answers
   */
  public record Verdict(boolean publish, @Nullable PendingRequest answered) {
    static final Verdict PUBLISH = new Verdict(true, null);
    static final Verdict DROP = new Verdict(false, null);
  }
}
