package dev.evsebridge.request;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JacksonException;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.testkit.KnownMessages;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestReaderTest {
  private static final int MAX_PAYLOAD_BYTES = 1_000;

  private final RequestReader reader =
      new RequestReader(MAX_PAYLOAD_BYTES, RequestReading.OWN_TOPICS);
  private final Exchange exchange = RequestReading.exchange();

  static Stream<KnownMessages.ToCharger> requests() {
    return KnownMessages.toCharger();
  }

  @ParameterizedTest
  @MethodSource("requests")
  void readsEveryKnownRequest(KnownMessages.ToCharger row) throws JacksonException {
    ChargerRequest request = read(row.json());

    if (row.request() instanceof UploadFirmware expected) {
      UploadFirmware upload = assertInstanceOf(UploadFirmware.class, request);
      assertEquals(expected.clientId(), upload.clientId());
      assertArrayEquals(expected.image().bytes(), upload.image().bytes());
      assertEquals(expected.image().crc32(), upload.image().crc32());
    } else {
      assertEquals(row.request(), request);
    }
  }

  @Test
  void ignoresKeysThatItDoesNotKnow() throws JacksonException {
    assertEquals(
        new ChargerRequest.Ping("c"),
        read(
            """
            {"x":{"y":[1]},"client_id":"c","pwm_percent":"no","message_type":"request_ping"}"""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                                          | message_type is missing.
          {"client_id":"c"}                                                           | message_type is missing.
          {"message_type":"request_ping"}                                             | client_id is missing.
          {"message_type":"request_data_collection"}                                  | client_id is missing.
          {"message_type":"request_set_contactor_state","client_id":"c"}              | contactor_state is missing.
          {"message_type":"request_set_pwm_percent","client_id":"c"}                  | pwm_percent is missing.
          {"message_type":"request_set_pwm_percent","pwm_percent":50}                 | client_id is missing.
          {"message_type":"request_firmware","client_id":"c"}                         | firmware is missing.
          {"message_type":"request_firmware","client_id":"c","firmware":{}}           | firmware.firmware_data_base64 is missing.
          {"message_type":"request_firmware","client_id":"c","firmware":{"firmware_data_base64":"AA=="}} | firmware.firmware_crc32 is missing.
          """)
  void saysWhichKeyIsMissing(String json, String detail) {
    assertRefused(ErrorCode.MISSING_FIELD, detail, json);
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "1", "true", "[]", "{}", "[\"request_ping\"]"})
  void refusesAMessageTypeOrClientIdThatIsNoText(String value) {
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "message_type must be a text.",
        "{\"message_type\":%s,\"client_id\":\"c\"}".formatted(value));
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "client_id must be a text.",
        "{\"message_type\":\"request_ping\",\"client_id\":%s}".formatted(value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "101",
        "256",
        "1000000000000",
        "99999999999999999999999999",
        "-99999999999999999999999999",
        "50.0",
        "50.5",
        "5e1",
        "\"50\"",
        "true",
        "null",
        "[50]",
        "{}",
      })
  void refusesADutyCycleThatIsNoWholeNumberOf0To100(String value) {
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "pwm_percent must be a whole number, 0 to 100.",
        "{\"message_type\":\"request_set_pwm_percent\",\"client_id\":\"c\",\"pwm_percent\":%s}"
            .formatted(value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "\"true\"", "null", "[]", "{}"})
  void refusesAContactorStateThatIsNotTrueOrFalse(String value) {
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "contactor_state must be true or false.",
        "{\"message_type\":\"request_set_contactor_state\",\"client_id\":\"c\",\"contactor_state\":%s}"
            .formatted(value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"request_Ping", "ping", "", " request_ping", "new_connection", "error"})
  void refusesAMessageTypeThatIsNoRequest(String messageType) {
    RequestFailedException failure =
        assertThrows(
            RequestFailedException.class,
            () -> read("{\"message_type\":\"%s\",\"client_id\":\"c\"}".formatted(messageType)));

    assertEquals(ErrorCode.UNKNOWN_MESSAGE_TYPE, failure.code());
    assertTrue(failure.detail().startsWith("There is no request '" + messageType + "'; known are"));
  }

  @Test
  void showsOnlyTheBeginningOfAnUnknownMessageTypeAndNoControlCharacters() {
    RequestFailedException failure =
        assertThrows(
            RequestFailedException.class,
            () -> read("{\"message_type\":\"a\\n\\u0000%s\"}".formatted("x".repeat(500))));

    assertTrue(
        failure
            .detail()
            .startsWith("There is no request 'a\\u000A\\u0000" + "x".repeat(37) + "…'; known"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "1", "\"AA==\"", "[]", "true"})
  void refusesFirmwareThatIsNoObject(String value) {
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "firmware must be an object with firmware_data_base64 and firmware_crc32.",
        "{\"message_type\":\"request_firmware\",\"client_id\":\"c\",\"firmware\":%s}"
            .formatted(value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "1", "\"A\"", "\"AA=\"", "\"A A=\"", "\"_-==\"", "\"AA==AA==\""})
  void refusesAnImageThatIsNotBase64(String value) {
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "firmware.firmware_data_base64 must be base64 text.",
        firmware(value, "0"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "-1", "4294967296", "1.0", "\"0\"", "1e30"})
  void refusesAChecksumThatIsNoUnsigned32BitNumber(String value) {
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "firmware.firmware_crc32 must be a whole number, 0 to 4294967295.",
        firmware("\"AA==\"", value));
  }

  @Test
  void refusesAnEmptyImageThoughItsChecksumFits() {
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "firmware.firmware_data_base64 must hold an image of 1 to 126976 bytes, but it has 0.",
        firmware("\"\"", "0"));
  }

  @Test
  void takesTheLargestImageAndRefusesOneByteMore() throws JacksonException {
    byte[] largest = new byte[126_976];
    byte[] tooLarge = new byte[126_977];

    UploadFirmware upload = assertInstanceOf(UploadFirmware.class, read(firmware(largest)));

    assertEquals(126_976, upload.image().lengthBytes());
    assertRefused(
        ErrorCode.INVALID_VALUE,
        "firmware.firmware_data_base64 must hold an image of 1 to 126976 bytes, but it has 126977.",
        firmware(tooLarge));
  }

  @Test
  void refusesAnImageWithAnotherChecksum() {
    assertRefused(
        ErrorCode.CHECKSUM_MISMATCH,
        "firmware.firmware_crc32 is 1, but the CRC-32 of the image is 3523407757.",
        firmware("\"AA==\"", "1"));
  }

  @ParameterizedTest
  @CsvSource({"1000, true", "1001, false"})
  void limitsThePayload(int lengthBytes, boolean admitted) {
    exchange.getMessage().setBody(new byte[lengthBytes]);

    if (admitted) {
      reader.admit(exchange);
    } else {
      RequestFailedException failure =
          assertThrows(RequestFailedException.class, () -> reader.admit(exchange));
      assertEquals(ErrorCode.INVALID_JSON, failure.code());
      assertEquals(
          "The message has 1001 bytes, and at most 1000 are allowed (mqtt.max_payload).",
          failure.detail());
    }
    assertNotNull(RequestContext.find(exchange));
  }

  @Test
  void notesWhoIsMeantBeforeItRefusesARetainedRequest() {
    exchange.getMessage().setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED, true);
    reader.admit(exchange);
    exchange.getMessage().setBody(Map.of("client_id", "c", "message_type", "request_ping"));

    RequestFailedException failure =
        assertThrows(RequestFailedException.class, () -> reader.identify(exchange));

    assertEquals(ErrorCode.RETAINED_REQUEST, failure.code());
    assertEquals("c", RequestContext.of(exchange).clientId());
    assertEquals("request_ping", RequestContext.of(exchange).requestType());
  }

  @Test
  void refusesJsonNull() {
    reader.admit(exchange);
    exchange.getMessage().setBody(null);

    RequestFailedException failure =
        assertThrows(RequestFailedException.class, () -> reader.identify(exchange));

    assertEquals(ErrorCode.INVALID_JSON, failure.code());
  }

  @Test
  void notesWhereTheAnswerIsWanted() {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic("replies/1");
    properties.setCorrelationData(new byte[] {1, 0, 2});
    exchange.getMessage().setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, properties);

    reader.admit(exchange);

    RequestContext context = RequestContext.of(exchange);
    assertTrue(context.replyTo() != null);
    ReplyTo replyTo = context.replyTo();
    assertNotNull(replyTo);
    assertEquals("replies/1", replyTo.topic());
    assertArrayEquals(new byte[] {1, 0, 2}, replyTo.properties().getCorrelationData());
  }

  @Test
  void wantsNoReplyWithoutAResponseTopic() {
    MqttProperties properties = new MqttProperties();
    properties.setCorrelationData(new byte[] {1});
    exchange.getMessage().setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, properties);

    reader.admit(exchange);

    assertFalse(RequestContext.of(exchange).replyTo() != null);
    assertNull(RequestContext.of(exchange).replyTo());
  }

  @Test
  void countsTheExpiryFromTheArrival() {
    MqttProperties properties = new MqttProperties();
    properties.setMessageExpiryInterval(30L);
    exchange.getMessage().setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, properties);

    assertFalse(deadlineOfArrival(Duration.ofSeconds(20)).passed());
    assertTrue(deadlineOfArrival(Duration.ofSeconds(31)).passed());
  }

  private Deadline deadlineOfArrival(Duration age) {
    long arrivedAtNanos = System.nanoTime() - age.toNanos();
    exchange.setProperty(Deadline.ARRIVED_AT_NANOS, arrivedAtNanos);
    reader.admit(exchange);
    return exchange.getProperty(Deadline.PROPERTY, Deadline.class);
  }

  /** The client checks what is set on it, but not what it receives; Mosquitto passes it on. */
  @ParameterizedTest
  @ValueSource(strings = {"", "a/+", "#", "$share/group/topic"})
  void refusesAResponseTopicThatIsNoTopic(String topic) throws IOException, MqttException {
    byte responseTopic = 0x08;
    MqttProperties properties = new MqttProperties(new Byte[] {responseTopic});
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(received);
    out.writeByte(1 + Short.BYTES + topic.length());
    out.writeByte(responseTopic);
    out.writeUTF(topic);
    properties.decodeProperties(
        new DataInputStream(new ByteArrayInputStream(received.toByteArray())));
    assertEquals(topic, properties.getResponseTopic());
    exchange.getMessage().setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, properties);

    RequestFailedException failure =
        assertThrows(RequestFailedException.class, () -> reader.admit(exchange));

    assertEquals(ErrorCode.INVALID_VALUE, failure.code());
    assertFalse(RequestContext.of(exchange).replyTo() != null);
  }

  @ParameterizedTest
  @ValueSource(ints = {129, 201, 5_000})
  void refusesAResponseTopicOfMoreLevelsThanBrokersTake(int levels) {
    assertReplyRefused("a/".repeat(levels - 1) + "a", new byte[0]);
  }

  @Test
  void refusesAResponseTopicOfMoreBytesThanBrokersTake() {
    assertReplyRefused("\u00E4".repeat(513), new byte[0]);
  }

  @Test
  void refusesCorrelationDataThatTheClientMayHaveCut() {
    assertReplyRefused("replies", new byte[32_767]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "from",
        "from/error",
        "from/bridge",
        "from/bridge/availability",
        "from/bridge/response/health",
        "from/Garage/availability",
        "from/Garage/state",
        "from//state",
        "to",
        "to/Garage/set",
        "to/anything",
        "homeassistant/status",
        "homeassistant/device/x/config",
        "evcc/status"
      })
  void refusesAResponseTopicThatIsTheBridgesOwn(String topic) {
    assertReplyRefused(topic, new byte[0]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "from/replies/me",
        "from/Garage/availability/me",
        "from/bridges",
        "fromage/Garage/state",
        "together",
        "homeassistants",
        "evcc/status/me"
      })
  void takesAResponseTopicBesideItsOwn(String topic) {
    reader.admit(wantingReply(topic, new byte[0]));

    assertNotNull(RequestContext.of(exchange).replyTo());
  }

  @Test
  void takesTheLongestResponseTopicAndCorrelationData() {
    reader.admit(wantingReply("a/".repeat(127) + "\u00E4".repeat(385), new byte[32_766]));

    assertNotNull(RequestContext.of(exchange).replyTo());
  }

  private void assertReplyRefused(String topic, byte[] correlation) {
    Exchange wanting = wantingReply(topic, correlation);

    RequestFailedException failure =
        assertThrows(RequestFailedException.class, () -> reader.admit(wanting));

    assertEquals(ErrorCode.INVALID_VALUE, failure.code());
    assertNull(RequestContext.of(exchange).replyTo());
  }

  private Exchange wantingReply(String topic, byte[] correlation) {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic(topic);
    properties.setCorrelationData(correlation);
    exchange.getMessage().setHeader(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, properties);
    return exchange;
  }

  private void assertRefused(ErrorCode code, String detail, String json) {
    RequestFailedException failure =
        assertThrows(RequestFailedException.class, () -> read(json), json);
    assertEquals(code, failure.code());
    assertEquals(detail, failure.detail());
  }

  private static String firmware(byte[] image) {
    return firmware(
        "\"" + Base64.getEncoder().encodeToString(image) + "\"",
        Long.toString(FirmwareImage.crc32Of(image)));
  }

  private static String firmware(String base64Json, String crc32Json) {
    return """
    {"message_type":"request_firmware","client_id":"c",\
    "firmware":{"firmware_data_base64":%s,"firmware_crc32":%s}}"""
        .formatted(base64Json, crc32Json);
  }

  private ChargerRequest read(String json) throws JacksonException {
    return RequestReading.read(reader, json);
  }
}
