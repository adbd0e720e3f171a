package dev.evsebridge.it;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Chargers are held back while the broker is slower than they are, and not for longer. */
@RequiresMosquitto
class SlowBrokerIT {
  private static final int CHARGERS = 200;
  private static final WireFrame READING = ChargerReading.typical().frame();

  @Test
  void chargersThatWereHeldBackAreHeardAgainEvenIfThoseBeforeThemHaveNothingToSay() {
    try (Mosquitto mosquitto = Mosquitto.builder().setting("max_inflight_messages 1").start();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess bridge =
            BridgeProcess.connectingTo(mosquitto).property("mqtt.buffer", "20").start()) {
      bridge.awaitListening();
      List<RawCharger> chargers = connectOneAfterTheOther(bridge, probe);
      mosquitto.freeze();
      chargers.forEach(charger -> charger.send(READING));
      bridge.awaitAllRead();
      mosquitto.thaw();
      probe.take(CHARGERS, each -> each.isType("response_collect_data"));

      chargers.get(CHARGERS - 1).send(READING);

      probe.take(each -> each.isType("response_collect_data"));
      chargers.forEach(RawCharger::close);
    }
  }

  /** All at once, some would be held back for a moment already when the broker is frozen. */
  private static List<RawCharger> connectOneAfterTheOther(BridgeProcess bridge, MqttProbe probe) {
    List<RawCharger> chargers = new ArrayList<>();
    for (int i = 0; i < CHARGERS; i++) {
      chargers.add(RawCharger.connect(bridge.port()).hello(Serials.next(), 9));
      probe.take(each -> each.isType("new_connection"));
    }
    return chargers;
  }
}
