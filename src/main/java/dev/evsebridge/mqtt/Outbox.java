package dev.evsebridge.mqtt;

import dev.evsebridge.runtime.LogThrottle;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages on their way to the broker, in order and bounded. Nothing here waits for the network.
 *
 * <p>While the broker is connected, a limited number is in flight and the rest waits; when many
 * wait, the source is told to hold back. While it is away, the newest messages are kept up to the
 * limit, and what falls out is counted and logged. After reconnecting, whatever the broker has not
 * acknowledged goes out first, in its old order: at QoS 1 nothing is lost, some may come twice.
 */
final class Outbox {

  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  /** Unacknowledged messages at most; a broker may ask for fewer. */
  private static final int MAX_UNACKNOWLEDGED = 1_000;

  /** Messages of QoS 0 handed to the client and not yet written. */
  private static final int MAX_UNWRITTEN = 256;

  /**
   * Puts a message on the network and says later, by {@link #done}, that it has arrived. Should it
   * fail, {@link #disconnected} brings the message back to the head of the queue.
   */
  @FunctionalInterface
  interface Wire {
    void send(OutgoingMessage message);
  }

  /** Messages that have arrived at the broker before the next sources are let go on. */
  private static final int RELIEF_EVERY = 256;

  /** A message with which so many connections ended is dropped. */
  private static final int ENDED_CONNECTIONS = 2;

  private final int capacity;
  private final int capacityConnected;
  private final long capacityBytes;
  private final int pauseAbove;
  private final MessageSources sources;
  private final ArrayDeque<OutgoingMessage> waiting = new ArrayDeque<>();
  private final ArrayDeque<OutgoingMessage> inFlight = new ArrayDeque<>();
  private final LogThrottle drops = new LogThrottle(1, Duration.ofSeconds(10));

  private @Nullable Wire wire;
  private int window;
  private int unacknowledged;
  private int unwritten;
  private int suspects;
  private long bytes;
  private volatile boolean pausing;
  private boolean holdingBack;
  private @Nullable OutgoingMessage first;
  private boolean somePaused;
  private int doneSinceRelief;
  private long dropped;
  private long droppedBeforeLoss;

  /**
   * Creates an empty outbox.
   *
   * @param capacity messages kept while the broker is away
   * @param capacityBytes heap that all messages may take, in flight or waiting
   * @param sourceCount how many sources may each add one more message after being held back
   * @param sources are held back while too many messages wait
   */
  Outbox(int capacity, long capacityBytes, int sourceCount, MessageSources sources) {
    this.capacity = capacity;
    this.capacityBytes = capacityBytes;
    this.pauseAbove = Math.max(1, capacity / 2);
    this.capacityConnected = Math.max(capacity, pauseAbove + sourceCount);
    this.sources = sources;
  }

  /** Takes a message; never waits. */
  synchronized void add(OutgoingMessage message) {
    if (wire == null && message.isOnlyForThisConnection()) {
      return;
    }
    if (wire != null && isFullFor(message)) {
      countDrop("The broker is too slow: dropped a message");
      return;
    }
    waiting.add(message);
    bytes += message.heapBytes();
    if (wire == null) {
      trim();
    } else {
      pump();
      noteFill();
    }
  }

  private boolean isFullFor(OutgoingMessage message) {
    return waiting.size() >= capacityConnected || bytes + message.heapBytes() > capacityBytes;
  }

  private void noteFill() {
    if (!holdingBack && (waiting.size() > pauseAbove / 2 || bytes > capacityBytes / 4)) {
      holdingBack = true;
      sources.holdBackTheLoudest();
    }
    if (!pausing && (waiting.size() > pauseAbove || bytes > capacityBytes / 2)) {
      pausing = true;
      sources.pause();
    }
  }

  /** Whether it is better to bring it no more work just now. */
  boolean isHalfFull() {
    return pausing;
  }

  /**
   * The broker is there: everything that waits goes out.
   *
   * @param receiveMaximum unacknowledged messages that the broker allows
   * @param greeting goes out before all that waits, on this connection only
   */
  synchronized void connected(
      Wire newWire, int receiveMaximum, @Nullable OutgoingMessage greeting) {
    wire = newWire;
    first = greeting;
    // Paho counts a message of QoS 0 among them while it is being written.
    window = Math.max(1, Math.min(MAX_UNACKNOWLEDGED, receiveMaximum) - 2);
    if (!waiting.isEmpty()) {
      LOG.info("Sending {} messages that waited for the broker", waiting.size());
    }
    if (greeting != null) {
      waiting.addFirst(greeting);
      bytes += greeting.heapBytes();
    }
    pump();
  }

  /**
   * The broker is gone: what it has not acknowledged waits again, ahead of the rest.
   *
   * <p>Some messages make a broker end the connection, and would do so for ever. So, if it was the
   * broker that ended it, or a fault of the client, what was in flight goes out one by one next
   * time; and a message with which the connection has ended twice while it was the oldest in flight
   * is dropped.
   *
   * @param endedByBroker whether a message may have been the cause
   * @param reason why the connection ended, in words
   */
  synchronized void disconnected(boolean endedByBroker, String reason) {
    if (wire == null) {
      return;
    }
    wire = null;
    OutgoingMessage oldest = null;
    for (Iterator<OutgoingMessage> newestFirst = inFlight.descendingIterator();
        newestFirst.hasNext(); ) {
      OutgoingMessage message = newestFirst.next();
      if (message.done()) {
        continue;
      }
      oldest = message;
      if (message == first || message.isOnlyForThisConnection()) {
        remove(message);
        continue;
      }
      waiting.addFirst(message);
      if (endedByBroker && !message.isSuspect()) {
        message.suspect(true);
        suspects++;
      }
    }
    inFlight.clear();
    waiting.removeIf(this::isOver);
    if (endedByBroker && oldest != null && oldest != first && !oldest.isOnlyForThisConnection()) {
      dropIfItEndsConnections(oldest, reason);
    }
    notifyAll();
    unacknowledged = 0;
    unwritten = 0;
    resumeAll();
    droppedBeforeLoss = dropped;
    trim();
  }

  private boolean isOver(OutgoingMessage message) {
    if (message.isOnlyForThisConnection()) {
      remove(message);
      return true;
    }
    return false;
  }

  private void dropIfItEndsConnections(OutgoingMessage oldest, String reason) {
    if (oldest.countEndedConnection() < ENDED_CONNECTIONS) {
      return;
    }
    waiting.removeFirst();
    remove(oldest);
    dropped++;
    LOG.error(
        "Dropped a message of {} bytes on {}: each time it was sent, the connection to the broker ended ({})",
        oldest.payloadBytes(),
        oldest.topic(),
        reason);
    Receipt receipt = oldest.receipt();
    if (receipt != null) {
      receipt.undeliverable(reason);
    }
  }

  /** It is neither waiting nor in flight any more. */
  private void remove(OutgoingMessage message) {
    bytes -= message.heapBytes();
    if (message.isSuspect()) {
      message.suspect(false);
      suspects--;
    }
  }

  /** A message has arrived at the broker (QoS 1 and 2) or has been written (QoS 0). */
  synchronized void done(Wire by, OutgoingMessage message) {
    if (by != wire || message.done()) {
      return;
    }
    message.markDone();
    remove(message);
    if (message.qos() == 0) {
      unwritten--;
    } else {
      unacknowledged--;
    }
    while (!inFlight.isEmpty() && inFlight.getFirst().done()) {
      inFlight.removeFirst();
    }
    pump();
    if (inFlight.isEmpty()) {
      notifyAll();
    }
    relieve();
  }

  private void pump() {
    Wire current = wire;
    while (current != null && !waiting.isEmpty()) {
      OutgoingMessage next = waiting.getFirst();
      boolean room =
          (window == 1 || suspects > 0)
              ? inFlight.isEmpty()
              : next.qos() == 0 ? unwritten < MAX_UNWRITTEN : unacknowledged < window;
      if (!room) {
        return;
      }
      waiting.removeFirst();
      next.sent(System.nanoTime());
      inFlight.add(next);
      if (next.qos() == 0) {
        unwritten++;
      } else {
        unacknowledged++;
      }
      current.send(next);
    }
  }

  private void trim() {
    while (waiting.size() > capacity || bytes > capacityBytes) {
      remove(waiting.removeFirst());
      countDrop(
          "The broker is away and the buffer (mqtt.buffer) is full: dropped the oldest message");
    }
  }

  private void countDrop(String what) {
    dropped++;
    drops.log(suffix -> LOG.warn("{}; {} dropped since the start{}", what, dropped, suffix));
  }

  /** Lets sources go on little by little, as there is room for what they bring. */
  private void relieve() {
    boolean roomAgain =
        pausing
            ? waiting.size() <= pauseAbove / 2 && bytes <= capacityBytes / 4
            : holdingBack && waiting.size() <= pauseAbove / 4 && bytes <= capacityBytes / 8;
    if (roomAgain) {
      pausing = false;
      holdingBack = false;
      somePaused = true;
      doneSinceRelief = RELIEF_EVERY;
    }
    if (somePaused && !pausing && (waiting.isEmpty() || ++doneSinceRelief >= RELIEF_EVERY)) {
      doneSinceRelief = 0;
      somePaused = sources.resumeSome();
    }
  }

  /**
   * Lets everybody go on when nothing is under way. Those who went on last may have had nothing to
   * say, and then no arrival lets the next ones go on; to be called now and then.
   */
  synchronized void relieveWhenIdle() {
    if (waiting.isEmpty() && inFlight.isEmpty()) {
      resumeAll();
    }
  }

  private void resumeAll() {
    if (pausing || holdingBack || somePaused) {
      pausing = false;
      holdingBack = false;
      somePaused = false;
      boolean more = true;
      while (more) {
        more = sources.resumeSome();
      }
    }
  }

  /** Waits until everything has arrived at the broker, at most that long. */
  synchronized void drain(Duration patience) {
    long endNanos = System.nanoTime() + patience.toNanos();
    try {
      while (wire != null && !(waiting.isEmpty() && inFlight.isEmpty())) {
        long leftMillis = Duration.ofNanos(endNanos - System.nanoTime()).toMillis();
        if (leftMillis <= 0) {
          return;
        }
        wait(leftMillis);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Messages that wait or are in flight. */
  synchronized int size() {
    return waiting.size() + inFlight.size();
  }

  /** Messages dropped since the start. */
  synchronized long dropped() {
    return dropped;
  }

  /** Messages dropped since the broker went away the last time. */
  synchronized long droppedSinceLoss() {
    return dropped - droppedBeforeLoss;
  }

  /** How long the oldest message in flight has been unanswered; zero if there is none. */
  synchronized Duration oldestInFlight() {
    return inFlight.isEmpty()
        ? Duration.ZERO
        : Duration.ofNanos(System.nanoTime() - inFlight.getFirst().sentAtNanos());
  }
}
