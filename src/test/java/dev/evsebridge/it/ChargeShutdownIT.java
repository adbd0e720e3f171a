package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A bridge that is told to end while cars are charging. */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeShutdownIT {
  private static final int ENDED_BY_SIGTERM = 143;
  private static final Duration LONG = Duration.ofSeconds(30);

  @RegisterExtension static final Wallboxes patient = Wallboxes.ofSixteenAmps();
  @RegisterExtension static final Wallboxes hurried = Wallboxes.ofSixteenAmps();

  private static final List<Wallbox> ORDINARY =
      List.of(patient.wallbox(), patient.wallbox(), patient.wallbox());
  private static final Wallbox DEAF = patient.wallbox();
  private static final Wallbox LEFT_ALONE = patient.wallbox("on_stop=leave");
  private static final Wallbox DEAF_FOR_LONG = hurried.wallbox("stop_timeout=30s");

  @Test
  void endsAllChargesGracefullyFirst() {
    Stream.concat(ORDINARY.stream(), Stream.of(LEFT_ALONE))
        .parallel()
        .forEach(wallbox -> wallbox.charge(CarModel.ORDINARY, 16));
    DEAF.charge(CarModel.ORDINARY.ignoringPwm(), 16);
    long start = now();
    patient.bridge().requestStop();
    int status = patient.bridge().exitStatus(LONG);
    long took = now() - start;

    assertEquals(ENDED_BY_SIGTERM, status);
    assertWithin(8_500, took);
    for (Wallbox wallbox : ORDINARY) {
      assertFalse(wallbox.charger().isContactorClosed());
      assertTrue(wallbox.openedGracefullySince(start));
      assertEquals(0, wallbox.charger().openingsUnderLoad());
      assertWithin(7_500, wallbox.first(Kind.CONTACTOR, 0, start) - start);
    }
    assertTrue(DEAF.openedGracefullySince(start));
    assertWithin(7_500, DEAF.first(Kind.CONTACTOR, 0, start) - start);
    assertTrue(LEFT_ALONE.charger().isContactorClosed());
    assertEquals(List.of(), LEFT_ALONE.commandsSince(start));
  }

  @Test
  void endsAtOnceWhenItIsToldASecondTime() {
    DEAF_FOR_LONG.charge(CarModel.ORDINARY.ignoringPwm(), 16);
    hurried.bridge().requestStop();
    DEAF_FOR_LONG.awaitDutyCycle(100);
    long start = now();
    hurried.bridge().requestStop();

    assertEquals(ENDED_BY_SIGTERM, hurried.bridge().exitStatus(LONG));
    assertWithin(2_000, now() - start);
  }

  private static void assertWithin(long limitMillis, long millis) {
    assertTrue(millis <= limitMillis + SLACK_MILLIS, () -> millis + " ms");
  }
}
