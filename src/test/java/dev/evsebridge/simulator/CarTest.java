package dev.evsebridge.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CarTest {
  private static final long SEED = 1;
  private static final int NOTHING_OFFERED = 100;
  private static final long ARRIVAL_MILLIS = 25_000;
  private static final long READY_MILLIS = ARRIVAL_MILLIS + 12_500;
  private static final long DEPARTURE_MILLIS = ARRIVAL_MILLIS + 375_000;

  private final Car car = new Car(SimulatorTiming.DEFAULT, new Random(SEED), 0);

  @Test
  void plugsInAfterAWhile() {
    assertFalse(car.advance(14_999, NOTHING_OFFERED));
    assertEquals(ProximityPilot.NO_CABLE, car.proximityPilot());

    assertTrue(car.advance(ARRIVAL_MILLIS, NOTHING_OFFERED));

    assertEquals(PilotVoltage.VOLT_9, car.pilotVoltage());
    assertNotEquals(ProximityPilot.NO_CABLE, car.proximityPilot());
  }

  @Test
  void asksForPowerOnlyWhileCurrentIsOffered() {
    car.advance(ARRIVAL_MILLIS, NOTHING_OFFERED);

    assertFalse(car.advance(READY_MILLIS, NOTHING_OFFERED));
    assertTrue(car.advance(READY_MILLIS + 1, 10));
    assertEquals(PilotVoltage.VOLT_6, car.pilotVoltage());
    assertTrue(car.advance(READY_MILLIS + 2, 9));
    assertEquals(PilotVoltage.VOLT_9, car.pilotVoltage());
  }

  @ParameterizedTest
  @CsvSource({"9, 0", "10, 6000", "26, 15600", "33, 19800", "97, 0", "100, 0"})
  void drawsWhatTheDutyCycleOffers(int dutyCyclePercent, int milliamps) {
    car.advance(ARRIVAL_MILLIS, dutyCyclePercent);
    car.advance(READY_MILLIS, dutyCyclePercent);

    assertEquals(milliamps, car.drawnMilliamps(dutyCyclePercent));
  }

  @ParameterizedTest
  @CsvSource({"85", "86", "96"})
  void drawsNoMoreThanItsCableAllows(int dutyCyclePercent) {
    car.advance(ARRIVAL_MILLIS, dutyCyclePercent);
    car.advance(READY_MILLIS, dutyCyclePercent);

    assertEquals(car.proximityPilot().ratedAmps * 1000, car.drawnMilliamps(dutyCyclePercent));
  }

  @Test
  void leavesAndAnotherOneComes() {
    car.advance(ARRIVAL_MILLIS, NOTHING_OFFERED);

    assertTrue(car.advance(DEPARTURE_MILLIS, NOTHING_OFFERED));
    assertEquals(PilotVoltage.VOLT_12, car.pilotVoltage());
    assertEquals(ProximityPilot.NO_CABLE, car.proximityPilot());

    assertTrue(car.advance(DEPARTURE_MILLIS + 25_000, NOTHING_OFFERED));
    assertEquals(PilotVoltage.VOLT_9, car.pilotVoltage());
  }

  @Test
  void sameSeedTellsTheSameStory() {
    assertEquals(storyOf(new Random(7)), storyOf(new Random(7)));
    assertNotEquals(storyOf(new Random(7)), storyOf(new Random(8)));
  }

  private static List<String> storyOf(Random random) {
    Car car = new Car(SimulatorTiming.DEFAULT, random, 0);
    List<String> story = new ArrayList<>();
    for (long millis = 0; millis < 3_600_000; millis += 1_000) {
      if (car.advance(millis, 26)) {
        story.add(millis + " " + car.pilotVoltage() + " " + car.proximityPilot());
      }
    }
    return story;
  }
}
