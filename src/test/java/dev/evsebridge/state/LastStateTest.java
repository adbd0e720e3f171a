package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.evsebridge.message.SerialNumber;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What goes on where a charger is now: energy that never falls and is never counted twice. */
class LastStateTest {

  private static final SerialNumber SERIAL = new SerialNumber("0A".repeat(16));
  private static final Instant START = Instant.parse("2026-11-26T10:58:41Z");

  @Test
  void goesOnWithTotalAndSessionOfTheOtherBridge() {
    EnergyMeter meter = new EnergyMeter(Metered.NOTHING);
    takeOver(meter, "\"energy_kwh\":1234.567,\"session_kwh\":3.251", "null");

    Consumption consumption = Consumption.of(meter.metered(), meter.metered());
    assertEquals(1234.567, consumption.energyKwh());
    assertEquals(3.251, Objects.requireNonNull(consumption.sessionKwh()), 1e-9);
    assertEquals(START.toString(), consumption.sessionStart());
    assertNull(consumption.sessionEnd());
    assertEquals(1100, consumption.chargingSeconds());
  }

  @Test
  void leavesASessionBehindThatHasEndedMeanwhile() {
    Metered before =
        new Metered(
            5_000.0, false, null, ChargingSession.begin(START.minusSeconds(9_000), 0.0), null);
    EnergyMeter meter = new EnergyMeter(before);
    takeOver(meter, "\"energy_kwh\":9.0,\"session_kwh\":1.5", "\"2026-11-26T11:30:00Z\"");

    Consumption consumption = Consumption.of(meter.metered(), meter.metered());
    assertNull(meter.metered().running());
    assertEquals(9.0, consumption.energyKwh());
    assertEquals(1.5, consumption.sessionKwh());
    assertEquals("2026-11-26T11:30:00Z", consumption.sessionEnd());
  }

  @Test
  void neverFallsBelowWhatWasCountedHere() {
    EnergyMeter meter = new EnergyMeter(new Metered(5_000.0, false, null, null, null));
    takeOver(meter, "\"energy_kwh\":4.0", "null");
    assertEquals(5_000.0, meter.metered().wattHours());
  }

  @Test
  void isNoneWhereNoneIs() {
    assertNull(LastState.read("{".getBytes(StandardCharsets.UTF_8)));
    assertNull(LastState.read("{\"serial\":\"x\"}".getBytes(StandardCharsets.UTF_8)));
  }

  private static void takeOver(EnergyMeter meter, String energy, String sessionEnd) {
    String state =
        "{\"serial\":\"%s\",%s,\"session_start\":\"%s\",\"session_end\":%s,\"charging_seconds\":1100}"
            .formatted(SERIAL, energy, START, sessionEnd);
    LastState last = Objects.requireNonNull(LastState.read(state.getBytes(StandardCharsets.UTF_8)));
    meter.takeOver(last.wattHours(), last.session());
  }
}
