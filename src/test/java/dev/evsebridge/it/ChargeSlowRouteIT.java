package dev.evsebridge.it;

import static dev.evsebridge.testkit.Wallbox.SLACK_MILLIS;
import static dev.evsebridge.testkit.Wallbox.now;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Wallbox;
import dev.evsebridge.testkit.Wallboxes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A route in which somebody has added a step that takes its time hides no car from control. */
@RequiresMosquitto
@Execution(ExecutionMode.CONCURRENT)
class ChargeSlowRouteIT {
  private static final int PILOT_A = 0;

  /** Not asynchronous: like a request by HTTP, it keeps the thread that runs the route. */
  private static final String SLOW =
      """
      - route:
          id: charger-to-mqtt
          from:
            uri: direct:charger-to-mqtt
            steps:
              - delay:
                  asyncDelayed: "false"
                  expression:
                    constant: "4000"
              - marshal:
                  custom:
                    ref: json
              - to: paho-mqtt5:{{mqtt.topic_publish}}
      """;

  @RegisterExtension
  static final Wallboxes wallboxes =
      Wallboxes.with(builder -> builder.file("routes/charger-to-mqtt.yaml", SLOW));

  private static final Wallbox WALLBOX = wallboxes.wallbox();

  @Test
  void opensInTimeWhenACarIsUnplugged() {
    WALLBOX.charge(CarModel.ORDINARY, 16);
    long start = now();

    WALLBOX.charger().unplug();

    WALLBOX.awaitOpen();
    long took = WALLBOX.first(Kind.CONTACTOR, 0, start) - WALLBOX.first(Kind.PILOT, PILOT_A, start);
    assertTrue(took < 1_300 + SLACK_MILLIS, took + " ms");
    WALLBOX.awaitWhy("no_vehicle");
    assertEquals(1, WALLBOX.charger().closings());
  }
}
