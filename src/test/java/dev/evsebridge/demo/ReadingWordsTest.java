package dev.evsebridge.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadingWordsTest {
  private static final String SERIAL = "53494D554C4154454430303030303132";

  private final ReadingWords words =
      new ReadingWords(
          List.of(
              "sensors.id_" + SERIAL + ".current_l1 = 2000,4000,100",
              "sensors.id_" + SERIAL + ".current_l2 = 2010,4000,100",
              "sensors.id_" + SERIAL + ".current_l3 = 2020,4000,100"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          volt_12 | no_cable | 100 | false | 2000 | 2010 | 2020 | no car, nothing offered, contactor open, no cable
          volt_9  | amp_13   | 26  | false | 2001 | 2012 | 2022 | car connected, 15.6 A offered, contactor open, cable for 13 A
          volt_6  | amp_32   | 26  | false | 2000 | 2010 | 2020 | car asks for power, 15.6 A offered, contactor open, cable for 32 A
          volt_6  | amp_32   | 26  | true  | 2390 | 2400 | 2410 | car charging at 15.6 A on 3 phases, 15.6 A offered, contactor closed, cable for 32 A
          volt_6  | amp_20   | 90  | true  | 2150 | 2010 | 2020 | car charging at 6.0 A on 1 phase, 65.0 A offered, contactor closed, cable for 20 A
          volt_3  | amp_20   | 10  | false | 2000 | 2010 | 2020 | car asks for power and ventilation, 6.0 A offered, contactor open, cable for 20 A
          fault   | amp_20   | 0   | false | 2000 | 2010 | 2020 | pilot fault, nothing offered, contactor open, cable for 20 A
          """)
  void saysWhatTheCarDoes(
      String pilot,
      String cable,
      int percent,
      boolean closed,
      int phase1,
      int phase2,
      int phase3,
      String expected)
      throws JsonProcessingException {
    String reading =
        """
        {"client_id":"%s","pwm_percent":%d,"contactor_state":%s,"measurements":{
        "pilot_voltage":"%s","proximity_pilot_amps":"%s","phase1_milliamps":%d,
        "phase2_milliamps":%d,"phase3_milliamps":%d,"wifi_rssi":-62}}"""
            .formatted(SERIAL, percent, closed, pilot, cable, phase1, phase2, phase3);

    assertEquals(
        "charger 12: " + expected + ", Wi-Fi -62 dBm",
        words.of(new ObjectMapper().readTree(reading)));
  }

  @Test
  void namesOtherChargersInFull() {
    assertEquals("garage", ReadingWords.shortNameOf("garage"));
    assertEquals(
        "10BA23AB50534D53302E3120FF162332",
        ReadingWords.shortNameOf("10BA23AB50534D53302E3120FF162332"));
  }
}
