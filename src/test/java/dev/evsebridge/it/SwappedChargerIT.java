package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Another charger, or another firmware, where one was being controlled. */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class SwappedChargerIT {
  /** Readings of firmware 2 are laid out in another way than those of firmware 3 and later. */
  private static final int OTHER_VERSION = 2;

  @RegisterExtension static final Wallboxes wallboxes = Wallboxes.ofSixteenAmps();

  private static final Wallbox GOES_ON = wallboxes.wallbox();
  private static final Wallbox FLASHED = wallboxes.wallbox("min_off=15s");
  private static final Wallbox OLD = wallboxes.wallbox();
  private static final Wallbox NEW = wallboxes.uncalibrated();

  @Test
  void goesByTheFirstReadingOfTheSameChargerWithAnotherFirmware() {
    GOES_ON.charge(CarModel.ORDINARY, 16);
    long start = now();
    GOES_ON.charger().setFirmwareVersion(OTHER_VERSION);
    GOES_ON.charger().dropConnection();
    GOES_ON.awaitState(
        "it is charging with the other firmware",
        state ->
            state.path("firmware_version").asInt() == OTHER_VERSION
                && state.path("charging").asBoolean());
    GOES_ON.awaitReadings(1);
    assertEquals(List.of(), GOES_ON.commandsSince(start));

    long unplugged = now();
    GOES_ON.charger().unplug();
    GOES_ON.awaitOpen();
    GOES_ON.awaitWhy("no_vehicle");
    assertEquals(1, GOES_ON.count(Kind.CONTACTOR, 0, unplugged));
  }

  @Test
  void startsAnewAfterAPauseWhenTheBoardWasChangedUnderTheSameSerialNumber() {
    FLASHED.charge(CarModel.ORDINARY, 16);
    long start = now();
    FLASHED.charger().setFirmwareVersion(OTHER_VERSION);
    FLASHED.charger().reset();
    FLASHED.until("it has begun to restart", () -> !FLASHED.charger().isConnected());
    FLASHED.awaitConnected();
    FLASHED.awaitWhy("min_off");
    FLASHED.awaitClosed();

    long connected = FLASHED.first(Kind.CONNECTION, 1, start);
    long closed = FLASHED.first(Kind.CONTACTOR, 1, start);
    assertTrue(closed - connected >= 15_000, () -> "a pause of " + (closed - connected) + " ms");
    assertEquals(OTHER_VERSION, FLASHED.state().path("firmware_version").asInt());
  }

  /** All simulated chargers have the address 127.0.0.1. */
  @Test
  void knowsNothingOfAnotherChargerAtTheSameAddress() {
    NEW.charger().loseWifi();
    NEW.charger().dropConnection();
    NEW.awaitWhy("offline");
    OLD.charge(CarModel.ORDINARY, 10);
    OLD.charger().loseWifi();
    OLD.charger().dropConnection();
    OLD.awaitWhy("offline");

    NEW.charger().plugIn(CarModel.ORDINARY);
    NEW.charger().ask();
    NEW.charger().restoreWifi();
    NEW.awaitWhy("disabled");
    NEW.awaitReadings(2);

    assertFalse(NEW.state().path("enabled").asBoolean());
    assertEquals(16, NEW.state().path("limit_amps").asDouble());
    assertEquals("not_calibrated", NEW.state().path("protection").path("overcurrent").asText());
    assertTrue(NEW.state().path("phase1_amps").isNull());
    assertEquals(0, NEW.charger().closings());
    assertEquals(100, NEW.charger().dutyCyclePercent());
    assertEquals("offline", OLD.state().path("why").asText());
    assertEquals(10, OLD.state().path("limit_amps").asDouble());
    assertTrue(OLD.state().path("enabled").asBoolean());
  }
}
