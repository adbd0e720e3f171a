package dev.evsebridge.app.reload;

import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.message.InterlockAction;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.NewConnection;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SetContactorStateResponse;
import dev.evsebridge.message.SetPwmPercentResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/** One message of each kind that routes get to see. */
final class SampleMessages {

  private static final String CLIENT_ID = "000102030405060708090A0B0C0D0E0F";

  private static final Reading READING =
      new Reading(
          CLIENT_ID,
          27,
          true,
          new Measurements(
              PilotVoltage.VOLT_6,
              ProximityPilot.AMP_32,
              230_000,
              230_000,
              230_000,
              16_000,
              16_000,
              16_000,
              -60,
              3_600_000,
              2_000,
              2_000,
              "1000: a line"));

  private SampleMessages() {}

  /**
   * A message as it comes to a route.
   *
   * @param name what to call it in a sentence
   */
  record Sample(String name, Object body, Map<String, Object> headers) {}

  /** What the listener route gets. */
  static List<Sample> fromChargers() {
    List<ChargerMessage> messages =
        List.of(
            new NewConnection(CLIENT_ID, 9),
            new Notification(CLIENT_ID),
            new PingResponse(CLIENT_ID),
            new SetPwmPercentResponse(CLIENT_ID),
            new SetContactorStateResponse(CLIENT_ID),
            READING);
    return messages.stream()
        .map(message -> new Sample(message.messageType(), message, Map.of()))
        .toList();
  }

  /** What comes on the topic for requests. */
  static List<Sample> requests(String topic) {
    byte[] image = {1, 2, 3, 4};
    String firmware =
        ",\"firmware\":{\"firmware_data_base64\":\"%s\",\"firmware_crc32\":%d}"
            .formatted(Base64.getEncoder().encodeToString(image), FirmwareImage.crc32Of(image));
    return List.of(
        request(topic, "request_ping", ""),
        request(topic, "request_data_collection", ""),
        request(topic, "request_set_pwm_percent", ",\"pwm_percent\":27"),
        request(topic, "request_set_contactor_state", ",\"contactor_state\":true"),
        request(topic, "request_firmware", firmware));
  }

  private static Sample request(String topic, String type, String rest) {
    String json =
        "{\"message_type\":\"%s\",\"client_id\":\"%s\"%s}".formatted(type, CLIENT_ID, rest);
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic("replies");
    return new Sample(
        type,
        json.getBytes(StandardCharsets.UTF_8),
        Map.of(
            PahoMqtt5Constants.MQTT_TOPIC,
            topic,
            PahoMqtt5Constants.MQTT_QOS,
            1,
            PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED,
            false,
            PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES,
            properties));
  }

  /** What the bridge itself sends to a {@code direct:} name. */
  static List<Sample> announcements(String target) {
    return switch (target) {
      case Announcements.INTERLOCK ->
          List.of(
              new Sample(
                  "interlock",
                  new InterlockAction(
                      InterlockAction.Kind.OPENED, PilotVoltage.VOLT_9, "2026-11-26T11:30:05.123Z"),
                  Map.of("clientId", CLIENT_ID)));
      case Announcements.AVAILABILITY ->
          List.of(new Sample("availability", "online", Map.of("clientId", CLIENT_ID)));
      case Announcements.HOME_ASSISTANT ->
          List.of(
              new Sample(
                  "device",
                  Map.of("device", Map.of("name", CLIENT_ID)),
                  Map.of("device", "dehne_evse_" + CLIENT_ID.toLowerCase(Locale.ROOT))));
      default ->
          List.of(
              new Sample(
                  "error", new ErrorMessage(CLIENT_ID, null, "protocol_error", "Why."), Map.of()));
    };
  }

  /** Stands in for the session registry: every charger is connected and responds at once. */
  public static final class EveryChargerResponds {

    /** Creates it. */
    public EveryChargerResponds() {}

    /** What the charger would respond; null for firmware. */
    public @org.jspecify.annotations.Nullable Object send(ChargerRequest request) {
      if (request instanceof ChargerRequest.Ping) {
        return new PingResponse(CLIENT_ID);
      }
      if (request instanceof ChargerRequest.CollectData) {
        return READING;
      }
      if (request instanceof ChargerRequest.SetPwmPercent) {
        return new SetPwmPercentResponse(CLIENT_ID);
      }
      return request instanceof ChargerRequest.SetContactorState
          ? new SetContactorStateResponse(CLIENT_ID)
          : null;
    }
  }
}
