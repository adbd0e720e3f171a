package dev.evsebridge.simulator;

import static dev.evsebridge.simulator.VirtualCharger.COLLECT_DATA;
import static dev.evsebridge.simulator.VirtualCharger.PING;
import static dev.evsebridge.simulator.VirtualCharger.SET_CONTACTOR_STATE;
import static dev.evsebridge.simulator.VirtualCharger.SET_PWM_PERCENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.VirtualCharger.Sent;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a test can do to a charger and its car, and what it can see. */
class SimulatedChargerTest {
  private static final int CURRENTS_OFFSET = 16;

  private final VirtualCharger bridge = new VirtualCharger(SimulatorTiming.DEFAULT, Scenario.EMPTY);
  private final SimulatedCharger charger = bridge.charger();

  @Test
  void nobodyComesUnlessPluggedIn() {
    keepAlive(Duration.ofHours(1));

    assertFalse(charger.isPluggedIn());
    assertEquals(PilotVoltage.VOLT_12, charger.pilotVoltage());
  }

  @Test
  void carGoesThroughItsStates() {
    charger.plugIn();
    assertEquals(PilotVoltage.VOLT_9, charger.pilotVoltage());
    charger.ask();
    assertEquals(PilotVoltage.VOLT_9, charger.pilotVoltage());

    bridge.ask(SET_PWM_PERCENT, (byte) 26);
    bridge.runMillis(500);
    assertEquals(PilotVoltage.VOLT_6, charger.pilotVoltage());
    charger.needVentilation(true);
    assertEquals(PilotVoltage.VOLT_3, charger.pilotVoltage());
    charger.needVentilation(false);
    charger.fault();
    assertEquals(PilotVoltage.FAULT, charger.pilotVoltage());
    charger.endFault();
    assertEquals(PilotVoltage.VOLT_6, charger.pilotVoltage());
    charger.stopAsking();
    assertEquals(PilotVoltage.VOLT_9, charger.pilotVoltage());
    charger.unplug();
    assertEquals(PilotVoltage.VOLT_12, charger.pilotVoltage());
  }

  @Test
  void countsTheEnergyThatTrulyFlowed() {
    charge(CarModel.ORDINARY.reacting(Duration.ZERO, Duration.ofSeconds(2), 1e6));
    double before = charger.energyKilowattHours();

    keepAlive(Duration.ofHours(1));

    assertEquals(3 * 230 * 15.6 / 1_000, charger.energyKilowattHours() - before, 0.001);
  }

  @Test
  void countsOnlyThePhasesThatTheCarUses() {
    charge(CarModel.ORDINARY.withPhases(1).reacting(Duration.ZERO, Duration.ofSeconds(2), 1e6));
    double before = charger.energyKilowattHours();

    keepAlive(Duration.ofHours(1));

    assertEquals(230 * 15.6 / 1_000, charger.energyKilowattHours() - before, 0.001);
    assertEquals(15.6, charger.amps(1), 0.001);
    assertEquals(0, charger.amps(2));
  }

  @Test
  void countsClosingsAndOpenings() {
    charge(CarModel.ORDINARY);
    bridge.ask(SET_CONTACTOR_STATE, (byte) 1);
    assertEquals(1, charger.closings());

    charger.stopAsking();
    bridge.ask(SET_CONTACTOR_STATE, (byte) 0);
    assertEquals(1, charger.openings());
    assertEquals(0, charger.openingsUnderLoad());
  }

  @Test
  void countsOpeningsUnderLoad() {
    charge(CarModel.ORDINARY);

    bridge.ask(SET_CONTACTOR_STATE, (byte) 0);

    assertEquals(1, charger.openingsUnderLoad());
  }

  @Test
  void tellsHowLongTheContactorWasClosedWithoutACarThatAsks() {
    charge(CarModel.ORDINARY);
    assertEquals(Duration.ZERO, charger.closedOutsideCharging());

    charger.unplug();
    bridge.runMillis(1_200);
    bridge.ask(SET_CONTACTOR_STATE, (byte) 0);
    charge(CarModel.ORDINARY);
    charger.stopAsking();
    bridge.runMillis(400);
    bridge.ask(SET_CONTACTOR_STATE, (byte) 0);

    assertEquals(Duration.ofMillis(1_220), charger.longestClosedOutsideCharging());
    assertEquals(Duration.ofMillis(1_220 + 420), charger.closedOutsideCharging());
  }

  @Test
  void weldedContactsGoOnCarryingCurrentWhileTheReadingSaysOpen() {
    charger.setContactorFault(ContactorFault.WELDED);
    charge(CarModel.ORDINARY);

    bridge.ask(SET_CONTACTOR_STATE, (byte) 0);

    assertFalse(charger.isContactorClosed());
    assertEquals(15.6, charger.amps(1), 0.001);
    Sent reading = bridge.ask(COLLECT_DATA);
    assertEquals(0, reading.payload().get(0));
    assertEquals(15_600, milliamps(reading), 100);
  }

  @Test
  void contactsOfAContactorThatWasOpenWeldAtTheNextClosing() {
    charger.setContactorFault(ContactorFault.WELDED);
    charger.plugIn();
    charger.forceAmps(2);
    assertEquals(0, charger.amps(1));

    bridge.ask(SET_CONTACTOR_STATE, (byte) 1);
    bridge.ask(SET_CONTACTOR_STATE, (byte) 0);

    assertEquals(2, charger.amps(1));
    charger.endForcedAmps();
    assertEquals(0, charger.amps(1));
  }

  @Test
  void stuckPinIsAcknowledgedAndStaysAsItIs() {
    charger.setContactorFault(ContactorFault.STUCK_PIN);

    assertEquals(4, bridge.ask(SET_CONTACTOR_STATE, (byte) 1).type());

    assertFalse(charger.isContactorClosed());
    assertEquals(0, bridge.ask(COLLECT_DATA).payload().get(0));
  }

  @Test
  void readingFollowsTheSupply() {
    assertEquals(230_000, millivolts(bridge.ask(COLLECT_DATA)), 2_000);

    charger.setSupplyVolts(180);

    assertEquals(180_000, millivolts(bridge.ask(COLLECT_DATA)), 2_000);
  }

  @Test
  void rawReadingsStayWithinTheAdc() {
    charge(CarModel.ORDINARY);
    charger.forceAmps(500);

    for (int phase = 0; phase < 3; phase++) {
      assertEquals(4_095, bridge.ask(COLLECT_DATA).intAt(CURRENTS_OFFSET + 4 * phase));
    }
  }

  @Test
  void everyChargerHasACalibrationOfItsOwnThatStaysTheSame() {
    List<String> settings = charger.calibrationSettings();

    assertEquals(6, settings.size());
    assertTrue(
        settings
            .get(0)
            .matches("sensors\\.id_" + charger.serial() + "\\.current_l1 = \\d+,\\d+,\\d+"),
        settings.get(0));
    assertEquals(
        settings,
        new VirtualCharger(SimulatorTiming.DEFAULT, Scenario.MIXED)
            .charger()
            .calibrationSettings());
    assertFalse(
        numbers(settings)
            .equals(
                numbers(
                    new VirtualCharger(SimulatorTiming.DEFAULT, Scenario.EMPTY, 2, 1)
                        .charger()
                        .calibrationSettings())));
  }

  @Test
  void tellsWhatHappenedOnceItRecords() {
    bridge.ask(PING);
    charger.recordEvents();
    bridge.ask(SET_PWM_PERCENT, (byte) 26);
    charger.plugIn();

    assertEquals(
        List.of("REQUEST 4", "DUTY_CYCLE 26", "RESPONSE 3", "PILOT 1"),
        charger.events().stream().map(event -> event.kind() + " " + event.value()).toList());
  }

  @Test
  void aTestsOwnCarEndsTheComingsAndGoings() {
    VirtualCharger busy =
        new VirtualCharger(
            SimulatorTiming.DEFAULT.withTimeouts(
                Duration.ofDays(1), Duration.ofSeconds(5), Duration.ofDays(1)),
            Scenario.CHARGING);
    busy.charger().plugIn();

    busy.run(Duration.ofHours(1));

    assertEquals(PilotVoltage.VOLT_9, busy.charger().pilotVoltage());
  }

  private void charge(CarModel model) {
    charger.plugIn(model);
    charger.ask();
    bridge.ask(SET_PWM_PERCENT, (byte) 26);
    bridge.runMillis(1_000);
    bridge.ask(SET_CONTACTOR_STATE, (byte) 1);
    bridge.runMillis(5_000);
    bridge.ask(PING);
  }

  private void keepAlive(Duration duration) {
    for (long end = bridge.nowMillis() + duration.toMillis(); bridge.nowMillis() < end; ) {
      bridge.ask(PING);
      bridge.runMillis(Math.min(5_000, end - bridge.nowMillis()));
    }
  }

  private double milliamps(Sent reading) {
    return milliunits(0, reading.intAt(CURRENTS_OFFSET));
  }

  private double millivolts(Sent reading) {
    return milliunits(3, reading.intAt(4));
  }

  private double milliunits(int line, long adc) {
    String[] numbers = numbers(charger.calibrationSettings()).get(line).split(",", -1);
    return (adc - Double.parseDouble(numbers[0]))
        * Double.parseDouble(numbers[1])
        / Double.parseDouble(numbers[2]);
  }

  private static List<String> numbers(List<String> settings) {
    return settings.stream().map(line -> line.substring(line.indexOf("= ") + 2)).toList();
  }
}
