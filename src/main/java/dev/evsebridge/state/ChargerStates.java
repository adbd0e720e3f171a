package dev.evsebridge.state;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.FirmwareListener;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.charger.session.SessionObserver;
import dev.evsebridge.config.PerCharger;
import dev.evsebridge.config.SensorKeys;
import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps each charger's retained state at the broker true. All of it happens on one thread, off the
 * event loops; of what comes faster than that thread takes it, the newest counts.
 */
public final class ChargerStates
    implements SessionListener, SessionObserver, FirmwareListener, BrokerListener {

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

  /** Twice as many chargers as may be connected by default; each has a retained message. */
  private static final int MOST_KNOWN = 20_000;

  private final StateBoard board;
  private final String root;
  private final StatePublisher publisher;
  private final Availability availability;
  private final List<BiConsumer<SerialNumber, String>> forgetListeners =
      new CopyOnWriteArrayList<>();
  private final FailStopExecutor executor = new FailStopExecutor("charger-states");
  private final Map<ChargerSession, Seen> newestReadings = new ConcurrentHashMap<>();
  private final Map<String, Told> newestStatuses = new ConcurrentHashMap<>();
  private final Set<ChargerSession> takingFirmware = ConcurrentHashMap.newKeySet();
  private @Nullable ScheduledFuture<?> sweep;
  private long sweepAtNanos;

  private record Seen(Reading reading, Instant at) {}

  private record Told(SerialNumber serial, ControlStatus status) {}

  /**
   * Creates the keeper of all chargers' states.
   *
   * @param sensors how raw readings become amperes and volts
   * @param root the topic that everything is published below
   * @param publisher takes what there is to say
   * @param availability knows the same chargers
   */
  public ChargerStates(
      PerCharger<SensorKeys> sensors,
      String root,
      StatePublisher publisher,
      Availability availability) {
    this.root = root;
    this.publisher = publisher;
    this.availability = availability;
    board = new StateBoard(serial -> Sensors.of(sensors.of(serial)), MOST_KNOWN, publisher::state);
  }

  /** What has become of {@link #forget}. */
  public enum Forgotten {
    /** Nothing is left of it, and its retained topics are being cleared. */
    DONE,
    /** It is connected, so nothing was done. */
    CONNECTED,
    /** There is nothing to forget. */
    UNKNOWN
  }

  /**
   * Forgets a charger that is not connected: clears all its retained topics and what is remembered
   * of it, its energy included. A running session ends as {@code forgotten}. Should it connect
   * again, it is a new one. From any thread; waits for nothing.
   *
   * @param clientIdOrSerial its client id, or its serial number
   * @return ends soon, never with an exception
   */
  public CompletionStage<Forgotten> forget(String clientIdOrSerial) {
    CompletableFuture<Forgotten> outcome = new CompletableFuture<>();
    run(() -> outcome.complete(forgetNow(clientIdOrSerial)));
    return outcome;
  }

  private Forgotten forgetNow(String clientIdOrSerial) {
    String clientId = board.clientIdOf(clientIdOrSerial);
    if (clientId == null) {
      return Forgotten.UNKNOWN;
    }
    SerialNumber serial = board.forget(clientId);
    if (serial == null) {
      return Forgotten.CONNECTED;
    }
    availability.forget(
        clientId, () -> ChargerTopics.retained(root, clientId).forEach(publisher::clear));
    forgetListeners.forEach(each -> each.accept(serial, clientId));
    return Forgotten.DONE;
  }

  /** A charger without a state has been forgotten. */
  void tellForgotten(SerialNumber serial, String clientId) {
    forgetListeners.forEach(each -> each.accept(serial, clientId));
  }

  /**
   * Tells one more from now on which chargers are forgotten.
   *
   * @param listener takes serial number and client id; must not block
   */
  public void addForgetListener(BiConsumer<SerialNumber, String> listener) {
    forgetListeners.add(listener);
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    session.observe(this);
    run(
        () ->
            board.connected(
                session,
                session.clientId(),
                session.serialNumber(),
                session.firmwareVersion(),
                System.nanoTime()));
  }

  @Override
  public void proven(ChargerSession session) {
    run(() -> board.proven(session, session.clientId(), System.nanoTime()));
  }

  @Override
  public void reading(ChargerSession session, Reading reading) {
    if (newestReadings.put(session, new Seen(reading, Instant.now())) == null) {
      run(() -> takeReading(session));
    }
  }

  private void takeReading(ChargerSession session) {
    Seen newest = newestReadings.remove(session);
    if (newest != null) {
      board.reading(session, session.clientId(), newest.reading(), newest.at(), System.nanoTime());
    }
  }

  /**
   * The charge controller has something new to tell of a charger, connected or not; from any
   * thread.
   */
  public void controlled(SerialNumber serial, String clientId, ControlStatus status) {
    if (newestStatuses.put(clientId, new Told(serial, status)) == null) {
      run(() -> takeStatus(clientId));
    }
  }

  private void takeStatus(String clientId) {
    Told newest = newestStatuses.remove(clientId);
    if (newest != null) {
      board.controlled(
          clientId, newest.serial(), newest.status(), Instant.now(), System.nanoTime());
    }
  }

  @Override
  public void uploading(ChargerSession session, long takenBytes, long totalBytes) {
    if (takingFirmware.add(session)) {
      run(() -> board.firmware(session, session.clientId(), true, System.nanoTime()));
    }
  }

  @Override
  public void failed(ChargerSession session, ErrorCode code, String detail) {
    if (takingFirmware.remove(session)) {
      run(() -> board.firmware(session, session.clientId(), false, System.nanoTime()));
    }
  }

  /** Told as {@link SessionListener}, and as {@link SessionObserver} also of what was replaced. */
  @Override
  public void disconnected(ChargerSession session) {
    takingFirmware.remove(session);
    run(() -> board.disconnected(session, session.clientId(), System.nanoTime()));
  }

  /** Says everything again. */
  public void republish() {
    run(() -> board.republish(System.nanoTime()));
  }

  @Override
  public void brokerConnected() {
    run(() -> board.brokerConnected(System.nanoTime()));
  }

  @Override
  public void brokerLost() {
    run(board::brokerLost);
  }

  private void run(Runnable task) {
    executor.executeUnlessStopped(
        () -> {
          task.run();
          sweepLater();
        });
  }

  /** One timer for all chargers. */
  private void sweepLater() {
    Long next = board.sweep(System.nanoTime());
    if (sweep != null && (next == null || next != sweepAtNanos)) {
      sweep.cancel(false);
      sweep = null;
    }
    if (next != null && sweep == null) {
      sweepAtNanos = next;
      sweep =
          executor.schedule(
              () -> {
                sweep = null;
                sweepLater();
              },
              Math.max(0, next - System.nanoTime()),
              TimeUnit.NANOSECONDS);
    }
  }

  /** Says of everybody that it is gone; returns when that has been handed over. */
  public void stop() {
    if (executor.isShutdown()) {
      return;
    }
    CountDownLatch done = new CountDownLatch(1);
    executor.executeUnlessStopped(
        () -> {
          board.stop(System.nanoTime());
          done.countDown();
        });
    try {
      boolean unused = done.await(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    executor.shutdownNow();
  }
}
