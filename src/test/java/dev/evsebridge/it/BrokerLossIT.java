package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Cable;
import dev.evsebridge.testkit.Ledger;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.SteadySubscriber;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The broker goes away in every way there is. No message of a charger gets lost, no charger stays
 * connected to a bridge that nobody controls, and the bridge is back as soon as the broker is.
 */
@RequiresMosquitto
class BrokerLossIT {
  /** The promise is 5 s; the rest is for a loaded machine. */
  private static final Duration RECONNECTED = Duration.ofSeconds(8);

  private static final String INFO = "from_dehneEVSE/bridge/info";

  private final String serial = Serials.next();

  @Test
  void triesAtLeastEveryFiveSecondsAndListensOnlyOnceTheBrokerIsThere() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.builder().build();
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start()) {
      try (ServerSocket deafBroker =
          new ServerSocket(mosquitto.port(), 5, InetAddress.getLoopbackAddress())) {
        deafBroker.setSoTimeout(20_000);
        deafBroker.accept().close();
        for (int attempt = 0; attempt < 4; attempt++) {
          long before = System.nanoTime();
          deafBroker.accept().close();
          Duration gap = Duration.ofNanos(System.nanoTime() - before);
          assertTrue(gap.toMillis() <= 6000, () -> "tried again only after " + gap);
          assertFalse(bridge.isListening());
        }
      }
      mosquitto.start();
      bridge.awaitListening(RECONNECTED);
    }
  }

  @Test
  void losesNothingAndKeepsTheOrderOverSeveralRestartsOfTheBroker() {
    List<String> serials = List.of(Serials.next(), Serials.next(), Serials.next());
    Ledger ledger = new Ledger();
    try (Mosquitto mosquitto =
            Mosquitto.builder().persistent().setting("queue_qos0_messages true").start();
        SteadySubscriber subscriber =
            SteadySubscriber.start(mosquitto, "from_dehneEVSE/#", ledger::received);
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening()) {
      // The session of the subscriber is on disk from here on, and survives being killed.
      mosquitto.restart();
      subscriber.awaitSubscribed();
      List<RawCharger> chargers =
          serials.stream().map(each -> RawCharger.connect(bridge.port()).hello(each, 9)).toList();
      int number = 0;
      List<Consumer<Mosquitto>> endings =
          List.of(Mosquitto::stop, Mosquitto::kill, Mosquitto::stop, Mosquitto::kill);
      for (Consumer<Mosquitto> ending : endings) {
        number = send(chargers, number, 150);
        ending.accept(mosquitto);
        number = send(chargers, number, 150);
        mosquitto.start();
        number = send(chargers, number, 150);
        // Each round is to meet a connected bridge.
        for (String each : serials) {
          ledger.awaitNumber(each, number);
        }
      }
      for (String each : serials) {
        assertEquals(List.of(), ledger.missing(each, number));
        assertEquals(List.of(), ledger.outOfOrder(each));
      }
      // A short gap of the broker has cost nobody the connection.
      try (MqttProbe probe = MqttProbe.connect(mosquitto)) {
        for (int i = 0; i < serials.size(); i++) {
          probe.request(Messages.ping(serials.get(i)));
          assertEquals(WireFrame.ping(), chargers.get(i).takeFrame());
        }
      }
      chargers.forEach(RawCharger::close);
    }
  }

  @Test
  void keepsTheNewestMessagesWhenTheBufferOverflows() {
    int buffer = 50;
    try (Mosquitto mosquitto = Mosquitto.builder().persistent().start();
        MqttProbe probe = persistentProbe(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("MQTT_BUFFER", Integer.toString(buffer))
                .start()
                .awaitListening();
        RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
      send(List.of(charger), 0, 1);
      awaitReading(probe, serial, 1);
      mosquitto.stop();
      int last = send(List.of(charger), 1, 300);
      // The end of the connection shows that the bridge has dealt with all of it.
      charger.sendHead(99, 0).awaitClosed();
      mosquitto.start();
      probe.take(errorOf(serial));
      // the report of the broken protocol is the newest of the messages that fit
      assertEquals(
          LongStream.rangeClosed(last - buffer + 2, last).boxed().toList(),
          firstArrivals(probe, serial).stream().filter(sequence -> sequence > 1).toList());
    }
  }

  @Test
  void closesChargersAndPortAfterTheGracePeriodAndOpensAgain() {
    try (Mosquitto mosquitto = Mosquitto.builder().persistent().start();
        MqttProbe probe = persistentProbe(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("BRIDGE_BROKER_LOSS_GRACE", "1s")
                .start()
                .awaitListening();
        RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      mosquitto.stop();
      send(List.of(charger), 0, 3);
      charger.awaitClosed();
      Patience.until("the port is closed", () -> !bridge.isListening());
      mosquitto.start();
      bridge.awaitListening(RECONNECTED);
      String later = Serials.next();
      try (RawCharger again =
          RawCharger.connect(bridge.port()).answerLikeFirmware().hello(later, 9)) {
        probe.take(message("new_connection", later));
        Patience.until("the client is back", probe::isConnected);
        probe.request(Messages.ping(later));
        probe.take(message("response_ping", later));
        assertEquals(WireFrame.ping(), again.takeFrame());
      }
      assertEquals(List.of(1L, 2L, 3L), firstArrivals(probe, serial));
    }
  }

  @Test
  void closesChargersAndPortThoughConnectionsToTheBrokerComeAndGo() {
    try (Mosquitto mosquitto = Mosquitto.started();
        Cable cable = Cable.to(mosquitto.port());
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(cable.url())
                .environment("BRIDGE_BROKER_LOSS_GRACE", "3s")
                .start()
                .awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      long since = System.nanoTime();
      while (bridge.isListening()) {
        cutOnceItHasWorkedForAMoment(cable);
        Duration took = Duration.ofNanos(System.nanoTime() - since);
        assertTrue(took.toSeconds() <= 30, () -> "listens still after " + took);
      }
      charger.awaitClosed();
      for (int i = 0; i < 2; i++) {
        cutOnceItHasWorkedForAMoment(cable);
        assertFalse(bridge.isListening());
      }
      bridge.awaitListening(Duration.ofSeconds(30));
    }
  }

  /** What the bridge says of itself goes out once its availability has been acknowledged. */
  private static void cutOnceItHasWorkedForAMoment(Cable cable) {
    int before = cable.published(INFO);
    cable.cut();
    Patience.until("it says who it is again", () -> cable.published(INFO) > before);
  }

  @Test
  void noticesAFrozenBrokerAndTreatsItAsOneThatIsGone() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = impatient(mosquitto.url()).start().awaitListening()) {
      assertSurvivesSilence(bridge, probe, mosquitto::freeze, mosquitto::thaw);
    }
  }

  @Test
  void noticesANetworkThatDropsEverything() {
    try (Mosquitto mosquitto = Mosquitto.started();
        Cable cable = Cable.to(mosquitto.port());
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = impatient(cable.url()).start().awaitListening()) {
      assertSurvivesSilence(bridge, probe, cable::block, cable::unblock);
    }
  }

  private static BridgeProcess.Builder impatient(String broker) {
    return BridgeProcess.connectingTo(broker)
        .environment("MQTT_KEEP_ALIVE", "1s")
        .environment("BRIDGE_BROKER_LOSS_GRACE", "1s");
  }

  private void assertSurvivesSilence(
      BridgeProcess bridge, MqttProbe probe, Runnable silence, Runnable voice) {
    try (RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      silence.run();
      long since = System.nanoTime();
      send(List.of(charger), 0, 20);
      charger.awaitClosed();
      Duration took = Duration.ofNanos(System.nanoTime() - since);
      // three times the keep-alive and the grace period; the rest is for a loaded machine
      assertTrue(took.toMillis() <= 4_000 + 4_000, () -> "noticed only after " + took);
      Patience.until("the port is closed", () -> !bridge.isListening());
      voice.run();
      bridge.awaitListening(RECONNECTED);
    }
    // a serial of its own: what was sent before the silence may be delivered twice
    String later = Serials.next();
    try (RawCharger again =
        RawCharger.connect(bridge.port()).answerLikeFirmware().hello(later, 9)) {
      probe.take(message("new_connection", later));
      probe.request(Messages.setPwm(later, 16));
      probe.take(message("response_set_pwm_percent", later));
      assertEquals(WireFrame.setPwm(16), again.takeFrame());
      assertEquals(LongStream.rangeClosed(1, 20).boxed().toList(), firstArrivals(probe, serial));
    }
  }

  @Test
  void noticesAFrozenBrokerWhenNothingIsToBePublished() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = impatient(mosquitto.url()).start().awaitListening();
        RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      mosquitto.freeze();
      charger.awaitClosed();
      Patience.until("the port is closed", () -> !bridge.isListening());
      mosquitto.thaw();
      bridge.awaitListening(RECONNECTED);
    }
  }

  @Test
  void doesNotFightWithAnotherClientOfTheSameIdAllTheTime() {
    try (Mosquitto mosquitto = Mosquitto.started();
        Cable cable = Cable.to(mosquitto.port());
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge = BridgeProcess.connectingTo(cable.url()).start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      try (MqttProbe other =
          MqttProbe.builder(mosquitto.url())
              .clientId("dehneevse_mqtt_bridge")
              .reconnecting()
              .connect()) {
        cable.awaitConnections(3);
        Patience.until("the other one is back", other::isConnected);
        long since = System.nanoTime();
        cable.awaitConnections(4);
        Duration took = Duration.ofNanos(System.nanoTime() - since);
        assertTrue(took.toSeconds() >= 2, () -> "threw the other one out after " + took);
      }
      // it may have thrown the bridge out once more before it left
      Patience.until(
          "a request is answered",
          () -> {
            probe.request(Messages.ping(serial));
            return !probe.untaken(message("response_ping", serial)).isEmpty();
          });
      assertTrue(charger.isOpen());
    }
  }

  @Test
  void keepsTryingWithAWrongPasswordAndLetsNobodyInUntilItIsRight() {
    try (Mosquitto mosquitto =
            Mosquitto.builder().user("bridge", "another").user("watcher", "w").start();
        Cable cable = Cable.to(mosquitto.port());
        BridgeProcess bridge =
            BridgeProcess.connectingTo(cable.url())
                .environment("MQTT_USERNAME", "bridge")
                .environment("MQTT_PASSWORD", "correct horse")
                .start()) {
      cable.awaitConnections(3);
      assertTrue(bridge.isRunning());
      assertFalse(bridge.isListening());
      mosquitto.changePassword("bridge", "correct horse");
      bridge.awaitListening(RECONNECTED);
      try (MqttProbe probe =
              MqttProbe.builder(mosquitto.url())
                  .user("watcher", "w")
                  .subscribingTo("from_dehneEVSE/#")
                  .connect();
          RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
        probe.take(message("new_connection", serial));
        assertTrue(charger.isOpen());
      }
    }
  }

  private static MqttProbe persistentProbe(Mosquitto mosquitto) {
    return MqttProbe.builder(mosquitto.url())
        .subscribingTo("from_dehneEVSE/#")
        .keepingSession()
        .reconnecting()
        .connect();
  }

  /** Each charger sends so many readings; their uptime is their number. */
  private static int send(List<RawCharger> chargers, int after, int howMany) {
    for (int number = after + 1; number <= after + howMany; number++) {
      WireFrame frame = Ledger.reading(number);
      chargers.forEach(charger -> charger.send(frame));
    }
    return after + howMany;
  }

  private static long sequenceOf(Message reading) {
    return reading.json().path("measurements").path("uptime_milliseconds").asLong();
  }

  private static void awaitReading(MqttProbe probe, String clientId, long sequence) {
    Patience.until(
        "reading " + sequence + " of " + clientId,
        () -> firstArrivals(probe, clientId).contains(sequence));
  }

  /** The numbers of the readings that came, in order; of those that came twice the first. */
  private static List<Long> firstArrivals(MqttProbe probe, String clientId) {
    Set<Long> sequences = new LinkedHashSet<>();
    probe
        .untaken(message("response_collect_data", clientId))
        .forEach(reading -> sequences.add(sequenceOf(reading)));
    return List.copyOf(sequences);
  }
}
