package dev.evsebridge.several;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one of several bridges does about the chargers that connect to it: claims them at the
 * broker, takes them once the broker has echoed the claim, and lets go what another bridge has
 * claimed after that. Says of each request whose it is.
 *
 * <p>Knows no network and no clock: whatever happens is told in the order in which it comes, and
 * what is to be done goes to {@link Actions}. Not thread-safe.
 *
 * <pre>
 *   hello, first frame        echo of the claim          another one's claim
 *  ------------------> claimed ---------------> held -----------------------> closed, in silence
 *                                                |    the charger leaves
 *                                                +---------------------------> offline, after a moment
 * </pre>
 */
public final class Claims {

  /** A charger that is back so soon was never offline. */
  static final long FLAP_MILLIS = 1_200;

  /** So long chargers may take to come back after their bridge has gone. */
  static final long RETURN_MILLIS = 20_000;

  /** So long claims may take to come after the broker is back. */
  static final long SETTLE_MILLIS = 5_000;

  /** What was said and has not come back is said again after that. */
  static final long REPEAT_MILLIS = 5_000;

  /** What the bridge is to do. */
  public interface Actions {

    /**
     * Claims a charger at the broker.
     *
     * @param again whether the connection is no new one
     */
    void claim(String clientId, Claim claim, boolean again);

    /**
     * Says at the broker that a charger is offline.
     *
     * @param bridge whose it is to tell of; empty when it is no bridge's
     */
    void sayOffline(String clientId, String bridge);

    /** A claim has not come back from the broker for a long time. */
    void unheard(String clientId);

    /**
     * A connection's claim stands: it is the charger's, from now on for requests too.
     *
     * @param moved whether another bridge had it last
     */
    void take(String clientId, long since, boolean moved);

    /** A charger is this bridge's still, though another one has spoken for it meanwhile. */
    void again(String clientId);

    /**
     * A charger that no bridge has is this one's to tell of from now on: it has said last that it
     * is offline.
     */
    void keep(String clientId);

    /** Closes a connection: the charger is another's. */
    void close(String clientId, long since, String bridge);

    /** Says at the broker that this bridge is online. */
    void greet();
  }

  private static final class Connection {
    private final long since;
    private boolean claimed;
    private boolean held;

    /** Claims that the broker has not echoed. */
    private int underWay;

    /** When the last one was first seen to be under way. */
    private long awaitedSinceMillis;

    Connection(long since) {
      this.since = since;
    }
  }

  private record Ending(long since, long dueMillis) {}

  private final String self;
  private final Actions actions;
  private final Standing standing = new Standing();

  /** By client id, the oldest first: rarely more than one. */
  private final Map<String, Deque<Connection>> own = new HashMap<>();

  /** Whose claim is to be ended, unless they come back. */
  private final Map<String, Ending> endings = new HashMap<>();

  /** Whom other bridges had since they were taken here, if they ever were. */
  private final Set<String> elsewhere = new HashSet<>();

  /** Chargers that are known here; offline, unless anybody says something else. */
  private final Set<String> absent = new HashSet<>();

  private boolean greeted;
  private boolean leaving;
  private long greetedAtMillis;
  private long orphansSaidAtMillis;

  /**
   * Creates it with no charger and no broker.
   *
   * @param self the name of this bridge
   */
  public Claims(String self, Actions actions) {
    this.self = self;
    this.actions = actions;
  }

  /** A new connection to the broker begins: what it has stored comes first. */
  public void begin() {
    standing.begin();
    lost();
  }

  /** The connection to the broker has ended. */
  public void lost() {
    greeted = false;
    own.values().forEach(all -> all.forEach(each -> each.underWay = 0));
  }

  /**
   * The broker echoes this bridge's greeting: all that was stored before has come. From now on it
   * can tell of a request that nobody has the charger.
   */
  public void greeted(long nowMillis) {
    if (greeted) {
      return;
    }
    greeted = true;
    greetedAtMillis = nowMillis;
    standing.bridgeOnline(self, Long.MAX_VALUE);
    orphansSaidAtMillis = nowMillis - REPEAT_MILLIS;
    for (Map.Entry<String, Claim> each : standing.claimsOf(self)) {
      if (!own.containsKey(each.getKey())) {
        endLater(each.getKey(), each.getValue().since(), nowMillis + RETURN_MILLIS);
      }
    }
    new HashMap<>(own).forEach((clientId, all) -> resume(clientId, all.getLast()));
  }

  /**
   * Claims a charger again, unless a living bridge has a younger connection of it: then this one
   * has not heard of a takeover, and its own connection is of no use.
   */
  private void resume(String clientId, Connection newest) {
    Claim holder = standing.holder(clientId);
    if (newest.claimed
        && holder != null
        && !holder.bridge().equals(self)
        && holder.since() > newest.since) {
      closeAll(clientId, holder.bridge());
    } else {
      if (!isOf(holder, newest)) {
        claim(clientId, newest);
      }
      settle(clientId, false);
    }
  }

  /** A bridge says that it is online, for as long as that if it does not say so again. */
  public void bridgeOnline(String bridge, long untilMillis) {
    // What is stored of this one is from an earlier connection: it answered to nobody since.
    if (greeted || !bridge.equals(self)) {
      standing.bridgeOnline(bridge, untilMillis);
    }
  }

  /** A bridge has gone, or somebody says so. */
  public void bridgeOffline(String bridge, long nowMillis) {
    standing.bridgeOffline(bridge, nowMillis);
    if (greeted && !leaving && bridge.equals(self)) {
      actions.greet();
    }
  }

  /**
   * Somebody claims a charger, this bridge included.
   *
   * @param again whether the connection is no new one
   */
  public void claimed(String clientId, Claim claim, boolean again, long nowMillis) {
    standing.claimed(clientId, claim, nowMillis);
    noteWhere(clientId, claim.bridge());
    if (claim.bridge().equals(self)) {
      Connection connection = find(clientId, claim.since());
      if (connection != null && connection.underWay > 0) {
        connection.underWay--;
      } else if (connection == null && greeted) {
        endLater(clientId, claim.since(), nowMillis + FLAP_MILLIS);
      }
    }
    if (greeted) {
      settle(clientId, again);
    }
  }

  /**
   * A charger reads offline.
   *
   * @param bridge whose it is to tell of; empty when it is no bridge's
   */
  public void saidOffline(String clientId, String bridge) {
    standing.saidOffline(clientId, bridge);
    noteWhere(clientId, bridge);
    if (greeted) {
      settle(clientId, false);
      if (bridge.equals(self) && !own.containsKey(clientId)) {
        actions.keep(clientId);
      }
    }
  }

  private void noteWhere(String clientId, String bridge) {
    if (!bridge.isEmpty() && !bridge.equals(self)) {
      elsewhere.add(clientId);
    }
  }

  /** What is retained of a charger was cleared. */
  public void cleared(String clientId) {
    standing.cleared(clientId);
    elsewhere.remove(clientId);
    if (greeted) {
      settle(clientId, false);
    }
  }

  /**
   * The first frame has come on a new connection.
   *
   * @param since distinguishes the connection from all others of this bridge
   */
  public void connected(String clientId, long since) {
    Deque<Connection> all = own.computeIfAbsent(clientId, unseen -> new ArrayDeque<>(1));
    Connection before = all.peekLast();
    if (before != null && !before.held) {
      all.removeLast();
      actions.close(clientId, before.since, self);
    }
    Connection fresh = new Connection(since);
    all.addLast(fresh);
    if (greeted) {
      claim(clientId, fresh);
    }
  }

  /** A connection has ended. */
  public void disconnected(String clientId, long since, long nowMillis) {
    Connection ended = find(clientId, since);
    if (ended != null) {
      remove(clientId, ended);
      Ending other = endings.get(clientId);
      if (ended.held && (other == null || other.since() < since)) {
        endLater(clientId, since, nowMillis + FLAP_MILLIS);
      }
    }
  }

  /**
   * A charger is known here that is not connected: it is to read offline, unless others have it.
   */
  public void absent(String clientId) {
    absent.add(clientId);
  }

  /**
   * The bridge is about to stop, and has closed its chargers. While others are living they wait for
   * those to come back; the last one says that they are offline.
   */
  public void leave() {
    leaving = true;
    if (greeted && !hasOthers()) {
      standing.claimsOf(self).forEach(each -> actions.sayOffline(each.getKey(), self));
    }
  }

  /** The bridge that has a charger; null when none has. */
  public @Nullable String holder(String clientId) {
    Claim holder = standing.holder(clientId);
    return holder == null ? null : holder.bridge();
  }

  /** The living bridge that has a charger or had it last; null when there is none. */
  public @Nullable String keeper(String clientId) {
    String last = standing.lastHolder(clientId);
    return last != null && standing.isLiving(last) ? last : null;
  }

  /**
   * Whether another bridge has a charger, or had it last: what this one remembers of it is out of
   * date.
   */
  public boolean isOthers(String clientId) {
    String last = standing.lastHolder(clientId);
    return last != null && !last.equals(self);
  }

  /** Whether a charger has an availability, online or offline. */
  public boolean isHeardOf(String clientId) {
    return !standing.isUnheardOf(clientId);
  }

  /** Nothing is known here any more of a charger that no bridge has. */
  public void forget(String clientId) {
    absent.remove(clientId);
  }

  /** The living bridge that does what any of them could do; null while none is known. */
  public @Nullable String first() {
    return standing.first();
  }

  /** Whether another bridge is living. */
  public boolean hasOthers() {
    return standing.living().stream().anyMatch(each -> !each.equals(self));
  }

  /** Time goes by; to be called several times a second. */
  public void tick(long nowMillis) {
    standing.expire(self, nowMillis);
    if (!greeted || leaving) {
      return;
    }
    claimAgain(nowMillis);
    sayEndings(nowMillis);
    if (nowMillis - greetedAtMillis >= SETTLE_MILLIS) {
      sayAbsent();
    }
    if (self.equals(standing.first()) && nowMillis - orphansSaidAtMillis >= REPEAT_MILLIS) {
      orphansSaidAtMillis = nowMillis;
      standing.orphans(
          nowMillis - RETURN_MILLIS,
          (clientId, claim) -> {
            if (!own.containsKey(clientId)) {
              actions.sayOffline(clientId, self);
            }
          });
    }
  }

  /** The broker may have refused a claim, or the buffer towards it may have been full. */
  private void claimAgain(long nowMillis) {
    own.forEach(
        (clientId, all) -> {
          Connection newest = all.getLast();
          if (newest.underWay == 0) {
            newest.awaitedSinceMillis = 0;
          } else if (newest.awaitedSinceMillis == 0) {
            newest.awaitedSinceMillis = nowMillis;
          } else if (nowMillis - newest.awaitedSinceMillis >= REPEAT_MILLIS) {
            newest.awaitedSinceMillis = nowMillis;
            newest.underWay = 0;
            actions.unheard(clientId);
            claim(clientId, newest);
          }
        });
  }

  private void sayEndings(long nowMillis) {
    Map<String, Ending> repeated = new HashMap<>();
    for (Iterator<Map.Entry<String, Ending>> all = endings.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<String, Ending> each = all.next();
      String clientId = each.getKey();
      Ending ending = each.getValue();
      if (ending.dueMillis() - nowMillis > 0) {
        continue;
      }
      all.remove();
      Claim claim = new Claim(self, ending.since());
      if (!own.containsKey(clientId) && claim.equals(standing.holder(clientId))) {
        actions.sayOffline(clientId, self);
        repeated.put(clientId, new Ending(ending.since(), nowMillis + REPEAT_MILLIS));
      }
    }
    endings.putAll(repeated);
  }

  private void sayAbsent() {
    for (String clientId : absent) {
      if (standing.isUnheardOf(clientId) && !own.containsKey(clientId)) {
        actions.sayOffline(clientId, "");
      }
    }
    absent.clear();
  }

  /**
   * Does what a charger's standing asks for.
   *
   * @param again whether it has come by a claim to a connection that is no new one: after the
   *     broker was away, an old connection may be claimed before its bridge hears of a younger one
   */
  private void settle(String clientId, boolean again) {
    Deque<Connection> all = own.get(clientId);
    if (all == null || leaving) {
      return;
    }
    Claim holder = standing.holder(clientId);
    Connection newest = all.getLast();
    for (Connection each : List.copyOf(all)) {
      if (each != newest && !isOf(holder, each)) {
        remove(clientId, each);
        actions.close(clientId, each.since, holder == null ? self : holder.bridge());
      }
    }
    if (isOf(holder, newest)) {
      if (!newest.held) {
        newest.held = true;
        endings.remove(clientId);
        actions.take(clientId, newest.since, elsewhere.remove(clientId));
      } else if (elsewhere.remove(clientId)) {
        actions.again(clientId);
      }
    } else if (newest.underWay == 0) {
      if (holder == null
          || holder.bridge().equals(self)
          || (again && holder.since() < newest.since)) {
        claim(clientId, newest);
      } else {
        closeAll(clientId, holder.bridge());
      }
    }
  }

  private boolean isOf(@Nullable Claim holder, Connection connection) {
    return holder != null && holder.bridge().equals(self) && holder.since() == connection.since;
  }

  private void claim(String clientId, Connection connection) {
    boolean again = connection.claimed;
    connection.claimed = true;
    connection.underWay++;
    actions.claim(clientId, new Claim(self, connection.since), again);
  }

  private void closeAll(String clientId, String bridge) {
    Deque<Connection> all = own.remove(clientId);
    all.forEach(each -> actions.close(clientId, each.since, bridge));
  }

  private void endLater(String clientId, long since, long dueMillis) {
    endings.put(clientId, new Ending(since, dueMillis));
  }

  private @Nullable Connection find(String clientId, long since) {
    Deque<Connection> all = own.get(clientId);
    if (all != null) {
      for (Connection each : all) {
        if (each.since == since) {
          return each;
        }
      }
    }
    return null;
  }

  private void remove(String clientId, Connection connection) {
    Deque<Connection> all = own.get(clientId);
    if (all != null) {
      all.remove(connection);
      if (all.isEmpty()) {
        own.remove(clientId);
      }
    }
  }
}
