package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Haproxy;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresHaproxy;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.junit.jupiter.api.Test;

/** Two bridges behind deploy/haproxy/haproxy.cfg: chargers know one address only. */
@RequiresMosquitto
@RequiresHaproxy
class LoadBalancerIT {

  private static final Duration LOOK = Duration.ofMillis(100);

  private final Map<String, RawCharger> chargers = new ConcurrentHashMap<>();

  @Test
  void chargersAreSpreadAndGoToTheOtherBridgeWhenTheirsDies() {
    try (Mosquitto mosquitto = Mosquitto.started();
        MqttProbe probe = MqttProbe.connect(mosquitto);
        BridgeProcess one = bridge(mosquitto, "one");
        BridgeProcess two = bridge(mosquitto, "two");
        Haproxy haproxy = Haproxy.start(one.awaitListening(), two.awaitListening())) {
      Map<String, String> serials = new HashMap<>();
      for (int i = 0; i < 2; i++) {
        String serial = Serials.next();
        serials.put(connect(probe, haproxy, serial), serial);
      }
      assertEquals(Set.of("one", "two"), serials.keySet());
      serials.values().forEach(serial -> ask(probe, serial));

      one.kill();
      String homeless = serials.get("one");
      chargers.get(homeless).awaitClosed();
      assertEquals("two", connect(probe, haproxy, homeless));
      serials.values().forEach(serial -> ask(probe, serial));
      assertTrue(chargers.get(serials.get("two")).isOpen());

      one.start().awaitListening();
      probe.take(
          onTopic(MqttProbe.MESSAGE_TOPIC + "/bridge/one/availability")
              .and(each -> each.text().equals("online")));
      two.requestStop();
      chargers.values().forEach(RawCharger::awaitClosed);
      int unused = two.exitStatus();
      for (String serial : serials.values()) {
        assertEquals("one", connect(probe, haproxy, serial));
        ask(probe, serial);
      }
      assertEquals(
          List.of(),
          probe.untaken(
              each ->
                  each.topic().endsWith("/availability")
                      && !each.topic().startsWith(MqttProbe.MESSAGE_TOPIC + "/bridge/")
                      && each.text().equals("offline")));
      chargers.values().forEach(RawCharger::close);
    }
  }

  private static BridgeProcess bridge(Mosquitto mosquitto, String name) {
    return BridgeProcess.connectingTo(mosquitto).property("bridge.name", name).start();
  }

  /** As the firmware does: tries again until a bridge is there. Returns which one it is. */
  private String connect(MqttProbe probe, Haproxy haproxy, String serial) {
    Patience.until("a bridge serves the charger", () -> isServed(haproxy, serial));
    // Where the broker is slow, the bridge claims the charger more than once.
    Message connected = probe.take(message("new_connection", serial));
    Predicate<Message> claim =
        onTopic("%s/%s/availability".formatted(MqttProbe.MESSAGE_TOPIC, serial))
            .and(each -> each.number() < connected.number() && each.text().equals("online"));
    String bridge = "";
    while (!probe.untaken(claim).isEmpty()) {
      bridge = property(probe.take(claim), "bridge");
    }
    return bridge;
  }

  private static String property(Message message, String key) {
    return message.properties().getUserProperties().stream()
        .filter(each -> each.getKey().equals(key))
        .map(UserProperty::getValue)
        .findFirst()
        .orElseThrow();
  }

  /** A load balancer accepts the connection before it knows of a bridge that does. */
  private boolean isServed(Haproxy haproxy, String serial) {
    RawCharger charger = RawCharger.connect(haproxy.port()).answerLikeFirmware();
    try {
      charger.hello(serial, 9);
    } catch (UncheckedIOException e) {
      // It has closed the connection again, as it knows of no bridge.
      charger.close();
      return false;
    }
    while (charger.isOpen()) {
      if (charger.pollFrame(LOOK) != null) {
        chargers.put(serial, charger);
        return true;
      }
    }
    charger.close();
    return false;
  }

  /** Asks for a ping, and makes sure that it has one outcome. */
  private static void ask(MqttProbe probe, String serial) {
    probe.request(Messages.ping(serial));
    probe.take(message("response_ping", serial));
    String other = Serials.next();
    probe.request(Messages.ping(other));
    assertEquals("not_connected", probe.take(errorOf(other)).field("error"));
    assertEquals(List.of(), probe.untaken(message("response_ping", serial).or(errorOf(serial))));
  }
}
