package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.SteadySubscriber;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Where the configuration comes from, when chargers are let in, and how everything ends. */
@RequiresMosquitto
class StartAndStopIT {
  private final String serial = Serials.next();

  @Test
  void theCommandLineBeatsTheEnvironmentBeatsTheFileBeatsThePropertiesBeatTheDefault() {
    int port = FreePort.find();
    int wrongPort = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.builder(mosquitto.url()).subscribingTo("#").connect();
        BridgeProcess bridge =
            BridgeProcess.builder()
                .listeningOn(port)
                .arguments("-h", mosquitto.url(), "--mqtt_topic_publish", "by/line")
                .environment("EVSE_BIND_PORT", Integer.toString(wrongPort))
                .environment("MQTT_BROKER", "tcp://127.0.0.1:" + wrongPort)
                .environment("MQTT_TOPIC_PUBLISH", "by/environment")
                .environment("MQTT_TOPIC_SUBSCRIBE", "to/environment")
                .toml(
                    "[ evse ]",
                    "bind_port = " + wrongPort,
                    "[ mqtt ]",
                    "topic_publish = \"by/file\"",
                    "topic_subscribe = \"to/file\"",
                    "[ evse_name ]",
                    "id_" + serial + " = \"Named by file\"")
                .property("evse.bind_port", Integer.toString(wrongPort))
                .property("mqtt.topic_publish", "by/properties")
                .property("mqtt.topic_subscribe", "to/properties")
                .property("evse_name.id_" + serial, "Named by properties")
                .property("evse.handshake_timeout", "300ms")
                .start()
                .awaitListening();
        RawCharger mute = RawCharger.connect(port);
        RawCharger charger = RawCharger.connect(port).answerLikeFirmware().hello(serial, 9)) {
      Message connection =
          probe.take(each -> each.text().equals(Messages.newConnection("Named by file", 9)));
      assertEquals("by/line", connection.topic());
      probe.publish("to/properties", Messages.setPwm("Named by file", 1).getBytes(UTF_8));
      probe.publish("to_dehneEVSE", Messages.setPwm("Named by file", 2).getBytes(UTF_8));
      probe.publish("to/file", Messages.setPwm("Named by file", 3).getBytes(UTF_8));
      probe.publish("to/environment", Messages.setPwm("Named by file", 4).getBytes(UTF_8));
      assertEquals(WireFrame.setPwm(4), charger.takeFrame());
      Message response = probe.take(each -> each.isType("response_set_pwm_percent"));
      assertEquals("by/line", response.topic());
      mute.awaitClosed(Duration.ofSeconds(5));
      assertFalse(FreePort.accepts(wrongPort));
      assertTrue(bridge.isRunning());
    }
  }

  @Test
  void theOriginalsFileAloneIsEnough() {
    int port = FreePort.find();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.builder(mosquitto.url()).subscribingTo("#").connect();
        BridgeProcess bridge =
            BridgeProcess.builder()
                .awaitedOn(port)
                .file(
                    "my bridge.toml",
                    String.join(
                        "\n",
                        "",
                        "[ evse ]",
                        "bind_address = \"[::]\"",
                        "bind_port = " + port,
                        "",
                        "[ mqtt ]",
                        "broker = \"" + mosquitto.url() + "\"",
                        "topic_subscribe = \"to_garage\"",
                        "topic_publish = \"from_garage\"",
                        "",
                        "# Mappes the serial number of the DehneEVSE to a usable name,",
                        "# which is used on the MQTT messages. Prefix with \"id_\"",
                        "[ evse_name ]",
                        "id_" + serial + " = \"Charger 1\"",
                        ""))
                .arguments("-c", "my bridge.toml")
                .start()
                .awaitListening();
        RawCharger charger = RawCharger.connect(port).hello(serial, 4)) {
      Message connection = probe.take(each -> each.isType("new_connection"));
      assertEquals(Messages.newConnection("Charger 1", 4), connection.text());
      assertEquals("from_garage", connection.topic());
      probe.publish("to_garage", Messages.ping("Charger 1").getBytes(UTF_8));
      assertEquals(WireFrame.ping(), charger.takeFrame());
      assertTrue(bridge.isRunning());
    }
  }

  @Test
  void letsNobodyInEvenForAMomentBeforeTheBrokerIsThere() throws IOException {
    try (ServerSocketChannel silentBroker =
            ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        BridgeProcess bridge =
            BridgeProcess.connectingTo("tcp://127.0.0.1:" + silentBroker.socket().getLocalPort())
                .start()) {
      silentBroker.configureBlocking(false);
      int letIn = 0;
      SocketChannel asked = null;
      while (asked == null && bridge.isRunning()) {
        letIn += bridge.isListening() ? 1 : 0;
        asked = silentBroker.accept();
      }
      assertNotNull(asked);
      asked.close();
      assertEquals(0, letIn);
    }
  }

  @Test
  void keepsTryingAndLetsChargersInOnlyOnceTheBrokerIsThere() throws IOException {
    try (Mosquitto mosquitto = Mosquitto.builder().build();
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start()) {
      try (ServerSocket deafBroker =
          new ServerSocket(mosquitto.port(), 5, InetAddress.getLoopbackAddress())) {
        deafBroker.setSoTimeout(20_000);
        deafBroker.accept().close();
        long firstAttempt = System.nanoTime();
        deafBroker.accept().close();
        assertTrue(Duration.ofNanos(System.nanoTime() - firstAttempt).toSeconds() <= 6);
        assertFalse(bridge.isListening());
      }
      mosquitto.start();
      bridge.awaitListening(Duration.ofSeconds(15));
      try (MqttProbe probe = MqttProbe.connect(mosquitto);
          RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
        probe.take(message("new_connection", serial));
        assertTrue(charger.isOpen());
      }
    }
  }

  @Test
  void endsCleanlyWithRequestsInFlight() {
    try (Installation installation = Installation.asDelivered().start()) {
      RawCharger charger = installation.charger(serial);
      MqttProbe probe = installation.probe();
      probe.request(Messages.ping(serial));
      probe.request(Messages.setPwm(serial, 16));
      charger.takeFrame();
      installation.awaitRequestsDone();
      int status = installation.bridge().stop();
      assertTrue(Set.of(0, 143).contains(status), () -> "exit status " + status);
      charger.awaitClosed();
      List<String> failed =
          probe.take(2, errorOf(serial)).stream()
              .map(error -> error.field("error") + " " + error.field("request_type"))
              .sorted()
              .toList();
      assertEquals(
          List.of("disconnected request_ping", "disconnected request_set_pwm_percent"), failed);
      assertFalse(installation.bridge().output().contains("\tat "));
    }
  }

  @Test
  void endsCleanlyWhileAChargerRestartsIntoItsFirmware() {
    try (Installation installation = Installation.asDelivered().start()) {
      RawCharger charger = installation.charger(serial);
      MqttProbe probe = installation.probe();
      probe.request(Messages.firmware(serial, new byte[] {1, 2, 3, 4}));
      assertEquals(WireFrame.collect(), charger.takeFrame());
      charger.send(ChargerReading.typical().frame());
      probe.take(message("response_collect_data", serial));
      charger.takeFrame();
      installation.bridge().stop();
      assertEquals("disconnected", probe.take(errorOf(serial)).field("error"));
    }
  }

  @Test
  void endsWhileTheBrokerIsNotThere() {
    try (Mosquitto mosquitto = Mosquitto.started();
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening()) {
      mosquitto.kill();
      int status = bridge.stop();
      assertTrue(Set.of(0, 143).contains(status), () -> "exit status " + status);
    }
  }

  @Test
  void neverCarriesOutARequestFromTheBrokersRetainedStore() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto)) {
      probe.publishRetained("to_dehneEVSE", Messages.setContactor(serial, true).getBytes(UTF_8));
      try (BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening();
          RawCharger charger =
              RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
        Message error = probe.take(MqttProbe.error());
        assertEquals("retained_request", error.field("error"));
        probe.take(message("new_connection", serial));
        probe.request(Messages.ping(serial));
        assertEquals(WireFrame.ping(), charger.takeFrame());
        probe.take(message("response_ping", serial));
        assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
      }
    }
  }

  @Test
  void neverCarriesOutARetainedRequestWhenTheBrokerComesBack() throws InterruptedException {
    BlockingQueue<String> errors = new LinkedBlockingQueue<>();
    try (Mosquitto mosquitto =
            Mosquitto.builder().persistent().setting("queue_qos0_messages true").start();
        SteadySubscriber subscriber =
            SteadySubscriber.start(
                mosquitto,
                "from_dehneEVSE/error",
                (topic, payload) -> errors.add(new String(payload, UTF_8)));
        BridgeProcess bridge = BridgeProcess.connectingTo(mosquitto).start().awaitListening();
        RawCharger charger =
            RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      try (MqttProbe before = MqttProbe.connect(mosquitto)) {
        before.publishRetained("to_dehneEVSE", Messages.setPwm(serial, 16).getBytes(UTF_8));
        // it came live, and was retained for those who come later
        assertEquals(WireFrame.setPwm(16), charger.takeFrame());
      }
      mosquitto.restart();
      subscriber.awaitSubscribed();
      String error = errors.poll(30, TimeUnit.SECONDS);
      assertNotNull(error, "no error came after the broker's return");
      assertTrue(error.contains("\"error\":\"retained_request\""), error);
      try (MqttProbe after = MqttProbe.connect(mosquitto)) {
        after.publishRetained("to_dehneEVSE", new byte[0]);
        after.request(Messages.collect(serial));
        assertEquals(WireFrame.collect(), charger.takeFrame());
      }
    }
  }
}
