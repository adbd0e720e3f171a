package dev.evsebridge.state;

import static dev.evsebridge.state.ChargerStateExamples.reading;
import static dev.evsebridge.state.ChargerStateExamples.status;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.evsebridge.control.Calibration;
import dev.evsebridge.control.ControlState;
import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.control.LatchedError;
import dev.evsebridge.control.PhaseCalibration;
import dev.evsebridge.control.Why;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.Reading;
import dev.evsebridge.state.ChargerFacts.Connection;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChargerFactsTest {
  private static final String SERIAL = "10BA23AB50534D53302E3120FF162332";
  private static final Instant READ_AT = Instant.parse("2026-11-26T11:30:05.120Z");

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      textBlock =
          """
          26,  false, VOLT_12, A, no_vehicle,     false, false
          26,  true,  VOLT_12, A, no_vehicle,     false, false
          100, false, VOLT_12, A, no_vehicle,     false, false
          100, false, VOLT_9,  B, not_offered,    true,  false
          9,   false, VOLT_9,  B, not_offered,    true,  false
          97,  false, VOLT_9,  B, not_offered,    true,  false
          26,  false, VOLT_9,  B, car_not_asking, true,  false
          26,  true,  VOLT_9,  B, car_not_asking, true,  false
          26,  false, VOLT_6,  B, contactor_open, true,  false
          26,  false, VOLT_3,  B, contactor_open, true,  false
          100, false, VOLT_6,  B, not_offered,    true,  false
          26,  true,  VOLT_6,  C, -,              true,  true
          26,  true,  VOLT_3,  C, -,              true,  true
          100, true,  VOLT_6,  C, -,              true,  true
          26,  false, FAULT,   E, pilot_fault,    -,     false
          26,  true,  FAULT,   E, pilot_fault,    -,     false
          0,   false, FAULT,   F, not_offered,    -,     false
          """)
  void tellsWithoutTheControllerWhatAReadingMeans(
      int pwmPercent,
      boolean closed,
      PilotVoltage pilot,
      String status,
      @Nullable String why,
      @Nullable Boolean vehicle,
      boolean charging) {
    ChargerState state = facts(Connection.OPEN, reading(pwmPercent, closed, pilot), null).state();

    assertEquals(status, state.status());
    assertEquals(why, state.why());
    assertEquals(
        why == null ? null : Why.valueOf(why.toUpperCase(Locale.ROOT)).sentence(0),
        state.whyText());
    assertEquals(vehicle, state.vehicle());
    assertEquals(charging, state.charging());
    assertEquals(closed, state.contactorState());
    assertNull(state.enabled());
    assertNull(state.errors());
    assertNull(state.alive());
    assertNull(state.protection());
  }

  @Test
  void knowsNothingBeforeTheFirstReadingOfAConnection() {
    ChargerState state = facts(Connection.OPEN, null, null).state();

    assertEquals("F", state.status());
    assertEquals("no_reading", state.why());
    assertNull(state.vehicle());
    assertNull(state.charging());
    assertNull(state.contactorState());
    assertNull(state.offeredAmps());
    assertNull(state.maxAmps());
  }

  @Test
  void isNotAvailableWhileItTakesFirmware() {
    ChargerState state =
        facts(Connection.FIRMWARE, reading(26, false, PilotVoltage.VOLT_9), null).state();

    assertEquals("F", state.status());
    assertEquals("firmware_update", state.why());
    assertEquals(true, state.vehicle());
  }

  @ParameterizedTest
  @CsvSource(nullValues = "-", textBlock = "LOST, -\nLOST_AND_OPEN, false")
  void forgetsWhatItMeasuredWhenItIsGone(Connection connection, @Nullable Boolean contactor) {
    ChargerState state = facts(connection, reading(26, true, PilotVoltage.VOLT_6), null).state();

    assertEquals(false, state.connected());
    assertEquals("F", state.status());
    assertEquals("offline", state.why());
    assertEquals("The charger is not connected to the bridge.", state.whyText());
    assertEquals(contactor, state.contactorState());
    assertEquals(false, state.charging());
    assertNull(state.vehicle());
    assertNull(state.pilotVoltage());
    assertNull(state.pwmPercent());
    assertNull(state.offeredAmps());
    assertNull(state.cableAmps());
    assertNull(state.wifiRssiDbm());
    assertNull(state.phase1Volts());
  }

  @Test
  void writesItsKeysInTheirOrder() throws Exception {
    Sensors sensors =
        new Sensors(
            new PhaseCalibration(line(10), line(10), line(10)),
            new PhaseCalibration(line(100), line(100), line(100)));
    ChargerState state =
        new ChargerFacts(
                "Garage",
                SERIAL,
                9,
                Connection.OPEN,
                reading(26, true, PilotVoltage.VOLT_6),
                READ_AT,
                "2026-11-20T06:11:02Z",
                sensors,
                status(
                    ControlState.CHARGING,
                    null,
                    PilotVoltage.VOLT_6,
                    true,
                    true,
                    160,
                    List.of(LatchedError.FOREIGN_CONTROL),
                    OptionalLong.of(1)),
                Instant.parse("2026-11-26T12:00:00.5Z"),
                new Consumption(1234.567, 3.251, "2026-11-26T10:58:41Z", null, 1100L))
            .state();

    assertEquals(
        """
        {"client_id":"Garage","serial":"10BA23AB50534D53302E3120FF162332","connected":true,\
        "time":"2026-11-26T11:30:05.120Z","status":"C","why":null,"why_text":null,"vehicle":true,\
        "charging":true,"enabled":true,"limit_amps":16.0,"offered_amps":15.6,"max_amps":16.0,\
        "limited_by":"cable","cable_amps":20,"pilot_voltage":"volt_6","contactor_state":true,\
        "pwm_percent":26,"power_watts":7322,"phase1_volts":230.1,"phase2_volts":230.5,\
        "phase3_volts":229.2,"phase1_amps":15.42,"phase2_amps":15.39,"phase3_amps":0.99,\
        "phases":2,"energy_kwh":1234.567,"session_kwh":3.251,\
        "session_start":"2026-11-26T10:58:41Z","session_end":null,\
        "charging_seconds":1100,"errors":["foreign_control"],"alive":"alive",\
        "start_at":"2026-11-26T12:00:00Z","wifi_rssi_dbm":-67,\
        "charger_start":"2026-11-20T06:11:02Z","firmware_version":9,\
        "protection":{"overcurrent":"on","weld":"not_calibrated","voltage":"on"}}""",
        BridgeJson.mapper().writeValueAsString(state));
  }

  @Test
  void guessesNothingOfPhasesThatAreNotCalibrated() {
    Sensors sensors =
        new Sensors(
            new PhaseCalibration(line(10), null, line(10)),
            new PhaseCalibration(line(100), line(100), null));
    ChargerState state =
        new ChargerFacts(
                "Garage",
                SERIAL,
                9,
                Connection.OPEN,
                reading(26, true, PilotVoltage.VOLT_6),
                READ_AT,
                null,
                sensors,
                null,
                null,
                Consumption.UNKNOWN)
            .state();

    assertEquals(3548, state.powerWatts());
    assertEquals(1, state.phases());
    assertNull(state.phase2Amps());
    assertNull(state.phase3Volts());
    assertEquals(0.99, state.phase3Amps());
    assertNull(
        facts(Connection.OPEN, reading(26, true, PilotVoltage.VOLT_6), null).state().phases());
  }

  @Test
  void tellsEveryReasonOfTheController() {
    List<String> told = new ArrayList<>();
    for (Why why : Why.values()) {
      ControlStatus control = status(ControlState.WAITING, why, PilotVoltage.VOLT_9, false);
      ChargerState state =
          facts(Connection.OPEN, reading(26, false, PilotVoltage.VOLT_9), control).state();
      told.add(state.why());
      assertEquals(why.sentence(60), state.whyText());
    }
    assertEquals(List.of(Why.values()).stream().map(Why::code).toList(), told);
  }

  @Test
  void keepsTheControllersSetPointsWhileTheChargerIsGone() {
    ControlStatus control =
        status(
            ControlState.CHARGING,
            null,
            PilotVoltage.VOLT_6,
            true,
            false,
            100,
            List.of(),
            OptionalLong.empty());
    ChargerState state = facts(Connection.LOST, null, control).state();

    assertEquals("F", state.status());
    assertEquals("offline", state.why());
    assertEquals("The charger is not connected to the bridge.", state.whyText());
    assertEquals(false, state.charging());
    assertEquals(false, state.enabled());
    assertEquals(10.0, state.limitAmps());
    assertNull(state.contactorState());
    assertNull(state.offeredAmps());
  }

  @Test
  void doesNotSayOfflineWhenTheControllerHasNotHeardOfTheConnectionYet() {
    ControlStatus control = status(ControlState.OFFLINE, Why.OFFLINE, PilotVoltage.VOLT_6, false);
    ChargerState state = facts(Connection.OPEN, null, control).state();

    assertEquals(true, state.connected());
    assertEquals("F", state.status());
    assertEquals("no_reading", state.why());
    assertNull(state.vehicle());
  }

  @Test
  void isChargingWhileTheControllersStopRuns() {
    ControlStatus control = status(ControlState.STOPPING, Why.STOPPING, PilotVoltage.VOLT_6, true);
    ChargerState state =
        facts(Connection.OPEN, reading(100, true, PilotVoltage.VOLT_6), control).state();

    assertEquals("C", state.status());
    assertEquals(true, state.charging());
    assertEquals("stopping", state.why());
  }

  private static Calibration line(double slope) {
    return new Calibration(0, slope, 1);
  }

  private static ChargerFacts facts(
      Connection connection, @Nullable Reading reading, @Nullable ControlStatus control) {
    return new ChargerFacts(
        "Garage",
        SERIAL,
        9,
        connection,
        reading,
        READ_AT,
        null,
        Sensors.NONE,
        control,
        null,
        Consumption.UNKNOWN);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-20T06:11:02.900Z",
    "2026-11-20T06:11:00.900Z",
    "2026-11-20T00:00:00Z",
    "1969-12-31T23:59:59.999Z"
  })
  void writesTimesToTheSecond(String time) {
    assertEquals(
        Instant.parse(time).truncatedTo(ChronoUnit.SECONDS).toString(),
        Consumption.seconds(Instant.parse(time)));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-26T11:30:05.120Z",
    "2026-11-26T11:30:05.007Z",
    "2026-11-26T11:30:06.000Z",
    "2026-11-26T11:30:05.999Z",
    "1969-12-31T23:59:59.999Z"
  })
  void writesTimesToTheMillisecond(String time) {
    assertEquals(time, ChargerFacts.milliseconds(Instant.parse(time)));
  }
}
