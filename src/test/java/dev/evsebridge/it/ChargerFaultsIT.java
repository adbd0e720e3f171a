package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.error;
import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Chargers fail in every way there is: each is reported, none harms another, all can come back. */
@RequiresMosquitto
class ChargerFaultsIT {
  @RegisterExtension
  static final Installation installation =
      Installation.with(bridge -> bridge.environment("EVSE_REQUEST_TIMEOUT", "2s"));

  private final String serial = Serials.next();

  @Test
  void aResetInMidFrameEndsTheRequestAndNobodyElsesConnection() {
    RawCharger other = installation.charger(Serials.next());
    RawCharger charger = installation.charger(serial).send(WireFrame.of(WireFrame.NOTIFY));
    MqttProbe probe = installation.probe();
    assertPresence("online", serial);
    probe.take(message("notify", serial));
    probe.request(Messages.collect(serial));
    assertEquals(WireFrame.collect(), charger.takeFrame());
    byte[] frame = ChargerReading.typical().frame().bytes();
    charger.send(Arrays.copyOf(frame, frame.length / 2));
    charger.reset();
    Message error = probe.take(errorOf(serial));
    assertEquals("disconnected", error.field("error"));
    assertEquals("request_data_collection", error.field("request_type"));
    assertPresence("offline", serial);
    assertWorks(installation.charger(serial), serial);
    assertTrue(other.isOpen());
    assertEquals(List.of(), probe.untaken(error()));
  }

  @Test
  void aChargerWithoutPowerIsGoneAfterTheIdleTimeoutAndWelcomeWhenItIsBack() {
    try (Installation own =
            Installation.with(bridge -> bridge.environment("EVSE_IDLE_TIMEOUT", "2s")).start();
        RawCharger dead = own.charger(serial).send(WireFrame.of(WireFrame.NOTIFY))) {
      MqttProbe probe = own.probe();
      String presence = presenceTopic(serial);
      assertEquals("online", probe.take(onTopic(presence)).text());
      assertEquals("offline", probe.take(onTopic(presence)).text());
      dead.awaitClosed();
      probe.request(Messages.ping(serial));
      assertEquals("not_connected", probe.take(errorOf(serial)).field("error"));
      try (RawCharger back = own.charger(serial).answerLikeFirmware()) {
        assertEquals("online", probe.take(onTopic(presence)).text());
        probe.request(Messages.ping(serial));
        probe.take(message("response_ping", serial));
        assertTrue(back.isOpen());
      }
    }
  }

  @Test
  void requestsReachTheNewConnectionOfAChargerWhoseOldOneIsNotGoneYet() {
    RawCharger old = installation.charger(serial).send(WireFrame.of(WireFrame.NOTIFY));
    MqttProbe probe = installation.probe();
    assertPresence("online", serial);
    probe.request(Messages.ping(serial));
    assertEquals(WireFrame.ping(), old.takeFrame());

    RawCharger fresh = installation.charger(serial);
    Message error = probe.take(errorOf(serial));
    assertEquals("disconnected", error.field("error"));
    assertWorks(fresh, serial);
    old.awaitClosed();
    old.close();
    assertWorks(fresh, serial);
    installation.awaitRequestsDone();
    assertTrue(fresh.isOpen());
    assertEquals(List.of(), old.untakenFrames());
    assertEquals(
        List.of(),
        probe.untaken(onTopic(presenceTopic(serial))).stream()
            .filter(each -> each.text().equals("offline"))
            .toList());
  }

  @Test
  void aChargerThatLeavesASecondRequestUnansweredIsDisconnected() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    assertEquals("timeout", probe.take(errorOf(serial)).field("error"));
    assertTrue(charger.isOpen());

    probe.request(Messages.setContactor(serial, false));
    assertEquals(WireFrame.setContactor(false), charger.takeFrame());
    assertEquals("timeout", probe.take(errorOf(serial)).field("error"));
    charger.awaitClosed();
    assertWorks(installation.charger(serial), serial);
    assertEquals(List.of(), probe.untaken(error()));
  }

  @Test
  void aRebootDuringAFirmwareUploadEndsIt() throws IOException {
    MqttProbe probe = installation.probe();
    try (Socket charger = slowReader(serial)) {
      probe.take(message("new_connection", serial));
      probe.request(Messages.firmware(serial, image(126_976)));
      giveReading(charger);
      byte[] begin = charger.getInputStream().readNBytes(1000);
      assertEquals(WireFrame.FIRMWARE, begin[0]);
      charger.setSoLinger(true, 0);
    }
    RawCharger back =
        installation
            .connect()
            .answerLikeFirmware(ChargerReading.typical().uptime(0), 9)
            .hello(serial, 9);
    probe.take(message("new_connection", serial));
    // until the bridge has tidied up the old connection, it may still call this one busy
    installation.awaitRequestsDone();
    probe.request(Messages.setPwm(serial, 42));
    probe.take(message("response_set_pwm_percent", serial));
    // where the sockets' buffers had room for the whole image, the bridge asks how it went
    assertTrue(
        Set.of(List.of(WireFrame.setPwm(42)), List.of(WireFrame.collect(), WireFrame.setPwm(42)))
            .contains(back.untakenFrames()),
        () -> back.untakenFrames().toString());
    List<String> errors =
        probe.untaken(errorOf(serial)).stream()
            .map(each -> each.field("request_type") + " " + each.field("error"))
            .toList();
    assertTrue(
        errors.isEmpty() || errors.equals(List.of("request_firmware disconnected")),
        errors::toString);
  }

  @Test
  void aChargerThatRefusesTheFirmwareComesBackWithTheOldVersionAndWorks() {
    RawCharger charger = installation.charger(serial, serial, 4);
    MqttProbe probe = installation.probe();
    byte[] image = image(5000);
    probe.request(Messages.firmware(serial, image));
    assertEquals(WireFrame.collect(), charger.takeFrame());
    charger.send(ChargerReading.typical().firmwareVersion(4).frame());
    probe.take(message("response_collect_data", serial));
    assertEquals(Messages.firmwareFrame(image), charger.takeFrame());
    charger.close();
    probe.request(Messages.ping(serial));
    assertEquals("busy", probe.take(errorOf(serial)).field("error"));

    RawCharger back = installation.connect().hello(serial, 4);
    assertEquals(
        Messages.newConnection(serial, 4), probe.take(message("new_connection", serial)).text());
    assertEquals(WireFrame.collect(), back.takeFrame());
    back.send(ChargerReading.typical().firmwareVersion(4).frame());
    probe.take(message("response_collect_data", serial));
    assertEquals("firmware_refused", probe.take(errorOf(serial)).field("error"));
    assertWorks(back, serial);
    assertEquals(List.of(), probe.untaken(error()));
  }

  @Test
  void connectionsOverTheLimitAreClosedUntilOneLeaves() {
    try (Installation own =
        Installation.with(bridge -> bridge.environment("EVSE_MAX_CONNECTIONS", "2")).start()) {
      MqttProbe probe = own.probe();
      RawCharger first = own.charger(serial).send(WireFrame.of(WireFrame.NOTIFY));
      String otherSerial = Serials.next();
      RawCharger second = own.charger(otherSerial).answerLikeFirmware();
      own.connect().awaitClosed();
      own.connect().awaitClosed();
      assertTrue(first.isOpen());
      probe.request(Messages.ping(otherSerial));
      probe.take(message("response_ping", otherSerial));
      assertTrue(second.isOpen());

      assertEquals("online", probe.take(onTopic(presenceTopic(serial))).text());
      first.close();
      assertEquals("offline", probe.take(onTopic(presenceTopic(serial))).text());
      String thirdSerial = Serials.next();
      own.charger(thirdSerial).answerLikeFirmware();
      probe.request(Messages.ping(thirdSerial));
      probe.take(message("response_ping", thirdSerial));
    }
  }

  @Test
  void anAddressThatHasTakenAllConnectionsKeepsNobodyElseOut() {
    try (Installation own =
        Installation.with(bridge -> bridge.environment("EVSE_MAX_CONNECTIONS", "16")).start()) {
      MqttProbe probe = own.probe();
      int port = own.bridge().port();
      for (int i = 0; i < 16; i++) {
        String greedySerial = Serials.next();
        RawCharger greedy = RawCharger.connect(port, "127.0.0.9").hello(greedySerial, 9);
        probe.take(message("new_connection", greedySerial));
        assertTrue(greedy.isOpen());
      }
      RawCharger.connect(port, "127.0.0.9").awaitClosed();

      try (RawCharger other = RawCharger.connect(port, "127.0.0.2")) {
        other.answerLikeFirmware().hello(serial, 9);
        probe.take(message("new_connection", serial));
        probe.request(Messages.ping(serial));
        probe.take(message("response_ping", serial));
      }
    }
  }

  @Test
  void onlyChargersOnTheListGetIn() {
    String otherSerial = Serials.next();
    try (Installation own =
        Installation.with(
                bridge -> bridge.environment("EVSE_ALLOWED_SERIALS", serial + ", " + otherSerial))
            .start()) {
      MqttProbe probe = own.probe();
      String strangerSerial = Serials.next();
      own.connect().hello(strangerSerial, 9).awaitClosed();
      for (String each : List.of(serial, otherSerial)) {
        own.charger(each).answerLikeFirmware();
        probe.request(Messages.ping(each));
        probe.take(message("response_ping", each));
      }
      probe.request(Messages.ping(strangerSerial));
      assertEquals("not_connected", probe.take(errorOf(strangerSerial)).field("error"));
      assertEquals(List.of(), probe.untaken(each -> each.text().contains(strangerSerial)));
      assertEquals(List.of(), probe.untaken(onTopic(presenceTopic(strangerSerial))));
    }
  }

  @Test
  void aSerialNumberThatConnectsInTurnsFromTwoAddressesIsReported() {
    MqttProbe probe = installation.probe();
    try (RawCharger first = connectFrom("127.0.0.2");
        RawCharger second = connectFrom("127.0.0.3")) {
      first.awaitClosed();
      assertTrue(second.isOpen());
      installation.awaitRequestsDone();
      // so far the charger may have moved
      assertEquals(List.of(), probe.untaken(error()));
      try (RawCharger again = connectFrom("127.0.0.2")) {
        Message error = probe.take(errorOf(serial));
        assertEquals("protocol_error", error.field("error"));
        assertTrue(error.field("detail").contains("127.0.0.2"), error::toString);
        assertTrue(error.field("detail").contains("127.0.0.3"), error::toString);
        assertWorks(again, serial);
      }
    }
  }

  @Test
  void aChargerThatStopsReadingHoldsUpNoneOfFortyNineOthers() throws IOException {
    MqttProbe probe = installation.probe();
    List<String> serials = IntStream.range(0, 49).mapToObj(i -> Serials.next()).toList();
    serials.forEach(each -> installation.charger(each).answerLikeFirmware());
    try (Socket stuck = slowReader(serial)) {
      probe.take(message("new_connection", serial));
      probe.request(Messages.firmware(serial, image(126_976)));
      giveReading(stuck);
      probe.take(message("response_collect_data", serial));
      for (int round = 0; round < 4; round++) {
        probe.request(Messages.collect(serial));
        serials.forEach(each -> probe.request(Messages.setPwm(each, 16)));
        serials.forEach(each -> probe.request(Messages.collect(each)));
      }
      assertAnswered(probe, serials, "response_set_pwm_percent");
      assertAnswered(probe, serials, "response_collect_data");
      List<Message> refused = probe.take(4, errorOf(serial));
      assertEquals(
          Set.of("busy"),
          refused.stream().map(each -> each.field("error")).collect(Collectors.toSet()));
      assertTrue(stuck.isConnected());
    }
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
  }

  private static void assertAnswered(MqttProbe probe, List<String> serials, String type) {
    List<String> answered =
        probe.take(4 * serials.size(), each -> each.isType(type)).stream()
            .map(each -> each.field("client_id"))
            .sorted()
            .toList();
    assertEquals(
        serials.stream().flatMap(each -> Stream.of(each, each, each, each)).sorted().toList(),
        answered);
    assertEquals(serials.size(), new HashSet<>(answered).size());
  }

  private RawCharger connectFrom(String address) {
    RawCharger charger = RawCharger.connect(installation.bridge().port(), address).hello(serial, 9);
    installation.probe().take(message("new_connection", serial));
    return charger;
  }

  /** A charger that takes in next to nothing by itself and reads only what the test reads. */
  private static Socket slowReader(String serial) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(2048);
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), installation.bridge().port()));
    socket.getOutputStream().write(RawCharger.helloBytes(serial, 9));
    return socket;
  }

  private static void giveReading(Socket charger) throws IOException {
    assertArrayEquals(WireFrame.collect().bytes(), charger.getInputStream().readNBytes(5));
    charger.getOutputStream().write(ChargerReading.typical().frame().bytes());
  }

  private static void assertWorks(RawCharger charger, String serial) {
    MqttProbe probe = installation.probe();
    probe.request(Messages.setPwm(serial, 42));
    assertEquals(WireFrame.setPwm(42), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    probe.take(message("response_set_pwm_percent", serial));
    assertEquals(List.of(), charger.untakenFrames());
  }

  private static void assertPresence(String state, String serial) {
    Message message = installation.probe().take(onTopic(presenceTopic(serial)));
    assertEquals(state, message.text());
  }

  private static String presenceTopic(String serial) {
    return MqttProbe.MESSAGE_TOPIC + "/" + serial + "/availability";
  }

  private static byte[] image(int size) {
    byte[] image = new byte[size];
    new Random(size).nextBytes(image);
    return image;
  }
}
