package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.error;
import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is sent to its port or its topic, the bridge serves the others as before. */
@RequiresMosquitto
class HostileInputIT {
  private static final int HOSTILE_CONNECTIONS = 3000;
  private static final int HALF_FRAMES = 6000;
  private static final long MOST_RESIDENT_KIBIBYTES = 420 << 10;
  private static final int REQUESTS_TO_NOBODY = 5000;
  private static final int MAXIMUM_PAYLOAD = 262_144;
  private static final int MEGABYTE = 1_000_000;

  @RegisterExtension static final Installation installation = Installation.asDelivered();

  private final String serial = Serials.next();

  @Test
  void serves3000HostileConnectionsInARowWithoutKeepingAnythingOfThem() throws IOException {
    RawCharger good = installation.charger(serial).answerLikeFirmware();
    assertAnswers(good);
    long filesBefore = installation.bridge().openFiles();
    Random random = new Random(3000);
    List<Socket> silent = new ArrayList<>();
    for (int number = 1; number <= HOSTILE_CONNECTIONS; number++) {
      attack(random, silent);
      if (number % 100 == 0) {
        assertAnswers(good);
      }
      if (silent.size() == 50) {
        closeAll(silent);
      }
    }
    closeAll(silent);
    Patience.until(
        "the file descriptors are given back",
        () -> installation.bridge().openFiles() <= filesBefore + 10);
    assertAnswers(good);
    String next = Serials.next();
    installation.charger(next).answerLikeFirmware();
    installation.probe().request(Messages.ping(next));
    installation.probe().take(message("response_ping", next));
  }

  /** One connection; those that wait for the bridge to act stay open for a while. */
  private static void attack(Random random, List<Socket> silent) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), installation.bridge().port());
    boolean keep = false;
    try {
      switch (random.nextInt(6)) {
        case 0 -> keep = true;
        case 1 -> {
          socket.getOutputStream().write(new byte[random.nextInt(17)]);
          keep = random.nextBoolean();
        }
        case 2 -> {
          byte[] garbage = new byte[1 + random.nextInt(4096)];
          random.nextBytes(garbage);
          socket.getOutputStream().write(garbage);
        }
        case 3 -> {
          // its frame is announced to be 4 GiB long
          socket.getOutputStream().write(RawCharger.helloBytes(randomSerial(random), 9));
          socket.getOutputStream().write(new byte[] {2, -1, -1, -1, -1});
          keep = true;
        }
        case 4 -> {
          socket.getOutputStream().write(RawCharger.helloBytes(randomSerial(random), 9));
          socket.getOutputStream().write(new byte[] {2, 0, 0});
          socket.setSoLinger(true, 0);
        }
        default -> socket.setSoLinger(true, 0);
      }
    } catch (SocketException e) {
      // the bridge has closed it first, as it may
    }
    if (keep) {
      silent.add(socket);
    } else {
      socket.close();
    }
  }

  private static String randomSerial(Random random) {
    return "CD%030X".formatted(random.nextLong());
  }

  private static void closeAll(List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    sockets.clear();
  }

  /** Frames as long as they may be by default; and so long that all of them would fill the heap. */
  @ParameterizedTest
  @ValueSource(ints = {2_048, 65_536})
  void serves6000ConnectionsThatHoldHalfAFrameEach(int frameBytes) throws IOException {
    List<Socket> held = new ArrayList<>();
    byte[] half = new byte[frameBytes - 500];
    half[0] = 2;
    half[2] = (byte) (frameBytes >> 16);
    half[3] = (byte) (frameBytes >> 8);
    half[4] = (byte) frameBytes;
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.builder(mosquitto.url()).subscribingTo("replies").connect();
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto)
                .environment("EVSE_MAX_FRAME_LENGTH", Integer.toString(frameBytes))
                .start()
                .awaitListening();
        RawCharger good = RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      assertAnswers(good, serial, probe);
      for (int number = 1; number <= HALF_FRAMES; number++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), bridge.port());
        held.add(socket);
        try {
          socket.getOutputStream().write(RawCharger.helloBytes(Serials.next(), 9));
          socket.getOutputStream().write(half);
        } catch (SocketException closedByTheBridge) {
          // as it may
        }
        if (number % 500 == 0) {
          assertAnswers(good, serial, probe);
          long resident = bridge.residentKibibytes();
          assertTrue(resident < MOST_RESIDENT_KIBIBYTES, () -> resident + " KiB");
        }
      }
      String next = Serials.next();
      try (RawCharger late =
          RawCharger.connect(bridge.port()).answerLikeFirmware().hello(next, 9)) {
        assertAnswers(late, next, probe);
      }
      assertAnswers(good, serial, probe);
    } finally {
      closeAll(held);
    }
  }

  /** Its hello may come behind that of many others. */
  private static void assertAnswers(RawCharger charger, String serial, MqttProbe probe) {
    Patience.until(
        "the charger answers",
        () -> {
          probe.request(Messages.ping(serial), "replies", "");
          return probe.take(onTopic("replies")).isType("response_ping");
        });
    assertTrue(charger.isOpen());
  }

  @Test
  void answersEachOf5000RequestsToNobodyWhileAChargerIsServed() throws InterruptedException {
    RawCharger good = installation.charger(serial).answerLikeFirmware();
    AtomicInteger published = new AtomicInteger();
    List<Thread> senders = new ArrayList<>();
    for (int sender = 0; sender < 4; sender++) {
      int name = sender;
      Thread thread = new Thread(() -> requestOfNobody(name, published), "sender-" + sender);
      thread.setDaemon(true);
      thread.start();
      senders.add(thread);
    }
    while (published.get() < REQUESTS_TO_NOBODY) {
      assertAnswers(good);
    }
    for (Thread sender : senders) {
      sender.join(Patience.LIMIT.toMillis());
    }
    List<MqttProbe.Message> errors =
        installation.probe().take(REQUESTS_TO_NOBODY, error(), Duration.ofSeconds(40));
    assertAnswers(good);
    assertEquals(List.of(), installation.probe().untaken(error()));
    Set<String> named = new HashSet<>();
    for (MqttProbe.Message each : errors) {
      assertEquals("not_connected", each.field("error"));
      named.add(each.field("client_id"));
    }
    assertEquals(REQUESTS_TO_NOBODY, named.size());
  }

  private static void requestOfNobody(int sender, AtomicInteger published) {
    try (MqttProbe client = MqttProbe.builder(installation.mosquitto().url()).connect()) {
      for (int i = 0; i < REQUESTS_TO_NOBODY / 4; i++) {
        client.request(Messages.ping("nobody " + sender + " " + i));
        published.incrementAndGet();
      }
    }
  }

  @Test
  void refusesHugeAndDeepRequestsAndGoesOn() {
    RawCharger good = installation.charger(serial).answerLikeFirmware();
    String deep = "[".repeat(MAXIMUM_PAYLOAD / 2) + "]".repeat(MAXIMUM_PAYLOAD / 2);
    List<String> hostile =
        List.of(
            "x".repeat(MAXIMUM_PAYLOAD + 1),
            Messages.with("request_ping", serial, "\"padding\":\"" + "x".repeat(MEGABYTE) + "\""),
            deep,
            "{\"a\":".repeat(40_000) + "1" + "}".repeat(40_000),
            Messages.with("request_ping", serial, "\"deep\":" + "[".repeat(17) + "]".repeat(17)),
            "\"" + "x".repeat(MAXIMUM_PAYLOAD - 2) + "\"",
            Messages.with("request_set_pwm_percent", serial, "\"pwm_percent\":" + "9".repeat(999)),
            Messages.with("request_set_pwm_percent", serial, "\"pwm_percent\":1e999999999"));
    for (String request : hostile) {
      installation.probe().request(request);
      MqttProbe.Message refused = installation.probe().take(error());
      assertTrue(
          Set.of("invalid_json", "invalid_value").contains(refused.field("error")),
          refused::toString);
      assertAnswers(good);
      assertEquals(List.of(), installation.probe().untaken(error()));
    }
    // beyond what the bridge takes in one packet at all, the broker keeps it to itself
    installation.probe().request("x".repeat(4 * MEGABYTE));
    assertAnswers(good);
  }

  @Test
  void userPropertiesNamedLikeHeadersOfTheRoutesDoNothing() {
    RawCharger good = installation.charger(serial).answerLikeFirmware();
    MqttProperties properties = new MqttProperties();
    properties.setUserProperties(
        List.of(
            new UserProperty("CamelPahoMqtt5OverrideTopic", "evil"),
            new UserProperty("camelPahoOverrideTopic", "evil"),
            new UserProperty("CamelFileName", "evil"),
            new UserProperty("CamelBeanMethodName", "evil"),
            new UserProperty("CamelMqttTopic", "evil"),
            new UserProperty("messageType", "request_set_contactor_state")));
    installation.probe().subscribe("evil");
    for (String request : List.of(Messages.ping(serial), Messages.setPwm(serial, 101))) {
      installation
          .probe()
          .publish(
              MqttProbe.REQUEST_TOPIC,
              new MqttMessage(request.getBytes(StandardCharsets.UTF_8), 1, false, properties));
    }
    installation.probe().take(message("response_ping", serial));
    installation.probe().take(errorOf(serial));
    assertAnswers(good);
    assertEquals(List.of(), installation.probe().untaken(onTopic("evil")));
  }

  @Test
  void recoversFromHavingNoFileDescriptorsLeft() throws IOException {
    Set<Socket> flood = ConcurrentHashMap.newKeySet();
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto).openFilesAtMost(150).start().awaitListening();
        RawCharger good = RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      for (int i = 0; i < 200; i++) {
        flood.add(new Socket(InetAddress.getLoopbackAddress(), bridge.port()));
      }
      Patience.until("no descriptor is left", () -> bridge.openFiles() >= 149);
      probe.request(Messages.ping(serial));
      probe.take(message("response_ping", serial));
      for (Socket socket : flood) {
        socket.close();
      }
      Patience.until("descriptors are free again", () -> bridge.openFiles() < 140);
      String next = Serials.next();
      try (RawCharger late =
          RawCharger.connect(bridge.port()).answerLikeFirmware().hello(next, 9)) {
        probe.take(message("new_connection", next));
        probe.request(Messages.ping(next));
        probe.take(message("response_ping", next));
        probe.request(Messages.ping(serial));
        probe.take(message("response_ping", serial));
        assertTrue(good.isOpen());
        assertTrue(late.isOpen());
      }
      // the connection to the broker can be made anew, too
      mosquitto.kill();
      mosquitto.start();
      Patience.until("the probe is replaced", () -> answersThroughANewProbe(mosquitto));
    } finally {
      for (Socket socket : flood) {
        socket.close();
      }
    }
  }

  private boolean answersThroughANewProbe(Mosquitto mosquitto) {
    try (MqttProbe probe = MqttProbe.connect(mosquitto)) {
      probe.request(Messages.ping(serial));
      probe.take(message("response_ping", serial), Duration.ofSeconds(2));
      return true;
    } catch (AssertionError notYet) {
      return false;
    }
  }

  private void assertAnswers(RawCharger charger) {
    installation.probe().request(Messages.ping(serial));
    installation.probe().take(message("response_ping", serial));
    assertTrue(charger.isOpen());
  }
}
