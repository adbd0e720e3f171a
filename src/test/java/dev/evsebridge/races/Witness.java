package dev.evsebridge.races;

import dev.evsebridge.testkit.MqttProbe;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.jspecify.annotations.Nullable;

/**
 * Hears what the broker has taken, in its order: who had the charger when a request came, how long
 * chargers were without a bridge, and why a request is without an outcome.
 */
final class Witness {

  /** What it has to hear; requests last, because those before them are stored. */
  static final List<String> FILTERS =
      List.of(
          MqttProbe.MESSAGE_TOPIC + "/bridge/+/availability",
          MqttProbe.MESSAGE_TOPIC + "/+/availability",
          MqttProbe.REQUEST_TOPIC);

  /** A kill explains no more than what was sent so shortly before or after it. */
  private static final long AROUND_A_KILL_NANOS = Duration.ofSeconds(2).toNanos();

  private static final long FIRST_MOMENT_NANOS = Duration.ofSeconds(1).toNanos();

  /**
   * What held when the broker took a request.
   *
   * @param holder the bridge that had its charger and read online; null when there was none
   * @param holderBack whether that one had come back since the broker's start
   * @param firstBackNanos when the first bridge had come back; null when none had
   */
  private record Place(
      @Nullable String holder, boolean holderBack, @Nullable Long firstBackNanos, long atNanos) {}

  /**
   * A request without an outcome.
   *
   * @param millis between it and the kill, or the return of the first bridge
   */
  record Lost(Loss loss, long millis) {}

  private final Set<String> chargers;
  private final Map<String, String> claims = new HashMap<>();

  /** Bridges that read online, and since when, by their clock in milliseconds. */
  private final Map<String, Long> online = new HashMap<>();

  private final Map<Integer, Place> places = new HashMap<>();
  private final Map<String, TreeSet<Long>> kills = new TreeMap<>();
  private final Map<String, Long> withoutBridgeSince = new HashMap<>();
  private @Nullable Long firstBackNanos;
  private long startedMillis;
  private long longestWithoutBridgeNanos;
  private int saidOffline;

  /**
   * Creates it before anything is heard.
   *
   * @param chargers client ids; those of others do not count
   */
  Witness(Set<String> chargers) {
    this.chargers = Set.copyOf(chargers);
  }

  /** The broker is about to be started, again perhaps; what it has stored comes anew. */
  synchronized void brokerStarts() {
    startedMillis = System.currentTimeMillis();
    claims.clear();
    online.clear();
    withoutBridgeSince.clear();
    firstBackNanos = null;
  }

  /** That bridge is about to be killed. */
  synchronized void kills(String bridge) {
    kills.computeIfAbsent(bridge, unseen -> new TreeSet<>()).add(System.nanoTime());
  }

  /** Since when a bridge has been online, by its own clock; null when it is not. */
  synchronized @Nullable Long onlineSince(String bridge) {
    return online.get(bridge);
  }

  synchronized void heard(MqttProbe.Message message) {
    String[] levels = message.topic().split("/", -1);
    if (levels.length == 1) {
      places.put(Integer.valueOf(message.correlation()), place(message.field("client_id")));
    } else if (levels.length == 4) {
      bridge(levels[2], message);
    } else if (chargers.contains(levels[1])) {
      charger(levels[1], message);
    }
  }

  private Place place(String clientId) {
    String holder = holder(clientId);
    boolean back = holder != null && isBack(online.get(holder));
    return new Place(holder, back, firstBackNanos, System.nanoTime());
  }

  private @Nullable String holder(String clientId) {
    String bridge = claims.get(clientId);
    return bridge != null && online.containsKey(bridge) ? bridge : null;
  }

  private boolean isBack(@Nullable Long since) {
    return since != null && since >= startedMillis;
  }

  private void bridge(String name, MqttProbe.Message message) {
    if (message.text().equals("online")) {
      long since = Instant.parse(property(message, "since")).toEpochMilli();
      online.put(name, since);
      if (firstBackNanos == null && isBack(since)) {
        firstBackNanos = System.nanoTime();
      }
    } else {
      online.remove(name);
    }
    claims.forEach(
        (clientId, bridge) -> {
          if (bridge.equals(name)) {
            noteBridgeOf(clientId);
          }
        });
  }

  private void charger(String clientId, MqttProbe.Message message) {
    if (message.text().equals("online")) {
      claims.put(clientId, property(message, "bridge"));
    } else {
      claims.remove(clientId);
      saidOffline++;
    }
    noteBridgeOf(clientId);
  }

  private static String property(MqttProbe.Message message, String key) {
    return Stream.ofNullable(message.properties())
        .flatMap(properties -> properties.getUserProperties().stream())
        .filter(each -> each.getKey().equals(key))
        .map(UserProperty::getValue)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no user property " + key + " in " + message));
  }

  private void noteBridgeOf(String clientId) {
    if (holder(clientId) == null) {
      withoutBridgeSince.putIfAbsent(clientId, System.nanoTime());
    } else {
      Long since = withoutBridgeSince.remove(clientId);
      if (since != null) {
        longestWithoutBridgeNanos = Math.max(longestWithoutBridgeNanos, System.nanoTime() - since);
      }
    }
  }

  /** How long a charger was without a bridge at most, those included that still are. */
  synchronized Duration longestWithoutBridge() {
    long longest = longestWithoutBridgeNanos;
    for (long since : withoutBridgeSince.values()) {
      longest = Math.max(longest, System.nanoTime() - since);
    }
    return Duration.ofNanos(longest);
  }

  /** How often a charger was said to be offline. */
  synchronized int saidOffline() {
    return saidOffline;
  }

  /** Why a request is without an outcome. */
  synchronized Lost explain(int number, long sentNanos) {
    Place place = places.get(number);
    if (place == null) {
      return new Lost(Loss.UNEXPLAINED, 0);
    }
    Long back = place.firstBackNanos();
    if (back == null) {
      return new Lost(Loss.NO_BRIDGE, 0);
    }
    String holder = place.holder();
    if (holder != null && !place.holderBack()) {
      return lost(Loss.NOT_BACK, place.atNanos() - back);
    }
    return holder == null
        ? explainWithoutHolder(sentNanos, place.atNanos() - back)
        : explainWithHolder(holder, sentNanos);
  }

  private Lost explainWithHolder(String holder, long sentNanos) {
    Long kill = killAround(holder, sentNanos);
    if (kill == null) {
      return new Lost(Loss.UNEXPLAINED, 0);
    }
    return kill > sentNanos
        ? lost(Loss.UNDER_WAY, kill - sentNanos)
        : lost(Loss.BEFORE_THE_WILL, sentNanos - kill);
  }

  private Lost explainWithoutHolder(long sentNanos, long sinceBackNanos) {
    for (String bridge : kills.keySet()) {
      Long kill = killAround(bridge, sentNanos);
      if (kill != null) {
        return lost(Loss.REFEREE_KILLED, Math.abs(kill - sentNanos));
      }
    }
    return sinceBackNanos <= FIRST_MOMENT_NANOS
        ? lost(Loss.NO_REFEREE, sinceBackNanos)
        : new Lost(Loss.UNEXPLAINED, 0);
  }

  /** The kill just before a moment, else the one just after; null when there is none. */
  private @Nullable Long killAround(String bridge, long nanos) {
    TreeSet<Long> around =
        new TreeSet<>(
            kills
                .getOrDefault(bridge, new TreeSet<>())
                .subSet(nanos - AROUND_A_KILL_NANOS, nanos + AROUND_A_KILL_NANOS));
    Long before = around.floor(nanos);
    return before == null ? around.ceiling(nanos) : before;
  }

  private static Lost lost(Loss loss, long nanos) {
    return new Lost(loss, Duration.ofNanos(nanos).toMillis());
  }
}
