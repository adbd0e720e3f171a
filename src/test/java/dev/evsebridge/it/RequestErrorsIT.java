package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.error;
import static dev.evsebridge.testkit.MqttProbe.message;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A broken request ends in exactly one error, and no byte of it reaches a charger. */
@RequiresMosquitto
class RequestErrorsIT {
  private static final String CONTACTOR = "request_set_contactor_state";
  private static final String PWM = "request_set_pwm_percent";
  private static final String FIRMWARE = "request_firmware";
  private static final int MAXIMUM_PAYLOAD = 262_144;

  private static final byte[] IMAGE = {1, 2, 3, 4};
  private static final String IMAGE_BASE64 = Base64.getEncoder().encodeToString(IMAGE);
  private static final long IMAGE_CRC32 = Messages.crc32(IMAGE);

  /** Stands in the requests of the table for the charger that is connected. */
  private static final String CHARGER = "CHARGER";

  @RegisterExtension static final Installation installation = Installation.asDelivered();

  private final String serial = Serials.next();

  /**
   * One broken request.
   *
   * @param requestType the {@code request_type} that its error must name, empty where it is not
   *     known
   * @param key what the error's detail must name, empty where there is no such key
   */
  record Broken(String what, String request, String code, String requestType, String key) {
    Broken(String what, String request, String code) {
      this(what, request, code, "", "");
    }

    @Override
    public String toString() {
      return what + " -> " + code;
    }
  }

  static Stream<Broken> brokenRequests() {
    List<Broken> table = new ArrayList<>();
    notAnObject(table);
    brokenTypeOrCharger(table);
    brokenContactorStates(table);
    brokenPercents(table);
    brokenFirmware(table);
    return table.stream();
  }

  private static void notAnObject(List<Broken> table) {
    String ping = Messages.ping(CHARGER);
    String code = "invalid_json";
    table.add(new Broken("plain text", "request_ping", code));
    table.add(new Broken("an array", "[" + ping + "]", code));
    table.add(new Broken("a string", "\"request_ping\"", code));
    table.add(new Broken("a number", "42", code));
    table.add(new Broken("null", "null", code));
    table.add(new Broken("true", "true", code));
    table.add(new Broken("nothing at all", "", code));
    table.add(new Broken("white space", " \n", code));
    table.add(new Broken("cut off at the end", ping.substring(0, ping.length() - 1), code));
    table.add(new Broken("cut off in a string", ping.substring(0, ping.length() - 3), code));
    table.add(new Broken("only a brace", "{", code));
    table.add(new Broken("garbage after the object", ping + "x", code));
    table.add(new Broken("two objects", ping + ping, code));
    table.add(new Broken("a comma too many", ping.replace("}", ",}"), code));
    table.add(new Broken("single quotes", ping.replace('"', '\''), code));
    table.add(new Broken("a comment", "/* now */" + ping, code));
    table.add(new Broken("a key without quotes", ping.replace("\"client_id\"", "client_id"), code));
    table.add(
        new Broken("an unknown escape", ping.replace("request_ping", "request\\_ping"), code));
    table.add(
        new Broken("a line end in a string", ping.replace("request_ping", "request_ping\n"), code));
    table.add(new Broken("NaN", Messages.with("request_ping", CHARGER, "\"x\":NaN"), code));
    table.add(
        new Broken(
            "a number with a leading zero",
            Messages.with(PWM, CHARGER, "\"pwm_percent\":010"),
            code));
    table.add(
        new Broken(
            "nested ten thousand deep",
            Messages.with(
                "request_ping", CHARGER, "\"x\":" + "[".repeat(10_000) + "]".repeat(10_000)),
            code));
    table.add(
        new Broken(
            "nested a hundred thousand deep and cut off",
            Messages.with("request_ping", CHARGER, "\"x\":" + "{\"x\":".repeat(50_000)),
            code));
    table.add(
        new Broken(
            "one byte over the limit",
            ping + " ".repeat(MAXIMUM_PAYLOAD + 1 - pingLength()),
            code));
  }

  private static int pingLength() {
    return Messages.ping(Serials.next()).length();
  }

  private static void brokenTypeOrCharger(List<Broken> table) {
    String client = ",\"client_id\":\"" + CHARGER + "\"}";
    String type = "message_type";
    table.add(
        new Broken("no type", "{\"client_id\":\"" + CHARGER + "\"}", "missing_field", "", type));
    table.add(new Broken("an empty object", "{}", "missing_field"));
    for (String value : List.of("null", "5", "true", "[]", "{}", "[\"request_ping\"]")) {
      table.add(
          new Broken(
              "type " + value, "{\"message_type\":" + value + client, "invalid_value", "", type));
    }
    for (String value :
        List.of(
            "request_reboot",
            "Request_Ping",
            "request_ping ",
            "request_collect_data",
            "response_ping",
            "response_collect_data",
            "response_set_pwm_percent",
            "response_set_contactor_state",
            "new_connection",
            "notify",
            "error")) {
      table.add(
          new Broken(
              "type \"" + value + "\"", Messages.plain(value, CHARGER), "unknown_message_type"));
    }
    String ping = "request_ping";
    table.add(
        new Broken(
            "no charger",
            "{\"message_type\":\"request_ping\"}",
            "missing_field",
            ping,
            "client_id"));
    for (String value : List.of("null", "5", "false", "[\"" + CHARGER + "\"]", "{}")) {
      table.add(
          new Broken(
              "charger " + value,
              "{\"message_type\":\"request_ping\",\"client_id\":" + value + "}",
              "invalid_value",
              ping,
              "client_id"));
    }
    table.add(
        new Broken(
            "a charger that is not there",
            Messages.ping("00000000000000000000000000000000"),
            "not_connected",
            ping,
            ""));
    table.add(
        new Broken(
            "a name that nobody has", Messages.ping("Charger 7"), "not_connected", ping, ""));
    table.add(
        new Broken(
            "the serial with a blank", Messages.ping(CHARGER + " "), "not_connected", ping, ""));
    table.add(
        new Broken(
            "firmware for a charger that is not there",
            Messages.firmware("00000000000000000000000000000000", IMAGE),
            "not_connected",
            FIRMWARE,
            ""));
  }

  private static void brokenContactorStates(List<Broken> table) {
    String key = "contactor_state";
    table.add(
        new Broken(
            "no state", Messages.plain(CONTACTOR, CHARGER), "missing_field", CONTACTOR, key));
    for (String value : List.of("\"true\"", "1", "0", "null", "[true]", "{}", "\"on\"")) {
      table.add(
          new Broken(
              "state " + value,
              Messages.with(CONTACTOR, CHARGER, "\"contactor_state\":" + value),
              "invalid_value",
              CONTACTOR,
              key));
    }
    table.add(
        new Broken(
            "the state under another key",
            Messages.with(CONTACTOR, CHARGER, "\"Contactor_State\":true"),
            "missing_field",
            CONTACTOR,
            key));
  }

  private static void brokenPercents(List<Broken> table) {
    String key = "pwm_percent";
    table.add(new Broken("no percent", Messages.plain(PWM, CHARGER), "missing_field", PWM, key));
    for (String value :
        List.of(
            "-1",
            "101",
            "255",
            "256",
            "356",
            "50.5",
            "-0.5",
            "\"50\"",
            "null",
            "true",
            "[50]",
            "{}",
            "4294967346",
            "18446744073709551666",
            "1" + "0".repeat(400),
            "1e400",
            "1e-400",
            "1e999999999",
            "-1e999999999")) {
      String shown = value.length() > 30 ? value.substring(0, 30) + "…" : value;
      table.add(
          new Broken(
              "percent " + shown,
              Messages.with(PWM, CHARGER, "\"pwm_percent\":" + value),
              "invalid_value",
              PWM,
              key));
    }
  }

  private static void brokenFirmware(List<Broken> table) {
    table.add(
        new Broken(
            "no firmware",
            Messages.plain(FIRMWARE, CHARGER),
            "missing_field",
            FIRMWARE,
            "firmware"));
    for (String value : List.of("null", "\"" + IMAGE_BASE64 + "\"", "[]", "5")) {
      table.add(
          new Broken(
              "firmware " + value,
              Messages.with(FIRMWARE, CHARGER, "\"firmware\":" + value),
              "invalid_value",
              FIRMWARE,
              "firmware"));
    }
    table.add(
        firmware(
            "no image",
            "\"firmware_crc32\":" + IMAGE_CRC32,
            "missing_field",
            "firmware_data_base64"));
    table.add(firmware("no checksum", image(IMAGE_BASE64), "missing_field", "firmware_crc32"));
    for (String value : List.of("null", "17", "[]", "{}", "true")) {
      table.add(
          firmware(
              "image " + value,
              "\"firmware_data_base64\":" + value + ",\"firmware_crc32\":" + IMAGE_CRC32,
              "invalid_value",
              "firmware_data_base64"));
    }
    for (String value : List.of("*AQIDBA==", "A", "AQIDBA==AQIDBA==", "AQ=DBA==", "Ã¸AQIDBA")) {
      table.add(
          firmware(
              "image \"" + value + "\", which is not base64",
              image(value) + ",\"firmware_crc32\":" + IMAGE_CRC32,
              "invalid_value",
              "firmware_data_base64"));
    }
    table.add(
        firmware(
            "an empty image",
            image("") + ",\"firmware_crc32\":0",
            "invalid_value",
            "firmware_data_base64"));
    byte[] tooBig = new byte[126_977];
    table.add(
        firmware(
            "an image of 126977 bytes",
            image(Base64.getEncoder().encodeToString(tooBig))
                + ",\"firmware_crc32\":"
                + Messages.crc32(tooBig),
            "invalid_value",
            "firmware_data_base64"));
    for (String value :
        List.of(
            "null",
            "\"" + IMAGE_CRC32 + "\"",
            "-1",
            Long.toString(IMAGE_CRC32 - (1L << 32)),
            "4294967296",
            Long.toString(IMAGE_CRC32 + (1L << 32)),
            IMAGE_CRC32 + ".5",
            "true",
            "[]",
            "1e400")) {
      table.add(
          firmware(
              "checksum " + value,
              image(IMAGE_BASE64) + ",\"firmware_crc32\":" + value,
              "invalid_value",
              "firmware_crc32"));
    }
    for (long value :
        new long[] {0, IMAGE_CRC32 ^ 1, 4294967295L, Long.reverse(IMAGE_CRC32) >>> 32}) {
      table.add(
          new Broken(
              "the wrong checksum " + value,
              Messages.firmware(CHARGER, IMAGE, value),
              "checksum_mismatch",
              FIRMWARE,
              ""));
    }
  }

  private static Broken firmware(String what, String keys, String code, String key) {
    return new Broken(
        what, Messages.with(FIRMWARE, CHARGER, "\"firmware\":{" + keys + "}"), code, FIRMWARE, key);
  }

  private static String image(String base64) {
    return "\"firmware_data_base64\":" + "\"" + base64 + "\"";
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenRequests")
  void refusesABrokenRequestWithExactlyOneErrorAndSendsNothing(Broken broken) {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    String request = broken.request().replace(CHARGER, serial);
    installation.probe().request(request);
    Message error = onlyError(charger);
    assertEquals(broken.code(), error.field("error"), error::toString);
    assertEquals(broken.requestType(), knownRequestType(broken, error));
    assertTrue(error.field("detail").contains(broken.key()), error::toString);
    if (!broken.requestType().isEmpty() && request.contains("\"client_id\":\"" + serial + "\"")) {
      assertEquals(serial, error.field("client_id"), error::toString);
    }
  }

  /** The contract leaves open whether a type that does not exist is "known". */
  private static String knownRequestType(Broken broken, Message error) {
    return broken.code().equals("unknown_message_type") ? "" : error.field("request_type");
  }

  @Test
  void namesOnlyTheKeysOfAnErrorInTheirOrder() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.with(PWM, serial, "\"pwm_percent\":101"));
    Message refused = onlyError(charger);
    assertEquals(
        List.of("message_type", "client_id", "request_type", "error", "detail"), keys(refused));
    assertEquals("error", refused.field("message_type"));
    installation.probe().request("{");
    assertEquals(List.of("message_type", "error", "detail"), keys(onlyError(charger)));
  }

  static Stream<byte[]> wrongEncodings() {
    String ping = Messages.ping("CHARGER");
    byte[] latin1 = ping.replace("CHARGER", "CHARGER\u00f8").getBytes(ISO_8859_1);
    byte[] truncated = (ping + "\u20ac").getBytes(UTF_8);
    return Stream.of(
        ping.getBytes(UTF_16),
        ping.getBytes(UTF_16LE),
        ping.getBytes(UTF_16BE),
        ping.getBytes(Charset.forName("UTF-32BE")),
        latin1,
        Arrays.copyOf(truncated, truncated.length - 1),
        new byte[] {(byte) 0xFF, (byte) 0xFE},
        new byte[] {0},
        new byte[64]);
  }

  @ParameterizedTest
  @MethodSource("wrongEncodings")
  void refusesWhatIsNotUtf8(byte[] payload) {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    byte[] request =
        new String(payload, ISO_8859_1).replace("CHARGER", serial).getBytes(ISO_8859_1);
    installation.probe().publish(MqttProbe.REQUEST_TOPIC, request);
    assertEquals("invalid_json", onlyError(charger).field("error"));
  }

  static Stream<String> duplicateKeys() {
    String other = "00000000000000000000000000000000";
    return Stream.of(
        "{\"message_type\":\"request_ping\",\"message_type\":\"request_ping\",\"client_id\":\"CHARGER\"}",
        "{\"message_type\":\"request_ping\",\"client_id\":\""
            + other
            + "\",\"client_id\":\"CHARGER\"}",
        Messages.with(PWM, CHARGER, "\"pwm_percent\":101,\"pwm_percent\":10"),
        Messages.with(PWM, CHARGER, "\"pwm_percent\":10,\"pwm_percent\":101"),
        Messages.with(CONTACTOR, CHARGER, "\"contactor_state\":false,\"contactor_state\":true"));
  }

  @ParameterizedTest
  @MethodSource("duplicateKeys")
  void refusesARequestThatSaysTheSameKeyTwice(String request) {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(request.replace(CHARGER, serial));
    String code = onlyError(charger).field("error");
    assertTrue(Set.of("invalid_json", "invalid_value").contains(code), code);
  }

  @Test
  void knowsNoChargerByItsSerialInLowerCase() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.ping(serial.toLowerCase(Locale.ROOT)));
    assertEquals("not_connected", onlyError(charger).field("error"));
  }

  @ParameterizedTest
  @MethodSource("wholeNumbersInOtherForms")
  void neverSendsAnotherPercentThanTheOneThatWasAskedFor(String form, int percent) {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.with(PWM, serial, "\"pwm_percent\":" + form));
    Message outcome = installation.probe().take(message -> message.isOf(serial));
    if (outcome.isType("error")) {
      assertEquals("invalid_value", outcome.field("error"));
      assertEquals(List.of(), charger.untakenFrames());
    } else {
      assertEquals("response_set_pwm_percent", outcome.field("message_type"));
      assertEquals(WireFrame.setPwm(percent), charger.takeFrame());
    }
  }

  static Stream<Arguments> wholeNumbersInOtherForms() {
    return Stream.of(
        Arguments.of("1e2", 100),
        Arguments.of("50.0", 50),
        Arguments.of("500e-1", 50),
        Arguments.of("-0", 0));
  }

  @Test
  void noHeaderOfAMessageReachesTheRoutes() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    MqttProperties properties = new MqttProperties();
    properties.setUserProperties(
        List.of(
            new UserProperty("CamelPahoOverrideTopic", "evil"),
            new UserProperty("CamelHttpUri", "evil"),
            new UserProperty("clientId", "evil")));
    installation.probe().subscribe("evil");
    installation
        .probe()
        .publish(
            MqttProbe.REQUEST_TOPIC,
            new MqttMessage(Messages.ping(serial).getBytes(UTF_8), 1, false, properties));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    installation.probe().take(message("response_ping", serial));
    assertEquals(List.of(), installation.probe().untaken(MqttProbe.onTopic("evil")));
  }

  @Test
  void answersEachOfManyBrokenRequestsAndGoesOn() {
    int number = 500;
    for (int i = 0; i < number; i++) {
      installation.probe().request(i % 2 == 0 ? "{" : Messages.ping("nobody " + i));
    }
    installation.probe().take(number, error());
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.collect(serial));
    assertEquals(
        ChargerReading.typical().json(serial),
        installation.probe().take(message("response_collect_data", serial)).text());
    assertEquals(WireFrame.collect(), charger.takeFrame());
  }

  /**
   * The one error that the request before has led to: once a ping that came later has been
   * answered, there is no second one, and the ping is the first thing that the charger has got.
   */
  private Message onlyError(RawCharger charger) {
    MqttProbe probe = installation.probe();
    Message error = probe.take(MqttProbe.messageOrError());
    assertEquals(MqttProbe.ERROR_TOPIC, error.topic(), error::toString);
    probe.request(Messages.ping(serial));
    probe.take(message("response_ping", serial));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    assertEquals(List.of(), charger.untakenFrames());
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
    return error;
  }

  private static List<String> keys(Message message) {
    List<String> keys = new ArrayList<>();
    message.json().fieldNames().forEachRemaining(keys::add);
    return keys;
  }
}
