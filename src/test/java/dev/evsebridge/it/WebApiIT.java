package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.EventProbe;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.HttpProbe.Answer;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chargers as JSON, requests to them, and events. */
@RequiresMosquitto
class WebApiIT {
  private static final int PORT = FreePort.find();
  private static final HttpProbe HTTP = HttpProbe.of(PORT);

  @RegisterExtension
  static final Installation INSTALLATION =
      Installation.with(bridge -> bridge.property("web.port", Integer.toString(PORT)));

  private final String serial = Serials.next();

  @Test
  void answersARequestWithTheVeryMessageThatIsPublished() {
    INSTALLATION.charger(serial).answerLikeFirmware();
    for (String type : List.of("ping", "data_collection")) {
      Answer answer = request("{\"message_type\":\"request_%s\"}".formatted(type));
      assertEquals(200, answer.status(), answer.body());
      String response = type.equals("ping") ? "response_ping" : "response_collect_data";
      assertEquals(
          INSTALLATION.probe().take(MqttProbe.message(response, serial)).text(), answer.body());
    }
    assertEquals("application/json", request("{}").header("Content-Type"));
  }

  @Test
  void switchesAsARequestFromMqttDoes() {
    INSTALLATION.charger(serial).answerLikeFirmware();
    assertEquals(
        200, request("{\"message_type\":\"request_set_pwm_percent\",\"pwm_percent\":26}").status());
    assertEquals(
        200,
        request("{\"message_type\":\"request_set_contactor_state\",\"contactor_state\":true}")
            .status());
    INSTALLATION.probe().take(MqttProbe.message("response_set_contactor_state", serial));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{                                                                        | 400 | invalid_json",
        "[]                                                                       | 400 | invalid_json",
        "{}                                                                       | 400 | missing_field",
        "{\"message_type\":\"request_set_pwm_percent\"}                           | 400 | missing_field",
        "{\"message_type\":\"request_set_pwm_percent\",\"pwm_percent\":101}       | 400 | invalid_value",
        "{\"message_type\":\"request_set_contactor_state\",\"contactor_state\":1} | 400 | invalid_value",
        "{\"message_type\":\"request_nothing\"}                                   | 400 | unknown_message_type",
        "{\"message_type\":\"request_ping\",\"message_type\":\"request_ping\"}    | 400 | invalid_json"
      })
  void answersWhatIsWrongWithItsErrorAndPublishesThatToo(String body, int status, String code) {
    RawCharger charger = INSTALLATION.charger(serial);
    Answer answer = request(body);
    assertEquals(status, answer.status(), answer.body());
    assertEquals(code, answer.json().get("error").asText());
    INSTALLATION.probe().take(MqttProbe.error().and(error -> error.text().equals(answer.body())));
    assertEquals(List.of(), charger.untakenFrames());
  }

  @Test
  void saysThatAChargerIsNotThere() {
    Answer answer = request("{\"message_type\":\"request_ping\"}");
    assertEquals(404, answer.status());
    assertEquals("not_connected", answer.json().get("error").asText());
    assertEquals(404, HTTP.get("/api/chargers/" + serial).status());
  }

  @Test
  void takesSetPointsAsTheirTopicsDo() {
    INSTALLATION.charger(serial);
    for (Answer answer :
        List.of(
            HTTP.post("/api/chargers/" + serial + "/set", "{\"enabled\":true}"),
            HTTP.post("/api/chargers/" + serial + "/set/limit_amps", "16"),
            HTTP.post("/api/chargers/" + serial + "/set/reset", "\"all\""))) {
      assertEquals(409, answer.status(), answer.body());
      assertEquals("not_controlled", answer.json().get("error").asText());
    }
    assertEquals(400, HTTP.post("/api/chargers/" + serial + "/set/limit_amps", "3").status());
    assertEquals(404, HTTP.post("/api/chargers/a%2Fset%2Fx/set", "{}").status());
    assertEquals(404, HTTP.post("/api/chargers/%23/set", "{}").status());
  }

  @Test
  void showsStateLogAndErrors() {
    INSTALLATION
        .charger(serial)
        .answerLikeFirmware(
            ChargerReading.typical().log("12: <img src=x onerror=alert(1)>\0" + "34: two\0"), 9);
    assertEquals(200, request("{\"message_type\":\"request_data_collection\"}").status());
    assertEquals(400, request("{\"message_type\":\"request_nothing\"}").status());
    Patience.until("the log is there", () -> one().path("log").size() == 2);

    JsonNode charger = one();
    assertEquals(serial, charger.get("client_id").asText());
    assertTrue(charger.get("connected").asBoolean());
    assertEquals("<img src=x onerror=alert(1)>", charger.get("log").get(0).get("text").asText());
    assertEquals(34, charger.get("log").get(1).get("uptime_milliseconds").asLong());
    assertEquals("unknown_message_type", charger.get("recent_errors").get(0).get("error").asText());
    assertTrue(charger.get("errors").isNull());

    JsonNode all = HTTP.get("/api/chargers").json();
    assertTrue(all.isArray());
    assertTrue(all.findValuesAsText("client_id").contains(serial), () -> all.toString());
  }

  @Test
  void showsTheLogAsItIsPublished() {
    ChargerReading reading = ChargerReading.typical();
    INSTALLATION.charger(serial).answerLikeFirmware(reading, 9);
    for (String part : List.of("12: cut o", "ff\0" + "34: whole\0")) {
      reading.log(part);
      assertEquals(200, request("{\"message_type\":\"request_data_collection\"}").status());
    }
    Patience.until("the log is there", () -> one().path("log").size() == 2);
    JsonNode log = one().get("log");
    assertEquals("cut off", log.get(0).get("text").asText());
    for (int i = 0; i < 2; i++) {
      assertEquals(
          INSTALLATION.probe().take(MqttProbe.onTopic("from_dehneEVSE/" + serial + "/log")).json(),
          log.get(i));
    }
  }

  @Test
  void keepsTheLastTwoHundredLinesAndTwentyErrors() {
    StringBuilder log = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      log.append(i).append(": x\0");
    }
    assertTrue(log.length() < 1024);
    ChargerReading reading = ChargerReading.typical();
    INSTALLATION.charger(serial).answerLikeFirmware(reading, 9);
    for (int i = 0; i < 3; i++) {
      reading.log(log.toString());
      assertEquals(200, request("{\"message_type\":\"request_data_collection\"}").status());
    }
    for (int i = 0; i < 25; i++) {
      assertEquals(400, request("{\"message_type\":\"request_nothing\"}").status());
    }
    Patience.until("all are there", () -> one().get("log").size() == 200);
    assertEquals(20, one().get("recent_errors").size());
  }

  @Test
  void tellsFirstEverythingThenWhatChanges() throws IOException {
    RawCharger charger = INSTALLATION.charger(serial).answerLikeFirmware();
    request("{\"message_type\":\"request_data_collection\"}");
    try (EventProbe events = EventProbe.open(HTTP)) {
      assertTrue(events.take("bridge", "bridge").get("broker_connected").asBoolean());
      assertTrue(events.take("message", serial).get("connected").asBoolean());

      request("{\"message_type\":\"request_nothing\"}");
      assertEquals("unknown_message_type", events.take("failure", serial).get("error").asText());

      charger.close();
      JsonNode gone = events.take("message", serial, state -> !state.get("connected").asBoolean());
      assertNotNull(gone.get("offline_since").textValue());
    }
  }

  @Test
  void hasRoomForTwentyStreamsAndDropsThoseThatDoNotRead() throws IOException {
    List<EventProbe> streams = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        EventProbe stream = EventProbe.open(HTTP);
        stream.take("bridge", "bridge");
        streams.add(stream);
      }
      assertEquals(503, HTTP.get("/events").status());
      streams.remove(0).close();
      Patience.until(
          "there is room again",
          () -> {
            try (EventProbe stream = EventProbe.open(HTTP)) {
              return stream.status() == 200;
            }
          });
    } finally {
      for (EventProbe stream : streams) {
        stream.close();
      }
    }
  }

  @Test
  void answersAnUploadWhenTheChargerRunsTheNewFirmware() throws Exception {
    RawCharger charger = INSTALLATION.charger(serial);
    byte[] image = "a new firmware".getBytes(StandardCharsets.UTF_8);
    String body =
        "{\"message_type\":\"request_firmware\",\"firmware\":{\"firmware_data_base64\":\"%s\",\"firmware_crc32\":%d}}"
            .formatted(Base64.getEncoder().encodeToString(image), FirmwareImage.crc32Of(image));
    Answer wrong = request(body.replace("\"firmware_crc32\":", "\"firmware_crc32\":1"));
    assertTrue(wrong.status() == 422 || wrong.status() == 400, wrong.body());

    var upload = CompletableFuture.supplyAsync(() -> request(body));
    charger.takeFrame();
    charger.send(ChargerReading.typical().contactor(0).frame());
    Patience.until("it is sent", () -> one().at("/firmware/state").asText().equals("restarting"));
    charger.close();
    RawCharger restarted = INSTALLATION.charger(serial, serial, 10);
    restarted.takeFrame();
    restarted.send(ChargerReading.typical().firmwareVersion(10).contactor(0).uptime(1).frame());
    Answer done = upload.get(20, TimeUnit.SECONDS);
    assertEquals(200, done.status(), done.body());
    assertEquals(10, done.json().at("/handshake/firmware_version").asInt());
    assertEquals("done", one().at("/firmware/state").asText());
    assertFalse(one().get("connected").isNull());
  }

  @Test
  void goesOnWhileAClientSendsItsRequestSlowly() throws IOException {
    try (Socket slow = HTTP.connect()) {
      slow.getOutputStream()
          .write(
              ("POST /api/chargers/x/requests HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                      + "Content-Length: 1000\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      assertEquals(200, HTTP.get("/api/chargers").status());
    }
  }

  private Answer request(String body) {
    return HTTP.post("/api/chargers/" + serial + "/requests", body);
  }

  private JsonNode one() {
    return HTTP.get("/api/chargers/" + serial).json();
  }
}
