package dev.evsebridge.several;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * A model of up to four bridges, their chargers and a broker that takes one message after the
 * other. What is on its way stays there for as long as chance wants; but time goes by only when
 * everything has arrived: a network is faster than a second.
 */
final class Fleet {

  private static final int BEAT_UNTIL_MILLIS = 35_000;
  private static final int BEAT_MILLIS = 10_000;

  /** A message, to the broker or from it. */
  private sealed interface Said {}

  private record Online(String clientId, Claim claim, boolean again) implements Said {}

  private record Offline(String clientId, String bridge) implements Said {}

  private record BridgeOnline(String bridge, int link) implements Said {}

  private record BridgeOffline(String bridge) implements Said {}

  private record Request(int number, String clientId, boolean asReferee) implements Said {}

  /** The open socket of a charger, at the bridge's end; the charger may have left it. */
  private record Socket(Bridge bridge, String clientId, long since) {}

  /** What became of a request. */
  private static final class Outcome {
    private final String clientId;
    private int carriedOut;
    private int notConnected;

    /** It was on its way to a bridge that has lost the broker. */
    private boolean excused;

    Outcome(String clientId) {
      this.clientId = clientId;
    }
  }

  private final class Bridge implements Claims.Actions {
    private final String name;
    private Claims claims;
    private boolean running;
    private boolean linked;
    private int link;
    private boolean shared;
    private long beatAt;
    private final Deque<Said> toBroker = new ArrayDeque<>();
    private final Deque<Said> fromBroker = new ArrayDeque<>();
    private final Map<Long, Socket> unregistered = new LinkedHashMap<>();
    private final Map<String, Socket> registered = new HashMap<>();

    Bridge(String name) {
      this.name = name;
      claims = new Claims(name, this);
    }

    @Override
    public void claim(String clientId, Claim claim, boolean again) {
      if (linked) {
        toBroker.add(new Online(clientId, claim, again));
      }
    }

    @Override
    public void sayOffline(String clientId, String bridge) {
      if (linked) {
        toBroker.add(new Offline(clientId, bridge));
      }
    }

    @Override
    public void take(String clientId, long since, boolean moved) {
      Socket socket = unregistered.remove(since);
      if (socket != null) {
        Socket replaced = registered.put(clientId, socket);
        if (replaced != null) {
          open.remove(replaced);
          claims.disconnected(clientId, replaced.since(), now);
        }
      }
    }

    @Override
    public void unheard(String clientId) {}

    @Override
    public void again(String clientId) {
      assertTrue(registered.containsKey(clientId), () -> clientId + " is not connected");
    }

    @Override
    public void keep(String clientId) {
      assertTrue(!registered.containsKey(clientId), () -> clientId + " is connected");
      kept++;
    }

    @Override
    public void close(String clientId, long since, String bridge) {
      closings++;
      Socket socket = new Socket(this, clientId, since);
      assertTrue(open.contains(socket), () -> "closed twice: " + socket);
      if (!bridge.equals(name)) {
        assertTrue(claimedBy.contains(bridge + clientId), () -> "nobody else claims " + clientId);
      }
      forget(socket);
    }

    @Override
    public void greet() {
      toBroker.add(new BridgeOnline(name, link));
    }

    private void forget(Socket socket) {
      open.remove(socket);
      unregistered.remove(socket.since());
      registered.remove(socket.clientId(), socket);
    }

    void connect() {
      linked = true;
      link = ++links;
      shared = false;
      claims.begin();
      retained.values().forEach(fromBroker::add);
      beatAt = now + BEAT_MILLIS;
      toBroker.add(new BridgeOnline(name, link));
    }

    /** The broker is gone for this bridge; what it had sent may be lost. */
    void unlink() {
      linked = false;
      shared = false;
      toBroker.clear();
      for (Said lost : fromBroker) {
        if (lost instanceof Request request) {
          outcome(request.number()).excused = true;
        }
      }
      fromBroker.clear();
      claims.lost();
    }

    void hear(Said said) {
      if (said instanceof Online online) {
        claims.claimed(online.clientId(), online.claim(), online.again(), now);
      } else if (said instanceof Offline offline) {
        claims.saidOffline(offline.clientId(), offline.bridge());
      } else if (said instanceof BridgeOnline online) {
        if (online.bridge().equals(name) && online.link() == link) {
          claims.greeted(now);
          shared = true;
        }
        claims.bridgeOnline(online.bridge(), now + BEAT_UNTIL_MILLIS);
      } else if (said instanceof BridgeOffline offline) {
        claims.bridgeOffline(offline.bridge(), now);
      } else if (said instanceof Request request) {
        answer(request);
      }
    }

    private void answer(Request request) {
      String clientId = request.clientId();
      boolean mine =
          request.asReferee()
              ? claims.holder(clientId) == null
              : name.equals(claims.holder(clientId));
      if (!mine) {
        return;
      }
      Outcome outcome = outcome(request.number());
      Socket socket = registered.get(clientId);
      if (socket == null) {
        outcome.notConnected++;
      } else {
        outcome.carriedOut++;
        if (socket.equals(newest.get(clientId))) {
          int before =
              Objects.requireNonNullElse(lastCarriedOut.put(clientId, request.number()), 0);
          assertTrue(
              before < request.number(),
              () -> "%s: %d after %d".formatted(clientId, request.number(), before));
        }
      }
    }
  }

  private final Random random;
  private final List<Bridge> bridges = new ArrayList<>();
  private final List<String> chargers;
  private final Map<String, Said> retained = new TreeMap<>();
  private final Set<Socket> open = new HashSet<>();
  private final Set<String> claimedBy = new HashSet<>();
  private final Map<String, Socket> newest = new HashMap<>();
  private final Map<Integer, Outcome> outcomes = new HashMap<>();
  private final Map<String, Integer> lastCarriedOut = new HashMap<>();
  private boolean brokerUp = true;
  private long now = 1_000_000;
  private long lastSince;
  private int links;
  private int requests;
  int closings;
  int kept;
  int carriedOut;
  int notConnected;
  int faults;

  Fleet(long seed) {
    random = new Random(seed);
    int count = 2 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      Bridge bridge = new Bridge("bridge-" + (char) ('a' + i));
      bridges.add(bridge);
      start(bridge);
    }
    chargers = List.of("C1", "C2", "C3").subList(0, 1 + random.nextInt(3));
  }

  private void start(Bridge bridge) {
    bridge.claims = new Claims(bridge.name, bridge);
    bridge.running = true;
    if (brokerUp) {
      bridge.connect();
    }
  }

  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      step();
    }
  }

  private void step() {
    Bridge bridge = bridges.get(random.nextInt(bridges.size()));
    String charger = chargers.get(random.nextInt(chargers.size()));
    if (random.nextInt(8) == 0) {
      recover(bridge);
    }
    int dice = random.nextInt(100);
    if (dice < 40) {
      hearOne(bridge);
    } else if (dice < 60) {
      takeOne(bridge);
    } else if (dice < 78) {
      request(charger);
    } else if (dice < 86) {
      connect(charger, bridge);
    } else if (dice < 89) {
      leave(charger);
    } else if (dice < 96) {
      drain();
      pass(random.nextInt(5) == 0 ? 25_000 : 300 + random.nextInt(3_000));
    } else {
      fault(bridge);
    }
  }

  private void recover(Bridge bridge) {
    brokerUp = true;
    if (bridge.running) {
      relink(bridge);
    } else {
      start(bridge);
    }
  }

  private void hearOne(Bridge bridge) {
    Said next = bridge.fromBroker.poll();
    if (next != null) {
      bridge.hear(next);
    }
  }

  private void takeOne(Bridge bridge) {
    Said next = bridge.toBroker.poll();
    if (next != null && brokerUp) {
      publish(next);
    }
  }

  private void publish(Said said) {
    if (said instanceof Online online) {
      claimedBy.add(online.claim().bridge() + online.clientId());
      retained.put("charger/" + online.clientId(), said);
    } else if (said instanceof Offline offline) {
      assertTrue(!isHeld(offline.clientId()), () -> offline + " while it is connected");
      retained.put("charger/" + offline.clientId(), said);
    } else if (said instanceof BridgeOnline online) {
      retained.put("bridge/" + online.bridge(), said);
    } else if (said instanceof BridgeOffline offline) {
      retained.put("bridge/" + offline.bridge(), said);
    }
    bridges.stream().filter(each -> each.linked).forEach(each -> each.fromBroker.add(said));
  }

  private void request(String charger) {
    if (!brokerUp) {
      return;
    }
    int number = ++requests;
    Outcome outcome = new Outcome(charger);
    outcomes.put(number, outcome);
    // Only the end of its signs of life will tell that it went while the broker was down.
    outcome.excused = bridges.stream().anyMatch(this::readsOnlineFromBefore);
    publish(new Request(number, charger, false));
    List<Bridge> referees = bridges.stream().filter(each -> each.shared).toList();
    if (referees.isEmpty()) {
      outcome.excused = true;
    } else {
      referees
          .get(random.nextInt(referees.size()))
          .fromBroker
          .add(new Request(number, charger, true));
    }
  }

  private boolean isHeld(String charger) {
    Socket socket = newest.get(charger);
    return retained.get("charger/" + charger) instanceof Online online
        && socket != null
        && open.contains(socket)
        && online.claim().equals(new Claim(socket.bridge().name, socket.since()))
        && socket.bridge().linked
        && readsOnline(socket.bridge());
  }

  private Outcome outcome(int number) {
    return Objects.requireNonNull(outcomes.get(number));
  }

  private boolean readsOnline(Bridge bridge) {
    return retained.get("bridge/" + bridge.name) instanceof BridgeOnline;
  }

  private boolean readsOnlineFromBefore(Bridge bridge) {
    return retained.get("bridge/" + bridge.name) instanceof BridgeOnline online
        && (!bridge.linked || online.link() != bridge.link);
  }

  /** The charger makes a new connection; the old one, if there is one, is dead, unnoticed. */
  private void connect(String charger, Bridge bridge) {
    if (bridge.running) {
      lastSince = Math.max(lastSince + 1, now);
      Socket socket = new Socket(bridge, charger, lastSince);
      open.add(socket);
      newest.put(charger, socket);
      bridge.unregistered.put(lastSince, socket);
      bridge.claims.connected(charger, lastSince);
    }
  }

  private void leave(String charger) {
    Socket socket = newest.remove(charger);
    if (socket != null && open.contains(socket)) {
      socket.bridge().forget(socket);
      socket.bridge().claims.disconnected(charger, socket.since(), now);
    }
  }

  private void fault(Bridge bridge) {
    faults++;
    switch (random.nextInt(5)) {
      case 0, 1 -> {
        if (bridge.running) {
          kill(bridge);
        } else {
          start(bridge);
        }
      }
      case 2 -> loseLink(bridge);
      case 3 -> stopBroker(random.nextBoolean());
      default -> drain();
    }
  }

  private void kill(Bridge bridge) {
    Set<Socket> others = new HashSet<>(open);
    others.removeIf(each -> each.bridge() == bridge);
    bridge.running = false;
    loseLink(bridge);
    open.removeIf(each -> each.bridge() == bridge);
    bridge.unregistered.clear();
    bridge.registered.clear();
    assertEquals(others, open);
  }

  /** It is cut off, or was frozen for too long: the broker says its will. */
  private void loseLink(Bridge bridge) {
    if (bridge.linked) {
      bridge.unlink();
      publish(new BridgeOffline(bridge.name));
    }
  }

  private void relink(Bridge bridge) {
    if (bridge.running && !bridge.linked && brokerUp) {
      bridge.connect();
    }
  }

  private void stopBroker(boolean keepsRetained) {
    if (brokerUp) {
      brokerUp = false;
      bridges.stream().filter(each -> each.linked).forEach(Bridge::unlink);
      if (!keepsRetained) {
        retained.clear();
      }
    }
  }

  /** Everything that is on its way arrives. */
  private void drain() {
    boolean more = true;
    while (more) {
      more = false;
      for (Bridge bridge : bridges) {
        if (!bridge.toBroker.isEmpty() || !bridge.fromBroker.isEmpty()) {
          more = true;
          takeOne(bridge);
          hearOne(bridge);
        }
      }
    }
  }

  private void pass(int millis) {
    for (long end = now + millis; now < end; ) {
      now += Math.min(250, end - now);
      for (Bridge bridge : bridges) {
        if (!bridge.running) {
          continue;
        }
        bridge.claims.tick(now);
        if (bridge.linked && bridge.beatAt <= now) {
          bridge.beatAt = now + BEAT_MILLIS;
          bridge.greet();
        }
      }
      drain();
    }
  }

  /** Lets everybody find together again, and looks at what holds then. */
  void settle() {
    drain();
    brokerUp = true;
    bridges.forEach(this::relink);
    drain();
    pass(90_000);
    for (String charger : chargers) {
      check(charger);
    }
    for (String charger : chargers) {
      request(charger);
      drain();
      Outcome last = outcome(requests);
      boolean connected = open.stream().anyMatch(each -> each.clientId().equals(charger));
      assertEquals(connected ? 1 : 0, last.carriedOut, charger + " carried out");
      if (bridges.stream().anyMatch(each -> each.running)) {
        assertEquals(connected ? 0 : 1, last.notConnected, charger + " not connected");
      }
    }
    outcomes.forEach(this::check);
  }

  private void check(String charger) {
    List<Socket> sockets = open.stream().filter(each -> each.clientId().equals(charger)).toList();
    assertTrue(sockets.size() <= 1, () -> "open: " + sockets);
    Said said = retained.get("charger/" + charger);
    if (sockets.isEmpty()) {
      boolean living = bridges.stream().anyMatch(each -> each.running);
      assertTrue(!living || !(said instanceof Online), () -> charger + " is not offline: " + said);
      List<Bridge> keepers =
          bridges.stream()
              .filter(each -> each.running && each.name.equals(each.claims.keeper(charger)))
              .toList();
      assertTrue(keepers.size() <= 1, () -> charger + " has several keepers");
    } else {
      Socket socket = sockets.get(0);
      assertTrue(
          said instanceof Online online
              && online.claim().equals(new Claim(socket.bridge().name, socket.since())),
          () -> socket + " reads " + said);
      assertEquals(socket, socket.bridge().registered.get(charger));
    }
  }

  private void check(int number, Outcome outcome) {
    int count = outcome.carriedOut + outcome.notConnected;
    carriedOut += outcome.carriedOut;
    notConnected += outcome.notConnected;
    assertTrue(count <= 1, () -> "request %d to %s: %d".formatted(number, outcome.clientId, count));
    assertTrue(
        count == 1 || outcome.excused,
        () -> "request %d to %s has no outcome".formatted(number, outcome.clientId));
  }
}
