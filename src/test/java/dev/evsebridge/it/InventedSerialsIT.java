package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import org.junit.jupiter.api.Test;

/** Somebody connects again and again, with another serial number each time. */
@RequiresMosquitto
class InventedSerialsIT {
  /** As many serial numbers as the bridge may know. */
  private static final int MANY = 20_000;

  @Test
  void aChargerIsAnnouncedAfterManyThatHaveSaidOneMessage() {
    try (Installation installation = Installation.asDelivered().start()) {
      for (int i = 0; i < MANY; i++) {
        try (RawCharger stranger = RawCharger.connect(installation.bridge().port())) {
          stranger.hello(Serials.next(), 9).send(WireFrame.of(WireFrame.NOTIFY));
        }
      }
      String genuine = Serials.next();
      try (RawCharger charger =
          RawCharger.connect(installation.bridge().port()).hello(genuine, 9)) {
        installation.probe().take(message("new_connection", genuine));
        charger.send(WireFrame.of(WireFrame.NOTIFY));
        assertEquals(
            "online",
            installation
                .probe()
                .take(onTopic(MqttProbe.MESSAGE_TOPIC + "/" + genuine + "/availability"))
                .text());
        assertEquals(
            "9",
            installation
                .probe()
                .take(onTopic(MqttProbe.MESSAGE_TOPIC + "/" + genuine + "/firmware"))
                .field("installed_version"));
      }
    }
  }
}
