package dev.evsebridge.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.LocalTime;
import org.junit.jupiter.api.Test;

class MessageLineTest {
  private static final LocalTime NOON = LocalTime.of(12, 0, 0, 7_000_000);

  private final MessageLine messageLine = new MessageLine("to_dehneEVSE", false);

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
  void tellsStatesInWords() {
    assertEquals(
        "12:00:00.007 <-- garage: no car, nothing offered, contactor open",
        messageLine.of(
            NOON,
            "from_dehneEVSE/garage/state",
            """
            {"client_id":"garage","connected":true,"charging":false,"why":"no_vehicle",
            "offered_amps":0,"contactor_state":false,"pilot_voltage":"volt_12"}"""));
  }

  @Test
  void showsBrokenJsonAsItIs() {
    assertEquals(
        "12:00:00.007 --> to_dehneEVSE {\"message_type\":",
        messageLine.of(NOON, "to_dehneEVSE", "{\"message_type\":"));
  }

  @Test
  void coloursDirectionsAndErrorsOnlyWhenAsked() {
    MessageLine coloured = new MessageLine("to_dehneEVSE", true);

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
