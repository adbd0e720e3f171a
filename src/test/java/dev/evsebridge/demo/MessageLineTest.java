package dev.evsebridge.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.LocalTime;
import java.util.List;
import org.junit.jupiter.api.Test;

class MessageLineTest {
  private static final LocalTime NOON = LocalTime.of(12, 0, 0, 7_000_000);

  private static final ReadingWords WORDS = new ReadingWords(List.of());

  private final MessageLine messageLine = new MessageLine(WORDS, "to_dehneEVSE", false);

  @Test
  void pointsRightForMessagesToTheChargers() {
    assertEquals(
        "12:00:00.007 --> to_dehneEVSE {\"message_type\":\"request_ping\"}",
        messageLine.of(NOON, "to_dehneEVSE", "{\n  \"message_type\" : \"request_ping\"\n}"));
  }

  @Test
  void pointsLeftForMessagesFromTheChargers() {
    assertEquals(
        "12:00:00.007 <-- from_dehneEVSE/bridge/availability online",
        messageLine.of(NOON, "from_dehneEVSE/bridge/availability", "online"));
  }

  @Test
  void tellsReadingsInWords() {
    assertEquals(
        "12:00:00.007 <-- garage: no car, nothing offered, contactor open, no cable, Wi-Fi -62 dBm",
        messageLine.of(
            NOON,
            "from_dehneEVSE",
            """
            {"message_type":"response_collect_data","client_id":"garage","pwm_percent":100,
            "contactor_state":false,"measurements":{"pilot_voltage":"volt_12",
            "proximity_pilot_amps":"no_cable","wifi_rssi":-62}}"""));
  }

  @Test
  void showsBrokenJsonAsItIs() {
    assertEquals(
        "12:00:00.007 --> to_dehneEVSE {\"message_type\":",
        messageLine.of(NOON, "to_dehneEVSE", "{\"message_type\":"));
  }

  @Test
  void coloursDirectionsAndErrorsOnlyWhenAsked() {
    MessageLine coloured = new MessageLine(WORDS, "to_dehneEVSE", true);

    assertEquals(
        "\u001b[33m12:00:00.007 --> to_dehneEVSE\u001b[0m x",
        coloured.of(NOON, "to_dehneEVSE", "x"));
    assertEquals(
        "\u001b[32m12:00:00.007 <-- from_dehneEVSE\u001b[0m x",
        coloured.of(NOON, "from_dehneEVSE", "x"));
    assertEquals(
        "\u001b[31m12:00:00.007 <-- from_dehneEVSE/error\u001b[0m x",
        coloured.of(NOON, "from_dehneEVSE/error", "x"));
  }
}
