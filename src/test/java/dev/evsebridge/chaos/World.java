package dev.evsebridge.chaos;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;

import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.soak.Requests;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Cable;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RoutesFolder;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.SteadySubscriber;
import dev.evsebridge.testkit.WireFrame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Everything that one run has to do with: a broker, the cable to it, a bridge whose output is read,
 * chargers without fault, and a client that sends requests all the time. Faults happen to it.
 */
final class World implements AutoCloseable {
  static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(2);
  static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(3);
  static final Duration IDLE_TIMEOUT = Duration.ofSeconds(10);
  static final Duration FIRMWARE_TIMEOUT = Duration.ofSeconds(8);
  static final Duration KEEP_ALIVE = Duration.ofSeconds(5);
  static final Duration GRACE = Duration.ofSeconds(4);
  static final int LARGEST_PACKET = 250_000;

  /** What docs/faults.md allows on top of the grace period, if connections come and go. */
  static final Duration PROOF = Duration.ofSeconds(20);

  /** What docs/faults.md allows until silence of the broker is noticed. */
  static final Duration SILENCE = KEEP_ALIVE.multipliedBy(3);

  /** For a machine that is loaded or slow; comes on top of what docs/faults.md allows. */
  static final Duration SLACK = Duration.ofSeconds(10);

  /** docs/faults.md: within 5 s of its return. */
  private static final Duration RECONNECTED = Duration.ofSeconds(5);

  /** Two time-outs in a row end a connection; a reload may make a request wait for 8 s before. */
  private static final Duration OUTCOME =
      REQUEST_TIMEOUT.multipliedBy(2).plusSeconds(8).plus(SLACK);

  /** After 10 s a connection to the broker has proved that it works. */
  private static final Duration SETTLED = Duration.ofSeconds(12);

  private static final int CHARGERS = 5;
  private static final int SIMULATED = 2;
  private static final long LOOK_NANOS = Duration.ofMillis(20).toNanos();

  private final Mosquitto mosquitto;
  private final Cable cable;
  private final BridgeProcess bridge;
  private final OutputReader output;
  private final List<ReturningCharger> chargers;
  private final Simulator simulator;
  private final Requests requests;
  private final SteadySubscriber subscriber;
  private final Thread requester;
  private MqttProbe probe;
  private int replies;
  private int brokerConnections;
  private long brokerConnectionsAtNanos = System.nanoTime();

  World(long seed, Path log) {
    mosquitto =
        Mosquitto.builder()
            .persistent()
            .quiet()
            .setting("queue_qos0_messages true")
            .setting("max_packet_size " + LARGEST_PACKET)
            .start();
    cable = Cable.to(mosquitto.port());
    bridge =
        BridgeProcess.connectingTo(cable.url())
            .outputUnread()
            .environment("EVSE_REQUEST_TIMEOUT", seconds(REQUEST_TIMEOUT))
            .environment("EVSE_HANDSHAKE_TIMEOUT", seconds(HANDSHAKE_TIMEOUT))
            .environment("EVSE_FIRMWARE_TIMEOUT", seconds(FIRMWARE_TIMEOUT))
            .environment("EVSE_IDLE_TIMEOUT", seconds(IDLE_TIMEOUT))
            .environment("MQTT_KEEP_ALIVE", seconds(KEEP_ALIVE))
            .environment("BRIDGE_BROKER_LOSS_GRACE", seconds(GRACE))
            .environment("BRIDGE_LOG_LEVEL", "DEBUG")
            .start();
    output = new OutputReader(log);
    output.read(bridge.unreadOutput());
    bridge.awaitListening();
    chargers =
        Stream.generate(() -> new ReturningCharger(bridge.port(), Serials.next()))
            .limit(CHARGERS)
            .toList();
    simulator =
        new Simulator(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), bridge.port()),
            SIMULATED,
            SimulatorTiming.DEFAULT.fasterBy(10),
            Scenario.MIXED,
            seed);
    simulator.start();
    List<String> serials =
        Stream.concat(
                chargers.stream().map(ReturningCharger::serial),
                simulator.chargers().stream().map(SimulatedCharger::serial))
            .toList();
    requests = new Requests(mosquitto, serials, seed);
    subscriber =
        SteadySubscriber.start(mosquitto, "+/+", (topic, payload) -> requests.received(topic));
    requests.pause();
    Duration unused = requests.resume();
    requester = new Thread(requests, "requests");
    requester.setDaemon(true);
    requester.start();
    probe = newProbe();
  }

  private static String seconds(Duration duration) {
    return duration.toSeconds() + "s";
  }

  // --- what faults find

  Mosquitto mosquitto() {
    return mosquitto;
  }

  Cable cable() {
    return cable;
  }

  BridgeProcess bridge() {
    return bridge;
  }

  OutputReader output() {
    return output;
  }

  int port() {
    return bridge.port();
  }

  Requests requests() {
    return requests;
  }

  /** A client that hears everything that is published during this fault. */
  MqttProbe probe() {
    return probe;
  }

  RoutesFolder routes() {
    return new RoutesFolder(bridge, probe);
  }

  /** One of the chargers without fault. */
  ReturningCharger anyCharger() {
    return chargers.get(0);
  }

  /** One more charger, known to the bridge; it answers nothing by itself. */
  RawCharger charger(String serial) {
    RawCharger charger = RawCharger.connect(port()).hello(serial, 9);
    Message unused = probe.take(message("new_connection", serial));
    return charger;
  }

  /** Sends a request, and returns the topic on which its outcome must come. */
  String ask(String request) {
    String topic = replyTopic();
    probe.request(request, topic, "");
    return topic;
  }

  /** A topic for the outcome of one request. */
  String replyTopic() {
    return MqttProbe.MESSAGE_TOPIC + "/chaos/" + replies++;
  }

  /** The one response or error that has come for the request with this topic. */
  Message outcome(String topic) {
    Message outcome = probe.take(onTopic(topic), OUTCOME);
    check(probe.untaken(onTopic(topic)).isEmpty(), "a request with two outcomes: " + outcome);
    return outcome;
  }

  /** The outcome is an error with one of these codes. */
  void assertError(String topic, String... codes) {
    Message outcome = outcome(topic);
    check(
        List.of(codes).contains(outcome.field("error")),
        "expected " + List.of(codes) + " but was " + outcome);
  }

  void assertServes() {
    String topic = ask(Messages.ping(anyCharger().serial()));
    Message outcome = outcome(topic);
    check(outcome.isType("response_ping"), "a good charger was not asked: " + outcome);
  }

  static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  static void pause(Duration time) {
    LockSupport.parkNanos(time.toNanos());
  }

  /**
   * Nobody who is silent is kept: neither who has never said hello, nor a charger of which nothing
   * comes any more. To be called while nothing else happens: time in which the bridge does not read
   * does not count.
   */
  void assertSilentConnectionsAreClosed() {
    try (RawCharger stranger = RawCharger.connect(port());
        RawCharger charger = charger(Serials.next()).send(WireFrame.of(WireFrame.NOTIFY))) {
      long since = System.nanoTime();
      stranger.awaitClosed(HANDSHAKE_TIMEOUT.plus(SLACK));
      check(
          charger.isOpen() || elapsed(since).compareTo(IDLE_TIMEOUT) >= 0,
          "a charger was disconnected before its time");
      charger.awaitClosed(IDLE_TIMEOUT.plus(SLACK).minus(elapsed(since)));
    }
  }

  // --- nobody can control the chargers

  /**
   * Lets the bridge lose the broker. Chargers stay connected through the grace period, are let go
   * within the time that docs/faults.md says, and requests are taken again soon after.
   *
   * @param limit after which nobody may be connected, without slack for a slow machine
   * @param hold how long it lasts; longer than the limit means until chargers are let go
   * @param recovery after which requests must be taken again, without slack
   * @param inflict begins it, and may be called while it goes on
   * @param restore ends it
   */
  void withoutControl(
      Duration limit, Duration hold, Duration recovery, Runnable inflict, Runnable restore) {
    boolean settled = isBrokerConnectionSettled();
    List<Integer> before = connections();
    quieten();
    long since = System.nanoTime();
    try {
      inflict.run();
      boolean letGo = false;
      while (!letGo && elapsed(since).compareTo(hold) < 0) {
        Duration now = elapsed(since);
        letGo = nobodyIsConnected();
        if (now.compareTo(limit.plus(SLACK)) > 0) {
          check(letGo, "chargers are connected though nobody has controlled them for " + now);
        }
        LockSupport.parkNanos(LOOK_NANOS);
      }
      if (settled
          && hold.compareTo(GRACE.minusSeconds(1)) < 0
          && elapsed(since).compareTo(GRACE) < 0) {
        boolean stayed = chargers.stream().allMatch(ReturningCharger::isConnected);
        check(
            stayed && before.equals(connections()), "chargers were let go within the grace period");
      }
    } finally {
      restore.run();
    }
    long back = System.nanoTime();
    subscriber.awaitSubscribed();
    Duration unused = requests.resume();
    Duration took = elapsed(back);
    Duration promised = recovery.plus(SLACK);
    check(took.compareTo(promised) <= 0, "requests were taken only " + took + " after the end");
  }

  /**
   * Whether the connection to the broker has lasted. A loss soon after the one before belongs to
   * the same grace period, of which nobody knows here how much is left.
   */
  private boolean isBrokerConnectionSettled() {
    noteBrokerConnections();
    return elapsed(brokerConnectionsAtNanos).compareTo(SETTLED) > 0;
  }

  /** To be called now and then. */
  void noteBrokerConnections() {
    int now = cable.connections();
    if (now != brokerConnections) {
      brokerConnections = now;
      brokerConnectionsAtNanos = System.nanoTime();
    }
  }

  /** A short time within the grace period, or at times one until chargers are let go. */
  static Duration anyHold(Random random) {
    return random.nextInt(3) == 0
        ? Duration.ofDays(1)
        : Duration.ofMillis(random.nextInt(100, (int) GRACE.toMillis() - 1_500));
  }

  static Duration reconnection() {
    return RECONNECTED;
  }

  static Duration elapsed(long sinceNanos) {
    return Duration.ofNanos(System.nanoTime() - sinceNanos);
  }

  private boolean nobodyIsConnected() {
    return chargers.stream().noneMatch(ReturningCharger::isConnected) && !bridge.isListening();
  }

  /** How often each charger without fault has connected. */
  List<Integer> connections() {
    return chargers.stream().map(ReturningCharger::connections).toList();
  }

  void awaitChargers() {
    Patience.until(
        "all chargers are connected",
        () -> chargers.stream().allMatch(ReturningCharger::isConnected));
    chargers.forEach(charger -> awaitAnswer(charger.serial()));
  }

  /** The bridge may still find out that the charger has a new connection. */
  private void awaitAnswer(String serial) {
    Patience.until(
        "charger " + serial + " answers",
        () -> outcome(ask(Messages.ping(serial))).isType("response_ping"));
  }

  // --- from one fault to the next

  /** Sends no more requests, and returns when all so far have their outcome. */
  void quieten() {
    requests.pause();
    Patience.until("an outcome for each request", OUTCOME, () -> requests.unanswered().isEmpty());
  }

  /** The next fault finds a client that remembers nothing of the last one. */
  void tidyUp(Fault last) {
    if (last.reach() == Fault.Reach.NOBODY) {
      probe.forget();
    } else {
      probe.close();
      probe = newProbe();
    }
  }

  private MqttProbe newProbe() {
    return MqttProbe.builder(mosquitto.url())
        .subscribingTo(MqttProbe.MESSAGE_TOPIC + "/#")
        .reconnecting()
        .connect();
  }

  /** Starts the bridge again in its folder, and returns when it serves chargers. */
  void startBridge() {
    bridge.start();
    output.read(bridge.unreadOutput());
    bridge.awaitListening();
  }

  /** What is wrong with requests so far; empty if nothing is. */
  List<String> faultsOfRequests() {
    List<String> faults = new ArrayList<>();
    List<String> late = requests.lasting(OUTCOME);
    if (!late.isEmpty()) {
      faults.add(late.size() + " requests without an outcome in time, such as " + late.get(0));
    }
    List<String> twice = requests.endedTwice();
    if (!twice.isEmpty()) {
      faults.add(twice.size() + " requests with two outcomes, such as " + twice.get(0));
    }
    return faults;
  }

  @Override
  public void close() {
    requests.stop();
    chargers.forEach(ReturningCharger::close);
    simulator.close();
    probe.close();
    subscriber.close();
    bridge.close();
    cable.close();
    mosquitto.close();
  }
}
