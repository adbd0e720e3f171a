package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.Capture;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What chargers send comes out on MQTT, to the letter. */
@RequiresMosquitto
class ChargerMessagesIT {
  private static final String READING = "response_collect_data";
  private static final int FRAME_LIMIT = 2_048;
  private static final int DATA_HEADER = 44;

  @RegisterExtension static final Installation installation = Installation.asDelivered();

  private final String serial = Serials.next();

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 9, 255})
  void publishesNewConnectionWithTheFirmwareVersionOfTheHello(int version) {
    installation.connect().hello(serial, version);
    Message message = installation.probe().take(message("new_connection", serial));
    assertEquals(Messages.newConnection(serial, version), message.text());
    assertEquals("from_dehneEVSE", message.topic());
    assertEquals(1, message.qos());
  }

  @Test
  void publishesNewConnectionOnlyWhenTheHelloIsComplete() {
    byte[] hello = RawCharger.helloBytes(serial, 9);
    RawCharger charger = installation.connect();
    charger.send(Arrays.copyOf(hello, 16));
    installation.awaitRequestsDone();
    assertEquals(List.of(), installation.probe().untaken(message("new_connection", serial)));
    charger.send(Arrays.copyOfRange(hello, 16, 17));
    installation.probe().take(message("new_connection", serial));
  }

  @Test
  void publishesEveryNotification() {
    RawCharger charger = installation.charger(serial);
    WireFrame notification = WireFrame.of(WireFrame.NOTIFY);
    charger.send(WireFrame.glued(notification.bytes(), notification.bytes()));
    for (Message message : installation.probe().take(2, message("notify", serial))) {
      assertEquals(Messages.plain("notify", serial), message.text());
      assertEquals("from_dehneEVSE", message.topic());
    }
  }

  @Test
  void publishesTheResponseToEachKindOfRequest() {
    ChargerReading reading = ChargerReading.typical();
    String expected = reading.json(serial);
    installation.charger(serial).answerLikeFirmware(reading, 9);
    MqttProbe probe = installation.probe();
    probe.request(Messages.collect(serial));
    probe.request(Messages.ping(serial));
    probe.request(Messages.setPwm(serial, 16));
    probe.request(Messages.setContactor(serial, true));
    List<String> published =
        probe.take(4, message -> message.isOf(serial)).stream().map(Message::text).toList();
    assertEquals(
        List.of(
            expected,
            Messages.plain("response_ping", serial),
            Messages.plain("response_set_pwm_percent", serial),
            Messages.plain("response_set_contactor_state", serial)),
        published);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void publishesEveryPilotVoltageByItsName(int code) {
    assertPublished(9, ChargerReading.typical().pilotVoltage(code));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void publishesEveryProximityPilotByItsName(int code) {
    assertPublished(9, ChargerReading.typical().proximityPilot(code));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void publishesTheContactorStateAsTrueOrFalse(int code) {
    assertPublished(9, ChargerReading.typical().contactor(code));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 50, 99, 100})
  void publishesThePwmPercent(int percent) {
    assertPublished(9, ChargerReading.typical().pwmPercent(percent));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2147483647L, 2147483648L, 4294967295L})
  void publishesUnsignedValuesAsTheyAre(long value) {
    assertPublished(
        9,
        ChargerReading.typical()
            .millivolts(value, 1, 2)
            .milliamps(3, value, 4)
            .uptime(value)
            .adc(value, 5));
    assertPublished(
        9,
        ChargerReading.typical()
            .millivolts(1, value, value)
            .milliamps(value, 2, value)
            .adc(6, value));
  }

  @ParameterizedTest
  @ValueSource(ints = {-2147483648, -128, -77, -1, 0, 1, 2147483647})
  void publishesTheSignalStrengthWithItsSign(int dbm) {
    assertPublished(9, ChargerReading.typical().rssi(dbm));
  }

  @ParameterizedTest
  @CsvSource({"2", "3", "4", "9", "200"})
  void readsTheDataOfEachFirmwareVersion(int version) {
    assertPublished(version, ChargerReading.typical().log("1: version " + version + "\0"));
    assertPublished(version, ChargerReading.typical());
  }

  @Test
  void publishesNoAdcReadingsOfOldFirmwareAsZero() {
    RawCharger charger = installation.charger(serial, serial, 2);
    charger.send(ChargerReading.typical().firmwareVersion(2).frame());
    Message message = installation.probe().take(message(READING, serial));
    assertEquals("0", message.json().at("/measurements/current_control_pilot_adc").toString());
    assertEquals("0", message.json().at("/measurements/current_proximity_pilot_adc").toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1023, 1024, 1025, FRAME_LIMIT - DATA_HEADER})
  void publishesLogsUpToTheFrameLimit(int length) {
    assertPublished(9, ChargerReading.typical().log("x".repeat(length)));
  }

  @Test
  void publishesALogOfNulsAndEscapesUpToTheFrameLimit() {
    String text = "\0\"\\\n\t\u0001é€\0".repeat((FRAME_LIMIT - DATA_HEADER) / 12);
    assertPublished(9, ChargerReading.typical().log(text));
  }

  static Stream<Arguments> logs() {
    return Stream.of(
        Arguments.of("NULs are kept", "00613a2062000000", "\0a: b\0\0\0"),
        Arguments.of("UTF-8 of two, three and four bytes", "c3b8e282acf09f948c", "ø€🔌"),
        Arguments.of("a byte that never occurs", "61ff62", "a\uFFFDb"),
        Arguments.of("a lone continuation byte", "618062", "a\uFFFDb"),
        Arguments.of("a truncated character", "e28241", "\uFFFDA"),
        Arguments.of("a truncated character at the end", "61c3", "a\uFFFD"),
        Arguments.of("an over-long form", "c0af", "\uFFFD\uFFFD"),
        Arguments.of("Latin-1", "6bf8722e00", "k\uFFFDr.\0"),
        Arguments.of("quotes, backslash and line ends", "225c0d0a09", "\"\\\r\n\t"),
        Arguments.of("control characters", "010b7f", "\u0001\u000b\u007f"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("logs")
  void publishesTheLogAsUtf8AndReplacesWhatIsNot(String what, String hex, String text) {
    installation
        .charger(serial)
        .send(ChargerReading.typical().log(HexFormat.of().parseHex(hex), "").frame());
    Message message = installation.probe().take(message(READING, serial));
    assertEquals(text, message.json().at("/measurements/logging_buffer").asText(), what);
  }

  static Stream<Capture> captures() {
    return Capture.all().stream();
  }

  @ParameterizedTest
  @MethodSource("captures")
  void understandsARecordedChargerThatSendsEachUnitWhole(Capture capture) {
    replay(capture, Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @MethodSource("captures")
  void understandsARecordedChargerThatSendsByteByByte(Capture capture) {
    replay(capture, 1);
  }

  @ParameterizedTest
  @MethodSource("captures")
  void understandsARecordedChargerThatSendsInOddPieces(Capture capture) {
    replay(capture, 7);
  }

  @ParameterizedTest
  @MethodSource("captures")
  void understandsARecordedChargerWhoseUnitsComeGluedTogether(Capture capture) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(capture.hello().bytes());
    capture.readings().forEach(unit -> all.writeBytes(unit.bytes()));
    all.writeBytes(WireFrame.of(WireFrame.NOTIFY).bytes());
    installation.connect().send(all.toByteArray());
    List<Message> messages =
        installation.probe().take(2 + capture.readings().size(), m -> m.isOf(capture.serial()));
    assertEquals(
        Messages.newConnection(capture.serial(), capture.firmwareVersion()),
        messages.get(0).text());
    for (int i = 0; i < capture.readings().size(); i++) {
      assertReading(capture, capture.readings().get(i), messages.get(1 + i));
    }
    assertEquals("notify", messages.get(messages.size() - 1).field("message_type"));
  }

  @Test
  void publishesEveryReadingOfABurstInOrder() {
    int number = 5000;
    RawCharger charger = installation.charger(serial);
    ByteArrayOutputStream burst = new ByteArrayOutputStream();
    for (int i = 0; i < number; i++) {
      burst.writeBytes(ChargerReading.typical().uptime(i).log("entry " + i + "\0").frame().bytes());
    }
    charger.send(burst.toByteArray());
    List<Message> readings =
        installation.probe().take(number, message(READING, serial), Duration.ofSeconds(60));
    for (int i = 0; i < number; i++) {
      assertEquals(i, readings.get(i).json().at("/measurements/uptime_milliseconds").asInt());
    }
    assertTrue(charger.isOpen());
  }

  @Test
  void publishesWhatSeveralChargersSendAtOnceUnderTheRightNames() {
    List<String> serials = Stream.generate(Serials::next).limit(20).toList();
    List<RawCharger> chargers = serials.stream().map(installation::charger).toList();
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < chargers.size(); i++) {
        chargers.get(i).send(ChargerReading.typical().uptime(1000L * i + round).frame());
      }
    }
    for (int i = 0; i < chargers.size(); i++) {
      List<Message> readings = installation.probe().take(20, message(READING, serials.get(i)));
      for (int round = 0; round < 20; round++) {
        assertEquals(
            ChargerReading.typical().uptime(1000L * i + round).json(serials.get(i)),
            readings.get(round).text());
      }
    }
  }

  private void assertPublished(int firmwareVersion, ChargerReading reading) {
    reading.firmwareVersion(firmwareVersion);
    try (RawCharger charger = installation.charger(serial, serial, firmwareVersion)) {
      charger.send(reading.frame());
      Message message = installation.probe().take(message(READING, serial));
      assertEquals(reading.json(serial), message.text());
    }
  }

  /** Asks for what the charger once answered, and lets it answer the same again in such pieces. */
  private static void replay(Capture capture, int pieces) {
    String charger = capture.serial();
    MqttProbe probe = installation.probe();
    RawCharger socket = installation.connect();
    socket.sendInPieces(capture.hello().bytes(), pieces);
    probe.take(message("new_connection", charger));
    for (Capture.Unit unit : capture.afterHello()) {
      String response = responseTo(unit);
      if (!response.equals("notify")) {
        probe.request(requestFor(unit, charger));
        socket.takeFrame();
      }
      socket.sendInPieces(unit.bytes(), pieces);
      Message message = probe.take(message(response, charger));
      if (unit.isReading()) {
        assertReading(capture, unit, message);
      } else {
        assertEquals(Messages.plain(response, charger), message.text());
      }
    }
    assertTrue(socket.isOpen());
  }

  private static String responseTo(Capture.Unit unit) {
    return switch (unit.label()) {
      case "notify" -> "notify";
      case "answer-to-ping" -> "response_ping";
      case "answer-to-pwm-50", "answer-to-pwm-100" -> "response_set_pwm_percent";
      case "answer-to-contactor-0", "answer-to-contactor-1" -> "response_set_contactor_state";
      default -> READING;
    };
  }

  private static String requestFor(Capture.Unit unit, String clientId) {
    return switch (unit.label()) {
      case "answer-to-ping" -> Messages.ping(clientId);
      case "answer-to-pwm-50" -> Messages.setPwm(clientId, 50);
      case "answer-to-pwm-100" -> Messages.setPwm(clientId, 100);
      case "answer-to-contactor-0" -> Messages.setContactor(clientId, false);
      case "answer-to-contactor-1" -> Messages.setContactor(clientId, true);
      default -> Messages.collect(clientId);
    };
  }

  /**
   * Compares with what the capture's own header line says about it, read from the bytes by hand.
   */
  private static void assertReading(Capture capture, Capture.Unit unit, Message message) {
    assertEquals(
        ChargerReading.of(capture.firmwareVersion(), unit.bytes()).json(capture.serial()),
        message.text());
  }
}
