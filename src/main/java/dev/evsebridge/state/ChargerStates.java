package dev.evsebridge.state;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.FirmwareListener;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.charger.session.SessionObserver;
import dev.evsebridge.config.PerCharger;
import dev.evsebridge.config.SensorKeys;
import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.WriteTrouble;
import dev.evsebridge.state.ChargerJournal.Batch;
import dev.evsebridge.state.ChargerJournal.Content;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps each charger's retained state at the broker true. All of it happens on one thread, off the
 * event loops; of what comes faster than that thread takes it, the newest counts.
 */
public final class ChargerStates
    implements SessionListener, SessionObserver, FirmwareListener, BrokerListener {

  private static final Logger LOG = LoggerFactory.getLogger(ChargerStates.class);

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

  /**
   * Readings wait so long for those of other chargers: what is done for many at once costs far
   * less, on the way to the broker as well. Those that show something new wait for a shorter time,
   * as does what controllers come to, and take with them whatever waits.
   */
  private static final Duration GATHER = Duration.ofMillis(100);

  private static final Duration GATHER_NEWS = Duration.ofMillis(25);

  /** Twice as many chargers as may be connected by default; each has a retained message. */
  private static final int MOST_KNOWN = 20_000;

  private final StateBoard board;
  private final String root;
  private final StatePublisher publisher;
  private final GatheredWords words;
  private final Availability availability;
  private final List<BiConsumer<SerialNumber, String>> forgetListeners =
      new CopyOnWriteArrayList<>();
  private final ChargerJournal journal;

  private final WriteTrouble trouble =
      new WriteTrouble(LOG, "Until that works no newer energy is published");
  private final FailStopExecutor executor = new FailStopExecutor("charger-states");
  private final FailStopExecutor disk = new FailStopExecutor("charger-journal");
  private final Map<ChargerSession, ReadingQueue> queues = new ConcurrentHashMap<>();
  private final Map<String, Told> newestStatuses = new ConcurrentHashMap<>();
  private final Set<ChargerSession> takingFirmware = ConcurrentHashMap.newKeySet();
  private @Nullable ScheduledFuture<?> sweep;
  private long sweepAtNanos;

  /** Whose readings wait, and whether somebody will look after them. */
  private final Queue<Unread> unread = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean gathering = new AtomicBoolean();
  private final AtomicBoolean gatheringNews = new AtomicBoolean();

  private record Unread(ChargerSession session, ReadingQueue queue) {}

  private record Told(SerialNumber serial, ControlStatus status) {}

  /**
   * Creates the keeper of all chargers' states.
   *
   * @param sensors how raw readings become amperes and volts
   * @param names the client id of each charger
   * @param root the topic that everything is published below
   * @param journalFile remembers energy, sessions and what stands retained
   * @param publisher takes what there is to say
   * @param availability knows the same chargers
   */
  public ChargerStates(
      PerCharger<SensorKeys> sensors,
      Function<SerialNumber, String> names,
      String root,
      Path journalFile,
      StatePublisher publisher,
      Availability availability) {
    this.root = root;
    this.publisher = publisher;
    this.words = new GatheredWords(publisher);
    this.availability = availability;
    board =
        new StateBoard(
            serial -> Sensors.of(sensors.of(serial)),
            root,
            MOST_KNOWN,
            words,
            clientId -> availability.remember(Set.of(clientId)));
    journal = new ChargerJournal(journalFile);
    open(names);
  }

  /** Before anything is published: a total that passes 0 would be counted as used all at once. */
  private void open(Function<SerialNumber, String> names) {
    Content content;
    try {
      content = journal.read();
    } catch (IOException e) {
      LOG.error(
          "Can't read {} (bridge.state_dir): {}. Nothing is written over it, and no energy is"
              + " published until the bridge is started again and can read it",
          journal.file(),
          e.toString());
      board.rememberNothing();
      return;
    }
    board
        .open(content, names, System.nanoTime())
        .forEach(left -> availability.forget(left, () -> {}));
    availability.remember(board.known());
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
    SerialNumber serial = board.forget(clientId, Instant.now(), System.nanoTime());
    words.sayAll();
    if (serial == null) {
      return Forgotten.CONNECTED;
    }
    availability.forget(
        clientId, () -> publisher.clear(ChargerTopics.availability(root, clientId)));
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

  /** Tells whom an earlier run has known. */
  public void tellRemembered(RememberedListener listener) {
    run(() -> board.tellRemembered(listener));
  }

  /** Tells one more from now on; to be called before chargers can connect. */
  public void watch(StateWatcher watcher) {
    run(() -> board.watch(watcher));
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    session.observe(this);
    queues.put(session, new ReadingQueue());
    run(
        () -> {
          // What the controller has said of the connection before must not be taken for this one.
          takeStatus(session.clientId());
          board.connected(
              session,
              session.clientId(),
              session.serialNumber(),
              session.firmwareVersion(),
              System.nanoTime());
          board.considerControlled(session.clientId(), System.nanoTime());
        });
  }

  /** Another bridge has had a charger until now; to be called before it connects here. */
  public void takeOver(String clientId, LastState last) {
    run(() -> board.takeOver(clientId, last));
  }

  /**
   * Another bridge has had a charger that is connected to none now, and is gone itself: its state
   * is told here from now on.
   */
  public void keep(String clientId, LastState last) {
    run(() -> board.keep(clientId, last, System.nanoTime()));
  }

  @Override
  public void proven(ChargerSession session) {
    run(() -> board.proven(session, session.clientId(), System.nanoTime()));
  }

  @Override
  public void reading(ChargerSession session, Reading reading) {
    ReadingQueue queue = queues.get(session);
    if (queue == null) {
      return;
    }
    boolean news = queue.isNews(reading);
    if (queue.add(reading, Instant.now(), System.nanoTime())) {
      unread.add(new Unread(session, queue));
    }
    if ((news ? gatheringNews : gathering).compareAndSet(false, true)) {
      readLater(news ? GATHER_NEWS : GATHER);
    }
  }

  private void readLater(Duration wait) {
    try {
      var unused =
          executor.schedule(() -> run(this::readAll), wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // Stopped: nothing more is said.
    }
  }

  /** A reading, and what the controller has come to with it, are told in one state. */
  private void readAll() {
    gathering.set(false);
    gatheringNews.set(false);
    List<String> controlled = List.copyOf(newestStatuses.keySet());
    controlled.forEach(this::takeStatus);
    for (Unread next = unread.poll(); next != null; next = unread.poll()) {
      takeAll(next.session(), next.queue());
    }
    controlled.forEach(clientId -> board.considerControlled(clientId, System.nanoTime()));
  }

  private void takeAll(ChargerSession session, ReadingQueue queue) {
    queue.takeAll(seen -> take(session, queue, seen));
  }

  private void take(ChargerSession session, ReadingQueue queue, ReadingQueue.Seen seen) {
    board.reading(
        session, session.clientId(), seen.reading(), seen.at(), seen.atNanos(), System.nanoTime());
    Measurements raw = seen.reading().measurements();
    board.log(session.clientId(), queue.log().read(raw.log(), seen.at(), raw.uptimeMilliseconds()));
  }

  /**
   * The charge controller has something new to tell of a charger, connected or not; from any
   * thread.
   */
  public void controlled(SerialNumber serial, String clientId, ControlStatus status) {
    newestStatuses.put(clientId, new Told(serial, status));
    if (gatheringNews.compareAndSet(false, true)) {
      readLater(GATHER_NEWS);
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
    ReadingQueue queue = queues.remove(session);
    run(
        () -> {
          if (queue != null) {
            takeAll(session, queue);
            board.log(session.clientId(), queue.log().end());
          }
          board.disconnected(session, session.clientId(), System.nanoTime());
        });
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

  /** Publishes the state of a charger once more; nothing for one that has none. */
  public void repeat(String clientId) {
    run(() -> board.repeat(clientId, System.nanoTime()));
  }

  private void run(Runnable task) {
    executor.executeUnlessStopped(
        () -> {
          task.run();
          finish();
        });
  }

  /** Every task ends so: what is due is done, and what there is to say is said. */
  private void finish() {
    sweepLater();
    words.sayAll();
  }

  /** One timer for all chargers. */
  private void sweepLater() {
    Long next = board.sweep(System.nanoTime());
    if (next != null && next - System.nanoTime() <= 0) {
      writeIfDue();
      next = board.sweep(System.nanoTime());
    }
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
                finish();
              },
              Math.max(GATHER_NEWS.toNanos(), next - System.nanoTime()),
              TimeUnit.NANOSECONDS);
    }
  }

  private void writeIfDue() {
    Batch batch = board.beginBatch(System.nanoTime(), false);
    if (batch != null) {
      disk.executeUnlessStopped(() -> write(batch));
    }
  }

  /** On the thread of the disk, which may be slow. */
  private void write(Batch batch) {
    try {
      journal.write(batch);
    } catch (IOException e) {
      trouble.failed(journal.file(), e);
      run(() -> board.failed(batch, System.nanoTime()));
      return;
    }
    trouble.worked(journal.file());
    run(() -> board.written(batch, System.nanoTime()));
  }

  /**
   * Writes what is left for the journal, and says of everybody that it is gone; returns when that
   * has been handed over.
   */
  public void stop() {
    long endNanos = System.nanoTime() + STOP_PATIENCE.toNanos();
    // What is on its way to the disk comes first.
    await(disk, () -> {}, endNanos);
    await(executor, () -> writeRest(endNanos), endNanos);
    await(
        executor,
        () -> {
          board.stop(System.nanoTime());
          words.sayAll();
        },
        System.nanoTime() + STOP_PATIENCE.toNanos());
    executor.shutdownNow();
    disk.shutdownNow();
  }

  private void writeRest(long endNanos) {
    readAll();
    board.noteAll();
    Batch rest = board.beginBatch(System.nanoTime(), true);
    if (rest != null) {
      await(disk, () -> write(rest), endNanos);
    }
  }

  private static void await(FailStopExecutor thread, Runnable task, long endNanos) {
    thread.executeAndWait(task, Duration.ofNanos(Math.max(0, endNanos - System.nanoTime())));
  }
}
