package dev.evsebridge.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StateWordsTest {
  private static final String SERIAL = "53494D554C4154454430303030303132";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          volt_12 | 0    | false | no_vehicle     | No car.          | no car, nothing offered, contactor open
          volt_9  | 15.6 | false | car_not_asking | It does not ask. | car connected, 15.6 A offered, contactor open. It does not ask.
          volt_6  | 15.6 | false | starting       | It is about to.  | car asks for power, 15.6 A offered, contactor open. It is about to.
          volt_3  | 0    | false | disabled       | It is off.       | car asks for power and ventilation, nothing offered, contactor open. It is off.
          fault   | 0    | false | pilot_fault    | It is faulty.    | pilot fault, nothing offered, contactor open. It is faulty.
          """)
  void sayWhatTheCarDoesAndWhyItIsNotCharging(
      String pilot, double offered, boolean closed, String why, String text, String expected)
      throws JsonProcessingException {
    JsonNode state =
        json(
            """
            {"client_id":"%s","connected":true,"charging":false,"pilot_voltage":"%s",
            "offered_amps":%s,"contactor_state":%s,"why":"%s","why_text":"%s"}"""
                .formatted(SERIAL, pilot, offered, closed, why, text));

    assertEquals("charger 12: " + expected, StateWords.of(state));
    assertEquals(StateWords.of(state), StateWords.withoutMeasurements(state));
  }

  @Test
  void sayWhatFlows() throws JsonProcessingException {
    JsonNode state =
        json(
            """
            {"client_id":"garage","connected":true,"charging":true,"pilot_voltage":"volt_6",
            "offered_amps":15.6,"contactor_state":true,"why":null,"why_text":null,"phases":2,
            "power_watts":7134,"phase1_amps":15.42,"phase2_amps":15.5,"phase3_amps":0.0}""");

    assertEquals(
        "garage: charging with 7.1 kW (15.5 A on 2 phases), 15.6 A offered, contactor closed",
        StateWords.of(state));
    assertEquals(
        "garage: charging, 15.6 A offered, contactor closed",
        StateWords.withoutMeasurements(state));
  }

  @Test
  void sayThatAChargerIsAway() throws JsonProcessingException {
    assertEquals(
        "charger 12: not connected",
        StateWords.of(json("{\"client_id\":\"%s\",\"connected\":false}".formatted(SERIAL))));
  }

  @Test
  void nameOtherChargersInFull() {
    assertEquals("garage", StateWords.shortNameOf("garage"));
    assertEquals(
        "10BA23AB50534D53302E3120FF162332",
        StateWords.shortNameOf("10BA23AB50534D53302E3120FF162332"));
  }

  private static JsonNode json(String text) throws JsonProcessingException {
    return new ObjectMapper().readTree(text);
  }
}
