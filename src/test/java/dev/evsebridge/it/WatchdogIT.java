package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A bridge that is half alive ends, so that its port no longer takes chargers in. */
@RequiresMosquitto
class WatchdogIT {
  private static final int STUCK = 4;

  /** It is given 30 s; the rest is for a loaded machine. */
  private static final Duration NOTICED = Duration.ofSeconds(50);

  private static final String ENDLESS_STEP =
      """
              - delay:
                  expression:
                    constant: 3600000
                  asyncDelayed: "false"
      """;

  /** Other files send to it. */
  private static final String REPLY =
      """
      - route:
          id: reply
          from:
            uri: direct:reply
            steps:
              - to:
                  uri: paho-mqtt5:replies
      """;

  private final String serial = Serials.next();

  @Test
  void endsWhenTheThreadThatServesChargersOrTheOneThatTakesRequestsHangs() {
    String fromChargers =
        """
        - route:
            id: charger-to-mqtt
            from:
              uri: direct:charger-to-mqtt
              steps:
        """;
    String toChargers =
        """
        - route:
            id: mqtt-to-charger
            from:
              uri: paho-mqtt5:{{mqtt.topic_subscribe}}
              steps:
        """;
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess deafToChargers =
            BridgeProcess.connectingTo(mosquitto)
                .environment("MQTT_CLIENT_ID", "one")
                .file("routes/charger-to-mqtt.yaml", fromChargers + ENDLESS_STEP)
                .start();
        BridgeProcess deafToControlled =
            BridgeProcess.connectingTo(mosquitto)
                .environment("MQTT_CLIENT_ID", "three")
                .property("control.mode", "on")
                .property("control.max_amps", "16")
                .file("routes/charger-to-mqtt.yaml", fromChargers + ENDLESS_STEP)
                .start();
        BridgeProcess deafToRequests =
            BridgeProcess.connectingTo(mosquitto)
                .environment("MQTT_CLIENT_ID", "two")
                .file("routes/mqtt-to-charger.yaml", toChargers + ENDLESS_STEP)
                .file("routes/reply.yaml", REPLY)
                .start();
        RawCharger one =
            RawCharger.connect(deafToChargers.awaitListening().port()).hello(serial, 9);
        RawCharger two =
            RawCharger.connect(deafToRequests.awaitListening().port()).hello(serial, 9);
        RawCharger three =
            RawCharger.connect(deafToControlled.awaitListening().port()).hello(serial, 9)) {
      probe.take(message("new_connection", serial));
      probe.request(Messages.ping(serial));

      assertEquals(STUCK, deafToChargers.exitStatus(NOTICED));
      assertEquals(STUCK, deafToRequests.exitStatus(NOTICED));
      assertEquals(STUCK, deafToControlled.exitStatus(NOTICED));
      one.awaitClosed();
      two.awaitClosed();
      three.awaitClosed();
      assertFalse(deafToChargers.isListening());
      assertFalse(deafToRequests.isListening());
    }
  }
}
