package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import dev.evsebridge.testkit.WireFrame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A broker that takes nothing for a while, and chargers that say much, hide no car from control.
 */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeSlowBrokerIT {
  private static final int MORE_THAN_WAITS = 60;
  private static final WireFrame READING = ChargerReading.typical().frame();
  private static final int PILOT_A = 0;

  @RegisterExtension
  static final Wallboxes wallboxes =
      Wallboxes.with(builder -> builder.property("mqtt.buffer", "20"));

  private static final Wallbox WALLBOX = wallboxes.wallbox();

  @Test
  void opensWhenACarIsUnpluggedWhileReadingFromChargersIsPaused() {
    WALLBOX.charge(CarModel.ORDINARY, 16);
    try (RawCharger talkative =
        RawCharger.connect(wallboxes.bridge().port()).hello(Serials.next(), 9)) {
      wallboxes.probe().take(each -> each.isType("new_connection"));
      wallboxes.mosquitto().freeze();
      for (int i = 0; i < MORE_THAN_WAITS; i++) {
        talkative.send(READING);
      }
      wallboxes.bridge().awaitAllRead();
      long start = now();

      WALLBOX.charger().unplug();

      WALLBOX.awaitOpen();
      long took =
          WALLBOX.first(Kind.CONTACTOR, 0, start) - WALLBOX.first(Kind.PILOT, PILOT_A, start);
      assertTrue(took < 1_300 + SLACK_MILLIS, took + " ms");
    } finally {
      wallboxes.mosquitto().thaw();
    }
    WALLBOX.awaitWhy("no_vehicle");
    assertEquals(1, WALLBOX.charger().closings());
  }
}
