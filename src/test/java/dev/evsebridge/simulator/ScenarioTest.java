package dev.evsebridge.simulator;

import static dev.evsebridge.simulator.VirtualCharger.PING;
import static dev.evsebridge.simulator.VirtualCharger.SET_CONTACTOR_STATE;
import static dev.evsebridge.simulator.VirtualCharger.SET_PWM_PERCENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ScenarioTest {
  private static final long FIRST_ARRIVAL_MILLIS = 25_000;

  /** A bridge that is not asked for anything does no harm here. */
  private static final SimulatorTiming PATIENT =
      SimulatorTiming.DEFAULT.withTimeouts(
          Duration.ofDays(1), Duration.ofSeconds(5), Duration.ofDays(1));

  @ParameterizedTest
  @EnumSource(Scenario.class)
  void isFoundByItsLabel(Scenario scenario) {
    assertEquals(Optional.of(scenario), Scenario.of(scenario.label()));
  }

  @ParameterizedTest
  @CsvSource({"mixed", "ignores-pwm", "weak-wifi"})
  void isWrittenInLowerCase(String label) {
    assertTrue(Scenario.labels().contains(label));
  }

  @Test
  void othersAreNone() {
    assertEquals(Optional.empty(), Scenario.of("CHARGING"));
    assertEquals(Optional.empty(), Scenario.of(""));
  }

  @Test
  void firstCarsComeAtDifferentTimesAllWithinHalfAMinute() {
    Set<Long> arrivals = new HashSet<>();
    for (int number = 1; number <= 10; number++) {
      VirtualCharger place = new VirtualCharger(PATIENT, Scenario.MIXED, number, 1);
      long start = place.nowMillis();
      while (!place.charger().isPluggedIn()) {
        place.runMillis(100);
      }
      arrivals.add(place.nowMillis() - start);
      assertTrue(place.nowMillis() - start <= FIRST_ARRIVAL_MILLIS + 100);
    }
    assertTrue(arrivals.size() >= 9, arrivals::toString);
  }

  @Test
  void carsComeAskLeaveAndOthersCome() {
    VirtualCharger place = new VirtualCharger(PATIENT, Scenario.CHARGING);
    place.charger().recordEvents();
    place.ask(SET_PWM_PERCENT, (byte) 26);
    place.run(Duration.ofMinutes(30));

    List<Integer> pilots =
        place.charger().events().stream()
            .filter(event -> event.kind() == Event.Kind.PILOT)
            .map(Event::value)
            .toList();
    assertEquals(List.of(1, 2, 0, 1, 2, 0), pilots.subList(0, 6));
  }

  @Test
  void sameSeedTellsTheSameStory() {
    assertEquals(storyOf(1, 7), storyOf(1, 7));
    assertNotEquals(storyOf(1, 7), storyOf(1, 8));
    assertNotEquals(storyOf(1, 7), storyOf(2, 7));
  }

  private static List<String> storyOf(int number, long seed) {
    VirtualCharger place = new VirtualCharger(PATIENT, Scenario.CHARGING, number, seed);
    place.charger().recordEvents();
    place.ask(SET_PWM_PERCENT, (byte) 26);
    place.run(Duration.ofMinutes(30));
    List<String> story = new ArrayList<>();
    place.charger().events().forEach(event -> story.add(event.toString()));
    return story;
  }

  @Test
  void chargersOfAMixedFleetDiffer() {
    assertEquals(3, phasesAt(1));
    assertEquals(1, phasesAt(2));
    assertTrue(carAt(Scenario.MIXED, 3).fullSoon());
    assertFalse(carAt(Scenario.MIXED, 1).fullSoon());
    assertTrue(Scenario.MIXED.ofCharger(4).hasWeakWifi());
    assertTrue(Scenario.MIXED.ofCharger(5).hasFaultyPilot());
    assertEquals(EnumSet.of(Scenario.MIXED, Scenario.WEAK_WIFI, Scenario.FAULT), mixedOfFirst(5));
  }

  private static EnumSet<Scenario> mixedOfFirst(int chargers) {
    EnumSet<Scenario> scenarios = EnumSet.noneOf(Scenario.class);
    for (int number = 1; number <= chargers; number++) {
      scenarios.add(Scenario.MIXED.ofCharger(number));
    }
    return scenarios;
  }

  private static int phasesAt(int number) {
    return carAt(Scenario.MIXED, number).phases();
  }

  @ParameterizedTest
  @CsvSource({"1, 100, VOLT_6", "2, 100, VOLT_9", "2, 0, VOLT_6"})
  void sleepyCarsAskForPowerOnceTheyHaveBeenWoken(
      int number, int wakeUpPercent, PilotVoltage pilot) {
    VirtualCharger place = charging(Scenario.SLEEPY, number);
    assertEquals(PilotVoltage.VOLT_9, place.charger().pilotVoltage());

    place.ask(SET_PWM_PERCENT, (byte) wakeUpPercent);
    place.runMillis(4_000);
    place.ask(SET_PWM_PERCENT, (byte) 26);
    place.runMillis(1_000);

    assertEquals(pilot, place.charger().pilotVoltage());
  }

  @Test
  void overcurrentIsFourAmpsMoreThanOffered() {
    assertEquals(19.6, carAt(Scenario.OVERCURRENT, 1).amps(), 0.001);
    assertEquals(15.6, carAt(Scenario.CHARGING, 1).amps(), 0.001);
  }

  @Test
  void ventilationIsAskedFor() {
    assertEquals(PilotVoltage.VOLT_3, carAt(Scenario.VENTILATION, 1).pilot());
  }

  @Test
  void disobedientContactorNeverCloses() {
    assertFalse(carAt(Scenario.DISOBEYS, 1).charged());
  }

  @ParameterizedTest
  @CsvSource({"CHARGING, 2000, false", "LATE, 4900, true", "IGNORES_PWM, 60000, true"})
  void carsStopAsSlowlyAsTheScenarioSays(Scenario scenario, long millis, boolean stillAsks) {
    VirtualCharger place = charging(scenario, 1);
    place.ask(SET_PWM_PERCENT, (byte) 100);
    place.runMillis(millis);

    assertEquals(stillAsks, place.charger().pilotVoltage() == PilotVoltage.VOLT_6);
  }

  @Test
  void weldedContactorGoesOnCarryingCurrent() {
    VirtualCharger place = charging(Scenario.WELDED, 1);
    place.ask(SET_PWM_PERCENT, (byte) 100);
    place.ask(SET_CONTACTOR_STATE, (byte) 0);
    place.runMillis(5_000);

    assertTrue(place.charger().amps(1) > 15);
  }

  @Test
  void faultyPilotFaultsForFiveSecondsAMinute() {
    VirtualCharger place = charging(Scenario.FAULT, 1);
    int faultyTenths = 0;
    for (int i = 0; i < 600; i++) {
      place.runMillis(100);
      if (place.charger().pilotVoltage() == PilotVoltage.FAULT) {
        faultyTenths++;
      }
    }

    assertEquals(50, faultyTenths, 2);
  }

  @Test
  void flickeringCarChangesItsMindEveryThreeSeconds() {
    VirtualCharger place = charging(Scenario.FLICKER, 1);
    place.charger().recordEvents();
    place.runMillis(30_000);

    assertEquals(
        10,
        place.charger().events().stream()
            .filter(event -> event.kind() == Event.Kind.PILOT)
            .count());
  }

  private record Outcome(double amps, int phases, PilotVoltage pilot, boolean fullSoon) {
    boolean charged() {
      return amps > 0;
    }
  }

  /** What a car does that is offered 15.6 A. */
  private static Outcome carAt(Scenario scenario, int number) {
    VirtualCharger place = charging(scenario, number);
    SimulatedCharger charger = place.charger();
    int phases = 0;
    for (int phase = 1; phase <= 3; phase++) {
      phases += charger.amps(phase) > 0 ? 1 : 0;
    }
    double amps = charger.amps(1);
    PilotVoltage pilot = charger.pilotVoltage();
    place.runMillis(150_000);
    return new Outcome(amps, phases, pilot, charger.pilotVoltage() == PilotVoltage.VOLT_9);
  }

  private static VirtualCharger charging(Scenario scenario, int number) {
    VirtualCharger place = new VirtualCharger(PATIENT, scenario, number, 1);
    place.ask(SET_PWM_PERCENT, (byte) 26);
    while (!place.charger().isPluggedIn()) {
      place.runMillis(20);
    }
    place.runMillis(13_100);
    place.ask(SET_CONTACTOR_STATE, (byte) 1);
    place.runMillis(5_000);
    place.ask(PING);
    return place;
  }
}
