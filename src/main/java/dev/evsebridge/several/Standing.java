package dev.evsebridge.several;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Which bridges are living and which of them holds which charger, as the messages on the topics of
 * availability say in the order in which the broker took them. Every bridge gets them in the same
 * order, at the same place among the requests; so of each request all of them think the same.
 *
 * <p>The last message of a charger counts, whatever it says, because that is what a bridge finds
 * retained that comes later. The claims of a bridge that is not living do not count; when it is
 * back, they do.
 */
final class Standing {

  private final Map<String, Claim> claims = new HashMap<>();

  /**
   * Who reads {@code offline} at the broker, and which bridge tells of each: the last it was at.
   */
  private final Map<String, String> offline = new HashMap<>();

  /** Living bridges, and when the last sign of life of each is too old. */
  private final TreeMap<String, Long> living = new TreeMap<>();

  /** Bridges that have gone, or were never heard of but in claims, and since when. */
  private final Map<String, Long> gone = new HashMap<>();

  /** A new connection to the broker: whatever it has stored comes again. */
  void begin() {
    claims.clear();
    offline.clear();
    living.clear();
    gone.clear();
  }

  /** A bridge is living, for as long as that; it says so again before. */
  void bridgeOnline(String bridge, long untilMillis) {
    living.put(bridge, untilMillis);
    gone.remove(bridge);
  }

  void bridgeOffline(String bridge, long nowMillis) {
    living.remove(bridge);
    gone.putIfAbsent(bridge, nowMillis);
  }

  /** Bridges whose signs of life have stopped have gone; but not this one itself. */
  void expire(String self, long nowMillis) {
    for (Map.Entry<String, Long> each : List.copyOf(living.entrySet())) {
      if (each.getValue() - nowMillis < 0 && !each.getKey().equals(self)) {
        bridgeOffline(each.getKey(), nowMillis);
      }
    }
  }

  boolean isLiving(String bridge) {
    return living.containsKey(bridge);
  }

  /** Bridges that are living. */
  Set<String> living() {
    return living.keySet();
  }

  /** The one that does what any of them could do; null while none is known to be living. */
  @Nullable String first() {
    return living.isEmpty() ? null : living.firstKey();
  }

  /** Somebody claims a charger. */
  void claimed(String clientId, Claim claim, long nowMillis) {
    offline.remove(clientId);
    claims.put(clientId, claim);
    if (!isLiving(claim.bridge())) {
      gone.putIfAbsent(claim.bridge(), nowMillis);
    }
  }

  /**
   * A charger reads offline.
   *
   * @param bridge the last that had it; empty when that is not known
   */
  void saidOffline(String clientId, String bridge) {
    claims.remove(clientId);
    offline.put(clientId, bridge);
  }

  /** What is retained of a charger was cleared. */
  void cleared(String clientId) {
    claims.remove(clientId);
    offline.remove(clientId);
  }

  /** The claim that counts; null when no living bridge has the charger. */
  @Nullable Claim holder(String clientId) {
    Claim claim = claims.get(clientId);
    return claim != null && isLiving(claim.bridge()) ? claim : null;
  }

  /** Whether nobody has ever said anything of a charger that holds still, be it that it is away. */
  boolean isUnheardOf(String clientId) {
    return !claims.containsKey(clientId) && !offline.containsKey(clientId);
  }

  /** The bridge that has a charger, or had it last; null when that is not known. */
  @Nullable String lastHolder(String clientId) {
    Claim claim = claims.get(clientId);
    String bridge = claim == null ? offline.get(clientId) : claim.bridge();
    return bridge == null || bridge.isEmpty() ? null : bridge;
  }

  /** The chargers that a bridge claims, living or not. */
  List<Map.Entry<String, Claim>> claimsOf(String bridge) {
    List<Map.Entry<String, Claim>> found = new ArrayList<>();
    claims.forEach(
        (clientId, claim) -> {
          if (claim.bridge().equals(bridge)) {
            found.add(Map.entry(clientId, claim));
          }
        });
    return found;
  }

  /** Claims of bridges that have been gone since that moment or longer. */
  void orphans(long goneBeforeMillis, BiConsumer<String, Claim> each) {
    if (gone.values().stream().allMatch(since -> since - goneBeforeMillis > 0)) {
      return;
    }
    for (Map.Entry<String, Claim> entry : List.copyOf(claims.entrySet())) {
      Long since = gone.get(entry.getValue().bridge());
      if (since != null && since - goneBeforeMillis <= 0) {
        each.accept(entry.getKey(), entry.getValue());
      }
    }
  }
}
