package dev.evsebridge.state;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the bridge says of itself, retained: what it is, which chargers it knows, how it is doing.
 * All of it happens on one thread, off the event loops.
 */
public final class BridgeTopics implements SessionListener, BrokerListener, RememberedListener {

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);
  private static final Duration HEALTH_EVERY = Duration.ofSeconds(60);

  /** Chargers come in groups, after a power cut for one. */
  private static final Duration GATHER = Duration.ofMillis(500);

  /** The longer the list, the more seldom it is said: at most some 40 kB/s. */
  private static final Duration PER_LISTED_CHARGER = Duration.ofMillis(5);

  /** Twice as many chargers as may be connected by default. */
  private static final int MOST_KNOWN = 20_000;

  private final Supplier<BridgeInfo> info;
  private final Supplier<BridgeHealth> health;
  private final Predicate<SerialNumber> controlled;
  private final Announcer announcer;
  private final FailStopExecutor executor = new FailStopExecutor("bridge-topics");

  /** By client id. */
  private final TreeMap<String, Known> chargers = new TreeMap<>();

  private @Nullable Future<?> healthBeat;
  private @Nullable Future<?> listDue;
  private long listedAtNanos = System.nanoTime() - Duration.ofDays(1).toNanos();
  private boolean brokerThere;

  /** Takes what is to be published; must not block. */
  public interface Announcer {
    /** Takes what the bridge is. */
    void info(BridgeInfo info);

    /** Takes the chargers that it knows. */
    void chargers(List<ListedCharger> chargers);

    /** Takes how it is doing. */
    void health(BridgeHealth health);
  }

  private static final class Known {
    final SerialNumber serial;
    int firmwareVersion;
    boolean proven;
    @Nullable ChargerSession session;
    @Nullable Instant lastSeen;

    Known(SerialNumber serial) {
      this.serial = serial;
    }
  }

  /**
   * Creates it; nothing is said before the broker is there.
   *
   * @param info what the bridge is
   * @param health how it is doing now
   * @param controlled whether a charger is under the charge controller
   * @param announcer takes what is to be published
   */
  public BridgeTopics(
      Supplier<BridgeInfo> info,
      Supplier<BridgeHealth> health,
      Predicate<SerialNumber> controlled,
      Announcer announcer) {
    this.info = info;
    this.health = health;
    this.controlled = controlled;
    this.announcer = announcer;
  }

  /**
   * Where a bridge alone tells of itself. Of several bridges each has topics of its own: what
   * stands here is of a time before.
   *
   * @param root the topic that everything is published below
   */
  public static List<String> ofOneAlone(String root) {
    return ChargerTopics.ofOneAlone(root).toList();
  }

  @Override
  public void remembered(
      SerialNumber serial, String clientId, int firmwareVersion, @Nullable Instant lastSeen) {
    executor.executeUnlessStopped(
        () -> {
          if (chargers.size() < MOST_KNOWN && !chargers.containsKey(clientId)) {
            Known known = new Known(serial);
            known.firmwareVersion = firmwareVersion;
            known.lastSeen = lastSeen;
            known.proven = true;
            chargers.put(clientId, known);
            listSoon();
          }
        });
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    executor.executeUnlessStopped(
        () -> {
          Known known = chargers.get(session.clientId());
          if (known == null && chargers.size() < MOST_KNOWN) {
            known = new Known(session.serialNumber());
            chargers.put(session.clientId(), known);
          }
          if (known != null) {
            known.session = session;
            known.firmwareVersion = session.firmwareVersion();
            if (known.proven) {
              listSoon();
            }
          }
        });
  }

  @Override
  public void proven(ChargerSession session) {
    executor.executeUnlessStopped(
        () -> {
          Known known = chargers.get(session.clientId());
          if (known != null && known.session == session && !known.proven) {
            known.proven = true;
            listSoon();
          }
        });
  }

  @Override
  public void disconnected(ChargerSession session) {
    Instant lastSeen = session.lastHeard();
    executor.executeUnlessStopped(
        () -> {
          Known known = chargers.get(session.clientId());
          if (known == null || known.session != session) {
            return;
          }
          known.session = null;
          known.lastSeen = lastSeen;
          if (known.proven) {
            listSoon();
          } else {
            chargers.remove(session.clientId());
          }
        });
  }

  /** Is told whether a charger is in the list. */
  interface Finder {
    void away(SerialNumber serial, String clientId);

    void connected();

    void unknown();
  }

  /** Looks for a charger by its client id or its serial number. */
  void find(String clientIdOrSerial, Finder finder) {
    executor.executeUnlessStopped(
        () -> {
          for (Map.Entry<String, Known> each : chargers.entrySet()) {
            Known known = each.getValue();
            if (each.getKey().equals(clientIdOrSerial)
                || known.serial.hex().equals(clientIdOrSerial)) {
              if (known.session == null) {
                finder.away(known.serial, each.getKey());
              } else {
                finder.connected();
              }
              return;
            }
          }
          finder.unknown();
        });
  }

  /** A charger is no longer known, unless it is connected. */
  public void forget(String clientId) {
    executor.executeUnlessStopped(
        () -> {
          Known known = chargers.get(clientId);
          if (known != null && known.session == null) {
            chargers.remove(clientId);
            listSoon();
          }
        });
  }

  @Override
  public void brokerConnected() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = true;
          sayAll();
          if (healthBeat == null) {
            healthBeat =
                executor.scheduleWithFixedDelay(
                    this::sayHealth,
                    HEALTH_EVERY.toMillis(),
                    HEALTH_EVERY.toMillis(),
                    TimeUnit.MILLISECONDS);
          }
        });
  }

  @Override
  public void brokerLost() {
    executor.executeUnlessStopped(() -> brokerThere = false);
  }

  /** Says everything again. */
  public void republish() {
    executor.executeUnlessStopped(this::sayAll);
  }

  private void sayAll() {
    if (brokerThere) {
      announcer.info(info.get());
      sayHealth();
      sayList();
    }
  }

  private void sayHealth() {
    if (brokerThere) {
      announcer.health(health.get());
    }
  }

  private void listSoon() {
    if (brokerThere && listDue == null) {
      long waitNanos = Math.max(GATHER.toNanos(), PER_LISTED_CHARGER.toNanos() * chargers.size());
      long leftNanos = listedAtNanos + waitNanos - System.nanoTime();
      listDue =
          executor.schedule(
              this::sayList, Math.max(GATHER.toNanos(), leftNanos), TimeUnit.NANOSECONDS);
    }
  }

  private void sayList() {
    if (listDue != null) {
      listDue.cancel(false);
      listDue = null;
    }
    if (!brokerThere) {
      return;
    }
    listedAtNanos = System.nanoTime();
    announcer.chargers(
        chargers.entrySet().stream()
            .filter(entry -> entry.getValue().proven)
            .map(entry -> listed(entry.getKey(), entry.getValue()))
            .toList());
  }

  private ListedCharger listed(String clientId, Known known) {
    ChargerSession session = known.session;
    Instant lastSeen = session == null ? known.lastSeen : session.lastHeard();
    return new ListedCharger(
        clientId,
        known.serial.hex(),
        known.firmwareVersion,
        session != null,
        controlled.test(known.serial),
        lastSeen == null ? null : lastSeen.truncatedTo(ChronoUnit.SECONDS).toString());
  }

  /** Says who is known a last time; returns when that has been handed over. */
  public void stop() {
    executor.executeAndWait(this::sayList, STOP_PATIENCE);
    executor.shutdownNow();
  }
}
