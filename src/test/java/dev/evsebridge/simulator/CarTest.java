package dev.evsebridge.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel.Sleep;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CarTest {
  private static final int NOTHING_OFFERED = 100;
  private static final int STEP_MILLIS = 20;

  private int dutyCyclePercent = NOTHING_OFFERED;
  private boolean powered;
  private long nowMillis;
  private Car car = carOf(CarModel.ORDINARY);

  @Test
  void asksForPowerOnlyWhileCurrentIsOffered() {
    car.wantPower(true);
    advance(5_000);
    assertEquals(PilotVoltage.VOLT_9, pilot());

    offer(10);
    advance(500);
    assertEquals(PilotVoltage.VOLT_6, pilot());

    offer(9);
    advance(1_980);
    assertEquals(PilotVoltage.VOLT_6, pilot());
    advance(20);
    assertEquals(PilotVoltage.VOLT_9, pilot());
  }

  @Test
  void asksForPowerOnlyWhenItWantsSome() {
    offer(26);
    advance(5_000);
    assertEquals(PilotVoltage.VOLT_9, pilot());

    car.wantPower(true);
    advance(20);
    assertEquals(PilotVoltage.VOLT_6, pilot());

    car.wantPower(false);
    assertEquals(PilotVoltage.VOLT_9, pilot());
  }

  @ParameterizedTest
  @CsvSource({"9, 0", "10, 6", "26, 15.6", "33, 19.8", "53, 31.8", "85, 32", "97, 0", "100, 0"})
  void drawsWhatTheDutyCycleOffersAndItsCableAllows(int percent, double amps) {
    car = carOf(CarModel.ORDINARY.withAmps(6, 80));
    charge(percent);

    assertEquals(amps, car.amps(), 0.001);
  }

  @Test
  void drawsNothingThroughAnOpenContactor() {
    charge(26);
    powered = false;
    advance(20);

    assertEquals(0, car.amps());
  }

  @Test
  void followsALowerOfferAfterItsReactionTime() {
    charge(26);
    offer(10);

    advance(480);
    assertEquals(15.6, car.amps(), 0.001);
    advance(1_000);
    assertEquals(6, car.amps(), 0.001);
  }

  @Test
  void risesAsSlowlyAsItsModelSays() {
    car = carOf(CarModel.ORDINARY.reacting(Duration.ZERO, Duration.ofSeconds(2), 2));
    car.wantPower(true);
    offer(26);
    advance(20);
    powered = true;
    advance(1_000);

    assertEquals(2, car.amps(), 0.05);
  }

  @Test
  void doesNotAskForLessThanItNeeds() {
    car = carOf(CarModel.ORDINARY.withAmps(8, 16));
    car.wantPower(true);
    offer(10);
    advance(5_000);
    assertEquals(PilotVoltage.VOLT_9, pilot());

    offer(14);
    advance(1_000);
    assertEquals(PilotVoltage.VOLT_6, pilot());
  }

  @Test
  void stopsAskingWhenItIsFull() {
    car = carOf(CarModel.ORDINARY.withPhases(1).fullAfter(0.1));
    charge(26);
    assertEquals(PilotVoltage.VOLT_6, pilot());

    // 0.1 kWh at 15.6 A and 230 V take 100.3 s, and the first seconds went by at less.
    advance(90_000);
    assertEquals(PilotVoltage.VOLT_6, pilot());
    advance(3_500);
    assertTrue(car.isFull());
    assertEquals(PilotVoltage.VOLT_9, pilot());
    assertEquals(0, car.amps());
  }

  @Test
  void sleepsThroughAnOfferUntilItIsInterrupted() {
    car = carOf(CarModel.ORDINARY.sleeping(Sleep.UNTIL_PAUSE));
    car.wantPower(true);
    advance(10_000);
    offer(26);
    advance(60_000);
    assertEquals(PilotVoltage.VOLT_9, pilot());

    offer(NOTHING_OFFERED);
    advance(2_900);
    offer(26);
    advance(5_000);
    assertEquals(PilotVoltage.VOLT_9, pilot());

    offer(NOTHING_OFFERED);
    advance(3_000);
    offer(26);
    advance(5_000);
    assertEquals(PilotVoltage.VOLT_6, pilot());
  }

  @Test
  void sleepsThroughPausesUntilStateF() {
    car = carOf(CarModel.ORDINARY.sleeping(Sleep.UNTIL_STATE_F));
    car.wantPower(true);
    offer(26);
    advance(60_000);
    offer(NOTHING_OFFERED);
    advance(4_000);
    offer(26);
    advance(60_000);
    assertEquals(PilotVoltage.VOLT_9, pilot());

    offer(0);
    advance(4_000);
    offer(NOTHING_OFFERED);
    advance(1_000);
    assertEquals(PilotVoltage.VOLT_9, pilot());
    offer(26);
    advance(1_000);
    assertEquals(PilotVoltage.VOLT_6, pilot());
  }

  @Test
  void flickersBetweenAskingAndNotAsking() {
    car = carOf(CarModel.ORDINARY.flickering(Duration.ofSeconds(3)));
    car.wantPower(true);
    offer(26);
    advance(500);

    for (int period = 0; period < 4; period++) {
      assertEquals(period % 2 == 0 ? PilotVoltage.VOLT_6 : PilotVoltage.VOLT_9, pilot());
      advance(3_000);
    }
  }

  @Test
  void asksForVentilation() {
    car = carOf(CarModel.ORDINARY.withVentilation());
    charge(26);

    assertEquals(PilotVoltage.VOLT_3, pilot());
    assertEquals(15.6, car.amps(), 0.001);
  }

  @ParameterizedTest
  @ValueSource(ints = {NOTHING_OFFERED, 0, 10})
  void ignoresTheDutyCycleOnceItHasBegun(int percent) {
    car = carOf(CarModel.ORDINARY.ignoringPwm());
    charge(26);
    offer(percent);
    advance(60_000);

    assertEquals(PilotVoltage.VOLT_6, pilot());
    assertEquals(16, car.amps(), 0.001);
  }

  @Test
  void drawsMoreThanItMay() {
    car = carOf(CarModel.ORDINARY.drawingTooMuch(2.5));
    charge(26);

    assertEquals(18.1, car.amps(), 0.001);
  }

  private static Car carOf(CarModel model) {
    return new Car(model, NOTHING_OFFERED, 0);
  }

  private void charge(int percent) {
    car.wantPower(true);
    offer(percent);
    powered = true;
    advance(10_000);
  }

  private PilotVoltage pilot() {
    return car.pilotVoltage(nowMillis);
  }

  /** Takes effect with the first step that follows. */
  private void offer(int percent) {
    dutyCyclePercent = percent;
    car.advance(nowMillis, 0, percent, powered);
  }

  private void advance(long millis) {
    for (long end = nowMillis + millis; nowMillis < end; ) {
      nowMillis += STEP_MILLIS;
      car.advance(nowMillis, STEP_MILLIS, dutyCyclePercent, powered);
    }
  }
}
