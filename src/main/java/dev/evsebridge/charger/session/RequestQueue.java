package dev.evsebridge.charger.session;

import dev.evsebridge.charger.session.PendingRequest.Kind;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerRequest.CollectData;
import dev.evsebridge.message.ChargerRequest.Ping;
import dev.evsebridge.message.ChargerRequest.SetContactorState;
import dev.evsebridge.message.ChargerRequest.SetPwmPercent;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.RequestFailedException;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests to one charger: one on the wire, the others behind it in their order; a safety
 * command goes first, and beside the one on the wire. All state belongs to the channel's event
 * loop.
 *
 * <p>Responses carry no id, so a response is told by its order and its type. After a timeout the
 * response that is still owed is remembered and never taken for the response to a later request.
 * Whether it is late or was never sent, a response of another type settles: responses come in
 * order. Therefore a ping or collect of the type that is owed goes out behind one of the other
 * type. A command never waits for that: it goes out at once, and a ping behind it settles whose
 * response has come. When a second response is overdue, the connection is closed.
 */
final class RequestQueue {

  private static final Logger LOG = LoggerFactory.getLogger(RequestQueue.class);

  static final String TAKING_FIRMWARE = "The charger is taking in firmware.";

  /** A safety command without a response for so long no longer holds up the next one. */
  private static final Duration URGENT_PATIENCE = Duration.ofSeconds(1);

  /** A timer that is so much late shows that nothing was read meanwhile either. */
  private static final Duration STANDSTILL = Duration.ofSeconds(1);

  private final ChargerSession session;
  private final Channel channel;
  private final SessionLimits limits;
  private final FirmwareUploads firmwareUploads;

  /** Small at first: most chargers never have a request waiting. */
  private final ArrayDeque<PendingRequest> waiting = new ArrayDeque<>(1);

  private final ArrayDeque<PendingRequest> urgent = new ArrayDeque<>(1);

  /** Sent and without a response, oldest first. */
  private final ArrayDeque<PendingRequest> unanswered = new ArrayDeque<>(1);

  private @Nullable FirmwareUpload upload;
  private boolean imageOnWire;
  private @Nullable Class<? extends ChargerResponse> overdueResponse;
  private @Nullable Class<? extends ChargerResponse> lastResponse;
  private boolean readingPaused;
  private boolean closed;

  RequestQueue(
      ChargerSession session,
      Channel channel,
      SessionLimits limits,
      FirmwareUploads firmwareUploads) {
    this.session = session;
    this.channel = channel;
    this.limits = limits;
    this.firmwareUploads = firmwareUploads;
  }

  /** Takes a request, or fails it at once. */
  void add(PendingRequest pending) {
    // The end of a connection shows here before it is told: nothing can be written any more.
    if (closed || !channel.isActive()) {
      pending.failDisconnected();
    } else if (firmwareUploads.isUnderWay(session.clientId())) {
      pending.fail(ErrorCode.BUSY, TAKING_FIRMWARE);
    } else if (!channel.isWritable()) {
      pending.fail(ErrorCode.BUSY, "The charger has stopped reading.");
    } else if (!unanswered.isEmpty() && waiting.size() >= limits.requestQueue()) {
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

  /** Takes a safety command: before all that wait, beside one that has no response yet. */
  void addUrgent(PendingRequest command) {
    if (closed || !channel.isActive()) {
      command.failDisconnected();
      return;
    }
    if (firmwareUploads.isUnderWay(session.clientId())) {
      if (upload == null || !upload.giveUpChecking()) {
        command.fail(ErrorCode.BUSY, TAKING_FIRMWARE);
        return;
      }
    }
    if (opens(command)) {
      withdrawClosing();
      urgent.addFirst(command);
    } else {
      urgent.add(command);
    }
    sendNext();
  }

  /**
   * Lets a collect share the response of one that is on the wire or waits already.
   *
   * @return false for another request, or when there is none
   */
  boolean share(PendingRequest collect) {
    if (!(collect.request() instanceof CollectData)
        || firmwareUploads.isUnderWay(session.clientId())) {
      return false;
    }
    if (shareSent(collect)) {
      return true;
    }
    for (PendingRequest other : waiting) {
      if (other.request() instanceof CollectData && !other.canExpire()) {
        collect.endWith(other);
        return true;
      }
    }
    return false;
  }

  private boolean shareSent(PendingRequest collect) {
    for (PendingRequest other : unanswered) {
      if (other.request() instanceof CollectData) {
        collect.endWith(other);
        return true;
      }
    }
    return false;
  }

  /** Takes a collect that goes before all that wait, unless one has no response yet. */
  void addUrgentCollect(PendingRequest collect) {
    if (closed || !channel.isActive()) {
      collect.failDisconnected();
    } else if (firmwareUploads.isUnderWay(session.clientId())) {
      // It takes a reading by itself, or its image is on the way.
      collect.fail(ErrorCode.BUSY, TAKING_FIRMWARE);
    } else if (!shareSent(collect)) {
      urgent.add(collect);
      sendNext();
    }
  }

  /** Asks for a reading before anything else. */
  void collectFirst() {
    if (!closed) {
      waiting.addFirst(probe(new CollectData(session.clientId())));
      sendNext();
    }
  }

  private static PendingRequest probe(ChargerRequest request) {
    return new PendingRequest(request, Deadline.NONE, Kind.PROBE);
  }

  private void sendNext() {
    for (PendingRequest next = nextToSend(); next != null; next = nextToSend()) {
      if (next.expired()) {
        next.fail(
            ErrorCode.TIMEOUT,
            "The message expired while it waited for the charger; it was not carried out.");
        continue;
      }
      RequestFailedException refusal = next.lastWord(session);
      if (refusal != null) {
        next.fail(refusal);
      } else if (next.request() instanceof UploadFirmware) {
        checkBefore(next);
      } else {
        send(next);
      }
    }
  }

  /** Takes the next request out of the queue, if the wire has room for it. */
  private @Nullable PendingRequest nextToSend() {
    if (imageOnWire || !channel.isActive()) {
      return null;
    }
    if (!urgent.isEmpty()) {
      return mayGo(urgent.getFirst()) ? urgent.poll() : null;
    }
    PendingRequest next = waiting.peek();
    if (next == null || !unanswered.isEmpty()) {
      return null;
    }
    if (overdueResponse != null && !next.expired() && overdueResponse == reads(next.request())) {
      return probe(
          overdueResponse == PingResponse.class
              ? new CollectData(session.clientId())
              : new Ping(session.clientId()));
    }
    return waiting.poll();
  }

  /**
   * One safety command at a time; but to open waits for nobody, and what has got no response for a
   * while may have been lost.
   */
  private boolean mayGo(PendingRequest command) {
    if (opens(command)) {
      return true;
    }
    long nowNanos = System.nanoTime();
    return unanswered.stream()
        .noneMatch(
            each ->
                each.kind() == Kind.URGENT
                    && nowNanos - each.sentAtNanos() < URGENT_PATIENCE.toNanos());
  }

  /** A command to close that has not been written must never follow the one that overtakes it. */
  private void withdrawClosing() {
    for (PendingRequest each : List.copyOf(urgent)) {
      if (each.request() instanceof SetContactorState contactor && contactor.closed()) {
        urgent.remove(each);
        each.fail(ErrorCode.BUSY, "A later command to open has taken its place.");
      }
    }
  }

  private static boolean opens(PendingRequest command) {
    return command.request() instanceof SetContactorState contactor && !contactor.closed();
  }

  /** What a request that changes nothing gets first from the charger; null for commands. */
  private static @Nullable Class<? extends ChargerResponse> reads(ChargerRequest request) {
    if (request instanceof Ping) {
      return PingResponse.class;
    }
    return request instanceof CollectData || request instanceof UploadFirmware
        ? Reading.class
        : null;
  }

  private void send(PendingRequest pending) {
    unanswered.add(pending);
    pending.markSent(System.nanoTime());
    session.requestSent();
    awaitResponse(pending);
    channel.writeAndFlush(pending.request(), channel.voidPromise());
  }

  private void awaitResponse(PendingRequest pending) {
    long patienceNanos = limits.requestTimeout().toNanos();
    pending.awaitUntil(
        System.nanoTime() + patienceNanos,
        channel
            .eventLoop()
            .schedule(() -> responseOverdue(pending), patienceNanos, TimeUnit.NANOSECONDS));
  }

  /** Reading from the charger is paused: it may have responded, and nobody looks. */
  void readingPaused() {
    readingPaused = true;
  }

  /** Reading goes on: from now on every charger has the whole time to respond. */
  void readingResumed() {
    readingPaused = false;
    unanswered.forEach(this::awaitResponse);
  }

  private void responseOverdue(PendingRequest pending) {
    if (readingPaused || !unanswered.contains(pending)) {
      return;
    }
    if (System.nanoTime() - pending.dueAtNanos() > STANDSTILL.toNanos()) {
      awaitResponse(pending);
      return;
    }
    unanswered.remove(pending);
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
   * Takes a response from the charger: publishes it where it is to be published, then ends the
   * request that it belongs to.
   *
   * @param publisher takes what goes to MQTT
   */
  void received(ChargerResponse response, Consumer<? super ChargerResponse> publisher) {
    if (overdueResponse != null && overdueResponse.isInstance(response)) {
      overdueResponse = null;
      late(response, publisher);
      return;
    }
    PendingRequest pending = firstAwaiting(response);
    if (pending == null) {
      unsolicited(response, publisher);
      return;
    }
    overdueResponse = null;
    endThoseBefore(pending, publisher);
    unanswered.remove(pending);
    pending.stopWaiting();
    lastResponse = response.getClass();
    logDone(pending);
    // Not before what has been received already is dealt with: a response that came twice must not
    // be taken for the response to the next request.
    channel.eventLoop().execute(this::sendNext);
    if (pending.kind() != Kind.PROBE || response instanceof Reading) {
      publisher.accept(response);
    }
    pending.complete(response);
  }

  private void late(ChargerResponse response, Consumer<? super ChargerResponse> publisher) {
    LOG.info("Charger {}: late {}", session.clientId(), response.messageType());
    if (response instanceof Reading) {
      // Its log is gone otherwise.
      publisher.accept(response);
    }
    PendingRequest sameType = firstAwaiting(response);
    if (sameType != null) {
      // Perhaps it is not late, and the one that was overdue never came.
      sameType.doubtfulResponse(response);
      long leftNanos = sameType.dueAtNanos() - System.nanoTime();
      channel
          .eventLoop()
          .schedule(() -> settle(sameType), Math.max(0, leftNanos) / 2, TimeUnit.NANOSECONDS);
    }
  }

  /** A ping's response proves that everything asked before it has been dealt with. */
  private void settle(PendingRequest doubtful) {
    if (unanswered.peekLast() == doubtful && channel.isActive()) {
      send(probe(new Ping(session.clientId())));
    }
  }

  private @Nullable PendingRequest firstAwaiting(ChargerResponse response) {
    for (PendingRequest pending : unanswered) {
      Class<? extends ChargerResponse> expected = pending.request().response();
      if (expected != null && expected.isInstance(response)) {
        return pending;
      }
    }
    return null;
  }

  /** Responses come in order: to a request before this one, no other will come. */
  private void endThoseBefore(
      PendingRequest answered, Consumer<? super ChargerResponse> publisher) {
    for (PendingRequest before = unanswered.peek();
        before != null && before != answered;
        before = unanswered.peek()) {
      unanswered.remove();
      before.stopWaiting();
      ChargerResponse response = before.doubtfulResponse();
      if (response == null) {
        before.fail(
            ErrorCode.TIMEOUT, "The charger responded to a later request, not to this one.");
      } else {
        lastResponse = response.getClass();
        logDone(before);
        publisher.accept(response);
        before.complete(response);
      }
    }
  }

  private void unsolicited(ChargerResponse response, Consumer<? super ChargerResponse> publisher) {
    if (response instanceof Reading) {
      publisher.accept(response);
      return;
    }
    boolean repeated = lastResponse != null && lastResponse.isInstance(response);
    LOG.warn(
        "Charger {}: unsolicited {}{}",
        session.clientId(),
        response.messageType(),
        repeated ? ", a repetition: not published" : "");
    if (!repeated) {
      publisher.accept(response);
    }
  }

  /** A reading shows whether the contactor is open, and restarts the charger's 10 s. */
  private void checkBefore(PendingRequest request) {
    FirmwareUpload begun = firmwareUploads.begin(request, session, limits.firmwareTimeout());
    upload = begun;
    PendingRequest check = probe(new CollectData(session.clientId()));
    check.whenEnded(
        (reading, failure) -> {
          if (begun.checked((Reading) reading, failure)) {
            sendImage(begun);
          }
        },
        session::fault);
    send(check);
  }

  private void sendImage(FirmwareUpload checked) {
    imageOnWire = true;
    for (PendingRequest late = waiting.poll(); late != null; late = waiting.poll()) {
      late.fail(ErrorCode.BUSY, TAKING_FIRMWARE);
    }
    session.requestSent();
    checked.send(channel, () -> imageOnWire = false);
  }

  /** Fails everything outstanding; the channel has become inactive. */
  void close() {
    closed = true;
    failAll(unanswered);
    failAll(urgent);
    failAll(waiting);
    if (upload != null) {
      upload.connectionEnded();
    }
  }

  private static void failAll(ArrayDeque<PendingRequest> requests) {
    for (PendingRequest next = requests.poll(); next != null; next = requests.poll()) {
      next.stopWaiting();
      next.failDisconnected();
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
    return request instanceof Ping ? "ping" : "collect data";
  }
}
