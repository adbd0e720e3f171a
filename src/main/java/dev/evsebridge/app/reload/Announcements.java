package dev.evsebridge.app.reload;

import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.InterlockAction;
import dev.evsebridge.runtime.Failures;
import dev.evsebridge.runtime.Gate;
import dev.evsebridge.runtime.LogThrottle;
import dev.evsebridge.state.BridgeHealth;
import dev.evsebridge.state.BridgeInfo;
import dev.evsebridge.state.BridgeTopics;
import dev.evsebridge.state.ChargerState;
import dev.evsebridge.state.FirmwareStatus;
import dev.evsebridge.state.ListedCharger;
import dev.evsebridge.state.LogLine;
import dev.evsebridge.state.SessionReport;
import dev.evsebridge.state.StatePublisher;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Producer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the bridge itself says, such as errors that belong to no request, on its way to the routes:
 * handed over by one thread, in order, so that whoever has something to say never waits. While
 * routes are reloaded it is kept, up to a number and a size.
 */
public final class Announcements implements StatePublisher, BridgeTopics.Announcer, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Announcements.class);

  private static final String REPORT_ERROR = "direct:report-error";
  static final String AVAILABILITY = "direct:availability";
  private static final String CHARGER_STATE = "direct:charger-state";
  private static final String BRIDGE_INFO = "direct:bridge-info";
  private static final String BRIDGE_CHARGERS = "direct:bridge-chargers";
  private static final String BRIDGE_HEALTH = "direct:bridge-health";
  private static final String CHARGER_SESSION = "direct:charger-session";
  private static final String CHARGER_LOG = "direct:charger-log";
  private static final String CLEAR_RETAINED = "direct:clear-retained";
  private static final String CHARGER_FIRMWARE = "direct:charger-firmware";
  static final String HOME_ASSISTANT = "direct:home-assistant";

  static final String INTERLOCK = "direct:interlock";

  /** The routes that must be there. */
  private static final Set<String> TARGETS =
      Set.of(
          REPORT_ERROR,
          AVAILABILITY,
          CHARGER_STATE,
          CHARGER_SESSION,
          CHARGER_LOG,
          CHARGER_FIRMWARE,
          BRIDGE_INFO,
          BRIDGE_CHARGERS,
          BRIDGE_HEALTH,
          CLEAR_RETAINED,
          INTERLOCK);

  /** The levels of the topic below which the bridge tells of itself. */
  private static final String BRIDGE = "bridge";

  private static final int MOST_WAITING = 10_000;
  private static final long MOST_BYTES = 4L * 1024 * 1024;
  private static final int BYTES_PER_CHARACTER = 2;

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

  private final Map<String, Object> ofBridge;
  private final Gate gate = new Gate();
  private final LogThrottle drops = new LogThrottle(1, Duration.ofSeconds(10));
  private final LogThrottle failures = new LogThrottle(20, Duration.ofSeconds(10));
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /**
   * By what only the last counts of: of a charger's availability, its state, and its device. An
   * error and a line of a log have a key for themselves.
   */
  private final Map<Object, Announcement> waiting = new LinkedHashMap<>();

  private final Room errors = new Room();
  private final Room logLines = new Room();

  /**
   * By the URIs that they send to. A template would look the endpoint up, borrow a producer and
   * account for each message, which takes longer than writing a state as JSON.
   */
  private final Map<String, Producer> producers = new ConcurrentHashMap<>();

  private boolean sending;
  private boolean closed;

  private record Newest(String endpoint, String of) {}

  /** One message; with the room that it takes, unless only the newest of its kind counts. */
  private record Announcement(
      String endpoint,
      @Nullable Object body,
      Map<String, Object> headers,
      @Nullable Room room,
      long bytes) {

    Announcement(String endpoint, @Nullable Object body, Map<String, Object> headers) {
      this(endpoint, body, headers, null, 0);
    }
  }

  /** What may wait of a kind of which all count. */
  private static final class Room {
    private int waiting;
    private long waitingBytes;

    boolean take(long bytes) {
      if (waiting >= MOST_WAITING || waitingBytes + bytes > MOST_BYTES) {
        return false;
      }
      waiting++;
      waitingBytes += bytes;
      return true;
    }

    void giveBack(long bytes) {
      waiting--;
      waitingBytes -= bytes;
    }
  }

  /** Creates it for a bridge alone. */
  public Announcements() {
    this("");
  }

  /**
   * Creates it.
   *
   * @param name of this one of several bridges, which tells of itself apart from the others; empty
   *     for a bridge alone
   */
  public Announcements(String name) {
    this.ofBridge = Map.of(BRIDGE, name.isEmpty() ? BRIDGE : BRIDGE + "/" + name);
  }

  /**
   * The routes that must be there.
   *
   * @param discovery whether devices are announced to Home Assistant
   */
  public static Set<String> targets(boolean discovery) {
    Set<String> targets = new TreeSet<>(TARGETS);
    if (discovery) {
      targets.add(HOME_ASSISTANT);
    }
    return targets;
  }

  /** From now on there are routes to send to. */
  public void to(CamelContext routes) {
    new DefaultThreadFactory("announcements", true).newThread(() -> run(routes)).start();
  }

  /** Reports an error that belongs to no request; it is dropped when too many wait. */
  public void error(ErrorMessage error) {
    if (!put(new Announcement(REPORT_ERROR, error, Map.of(), errors, bytes(error)))) {
      drops.log(suffix -> LOG.warn("Too many errors to report; dropped one{}", suffix));
    }
  }

  @Override
  public void log(String clientId, LogLine line) {
    long bytes = BYTES_PER_CHARACTER * (long) line.text().length();
    if (!put(new Announcement(CHARGER_LOG, line, Map.of("clientId", clientId), logLines, bytes))) {
      drops.log(suffix -> LOG.warn("Chargers log too much; dropped a line{}", suffix));
    }
  }

  /** Takes one of a kind of which all count, if there is room. */
  private boolean put(Announcement announcement) {
    lock.lock();
    try {
      boolean fits = Objects.requireNonNull(announcement.room()).take(announcement.bytes());
      if (fits) {
        waiting.put(new Object(), announcement);
        changed.signalAll();
      }
      return fits;
    } finally {
      lock.unlock();
    }
  }

  private static long bytes(ErrorMessage error) {
    return BYTES_PER_CHARACTER
        * ((long) length(error.clientId()) + length(error.requestType()) + length(error.detail()));
  }

  private static int length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  /** Somebody is online or offline. What waits of the same client is out of date then. */
  public void availability(String clientId, String state) {
    newest(AVAILABILITY, clientId, state);
  }

  @Override
  public void state(String clientId, ChargerState state) {
    newest(CHARGER_STATE, clientId, state);
  }

  @Override
  public void session(String clientId, SessionReport report) {
    newest(CHARGER_SESSION, clientId, report);
  }

  @Override
  public void clear(String topic) {
    put(
        new Newest(CLEAR_RETAINED, topic),
        new Announcement(CLEAR_RETAINED, "", Map.of("topic", topic)));
  }

  @Override
  public void together(Runnable says) {
    lock.lock();
    try {
      says.run();
    } finally {
      lock.unlock();
    }
  }

  /** An upload goes on. What waits of the same charger is out of date then. */
  public void firmware(String clientId, FirmwareStatus status) {
    newest(CHARGER_FIRMWARE, clientId, status);
  }

  /** The bridge has opened a contactor by itself. Each of these is said. */
  public void interlock(String clientId, InterlockAction action) {
    lock.lock();
    try {
      waiting.put(new Object(), new Announcement(INTERLOCK, action, Map.of("clientId", clientId)));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void info(BridgeInfo info) {
    ofBridge(BRIDGE_INFO, info);
  }

  @Override
  public void chargers(List<ListedCharger> chargers) {
    ofBridge(BRIDGE_CHARGERS, chargers);
  }

  @Override
  public void health(BridgeHealth health) {
    ofBridge(BRIDGE_HEALTH, health);
  }

  private void ofBridge(String endpoint, Object body) {
    put(new Newest(endpoint, ""), new Announcement(endpoint, body, ofBridge));
  }

  /**
   * A device is to be announced to Home Assistant, or withdrawn.
   *
   * @param device its id in the topic
   * @param payload its description; null withdraws it
   */
  public void device(String device, @Nullable Map<String, Object> payload) {
    put(
        new Newest(HOME_ASSISTANT, device),
        new Announcement(HOME_ASSISTANT, payload, Map.of("device", device)));
  }

  private void newest(String endpoint, String clientId, Object body) {
    put(
        new Newest(endpoint, clientId),
        new Announcement(endpoint, body, Map.of("clientId", clientId)));
  }

  private void put(Newest key, Announcement announcement) {
    lock.lock();
    try {
      waiting.put(key, announcement);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run(CamelContext routes) {
    for (Announcement next = take(); next != null; next = take()) {
      gate.enter();
      try {
        say(routes, next);
      } catch (Throwable e) {
        // The next one must still be said.
        String endpoint = next.endpoint();
        failures.log(
            suffix ->
                LOG.error("Route {} failed: {}{}", endpoint, Failures.rootMessage(e), suffix));
      } finally {
        gate.leave();
      }
    }
  }

  private void say(CamelContext routes, Announcement announcement) throws Exception {
    String uri = announcement.endpoint();
    Producer producer = producers.get(uri);
    if (producer == null) {
      producer = routes.getEndpoint(uri).createProducer();
      producer.start();
      producers.put(uri, producer);
    }
    Exchange exchange = producer.getEndpoint().createExchange();
    exchange.getMessage().setBody(announcement.body());
    announcement.headers().forEach(exchange.getMessage()::setHeader);
    producer.process(exchange);
    if (exchange.getException() != null) {
      throw exchange.getException();
    }
  }

  /** Returns null at the end. */
  private @Nullable Announcement take() {
    lock.lock();
    try {
      sending = false;
      changed.signalAll();
      while (waiting.isEmpty()) {
        if (closed) {
          return null;
        }
        changed.awaitUninterruptibly();
      }
      Iterator<Announcement> oldest = waiting.values().iterator();
      Announcement next = oldest.next();
      oldest.remove();
      if (next.room() != null) {
        next.room().giveBack(next.bytes());
      }
      sending = true;
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** Keeps what there is to say until {@link #resume}, for no longer than this. */
  void pause(Duration atMost) {
    gate.close(atMost);
  }

  /** Waits until the routes have taken what was being handed to them. */
  boolean awaitIdle(Duration patience) {
    return gate.awaitEmpty(patience);
  }

  void resume() {
    // Those of routes that were replaced are gone.
    producers.clear();
    gate.open();
  }

  /** Hands over what waits, and ends. */
  @Override
  public void close() {
    gate.open();
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      long leftNanos = STOP_PATIENCE.toNanos();
      while ((sending || !waiting.isEmpty()) && leftNanos > 0) {
        leftNanos = changed.awaitNanos(leftNanos);
      }
      if (!waiting.isEmpty()) {
        LOG.warn(
            "{} messages of the bridge itself could not be sent before the end", waiting.size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}
