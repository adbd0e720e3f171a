package dev.evsebridge.chaos;

import static dev.evsebridge.chaos.World.check;
import static dev.evsebridge.testkit.MqttProbe.error;
import static dev.evsebridge.testkit.MqttProbe.errorOf;

import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;

/** What anybody may do who may publish requests. */
final class ClientFaults {
  private static final List<String> KINDS =
      List.of(
          "request_ping",
          "request_data_collection",
          "request_set_pwm_percent",
          "request_firmware",
          "request_nonsense");

  private ClientFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.harmless("a Response Topic of hundreds of levels", ClientFaults::deepResponseTopic),
        Fault.harmless("too much Correlation Data", ClientFaults::correlationData),
        Fault.harmless("too much Correlation Data, retained", ClientFaults::retainedCorrelation),
        Fault.harmless("requests as long as the broker takes", ClientFaults::longest),
        Fault.harmless("a flood of huge requests at QoS 0", ClientFaults::hugeFlood),
        Fault.harmless("a flood of requests to nobody", ClientFaults::toNobody),
        Fault.harmless("requests with random bytes in them", ClientFaults::randomBytes),
        Fault.harmless("names with control characters", ClientFaults::oddNames),
        Fault.harmless("deep JSON and endless numbers", ClientFaults::deepJson),
        Fault.harmless("requests at QoS 0 and 2", ClientFaults::otherQualities),
        Fault.harmless("user properties named like headers", ClientFaults::userProperties),
        Fault.harmless("a retained request", ClientFaults::retained),
        Fault.harmless("more requests than a charger can take", ClientFaults::tooMany),
        Fault.harmless("requests that expire while they wait", ClientFaults::expiring));
  }

  private static void publish(
      World world, String json, int qos, boolean retained, MqttProperties properties) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    world
        .probe()
        .publish(MqttProbe.REQUEST_TOPIC, new MqttMessage(text, qos, retained, properties));
  }

  private static void deepResponseTopic(World world, Random random) {
    String serial = world.anyCharger().serial();
    int levels = random.nextInt(150, 30_000);
    world.probe().request(Messages.ping(serial), "a/".repeat(levels) + "a", "1");
    check(refused(world).equals("invalid_value"), "not refused");
    world.probe().request(Messages.ping(serial), "x".repeat(random.nextInt(1_025, 60_000)), "1");
    check(refused(world).equals("invalid_value"), "not refused");
  }

  /** The error of a request that was refused before it was read: it names nobody. */
  private static String refused(World world) {
    return world.probe().take(error().and(each -> each.isOf(""))).field("error");
  }

  private static MqttProperties correlated(int length) {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic("replies");
    properties.setCorrelationData(new byte[length]);
    return properties;
  }

  private static void correlationData(World world, Random random) {
    for (int length : new int[] {32_767, 32_768, 65_535, random.nextInt(32_769, 65_535)}) {
      publish(world, Messages.ping(Serials.next()), 1, false, correlated(length));
      check(refused(world).equals("invalid_value"), "not refused");
    }
  }

  /** The broker stores it, and gives it to the bridge when that comes back. */
  private static void retainedCorrelation(World world, Random random) {
    publish(world, Messages.ping("x"), 1, true, correlated(random.nextInt(32_768, 65_535)));
    try {
      world.assertServes();
    } finally {
      publish(world, "", 1, true, new MqttProperties());
    }
    world.assertServes();
  }

  private static void longest(World world, Random random) {
    String ping = Messages.ping(world.anyCharger().serial());
    for (int i = 0; i < 5; i++) {
      int length = World.LARGEST_PACKET - random.nextInt(100, 200);
      String topic = world.ask(ping + " ".repeat(length - ping.length()));
      check(world.outcome(topic).isType("response_ping"), "no answer");
    }
  }

  private static void hugeFlood(World world, Random random) {
    String padding = "y".repeat(110_000);
    for (int i = 0; i < 100; i++) {
      String request =
          "{\"message_type\":\""
              + padding
              + "\",\"client_id\":\""
              + padding
              + random.nextInt()
              + "\"}";
      publish(world, request, 0, false, new MqttProperties());
    }
    world.assertServes();
  }

  private static void toNobody(World world, Random random) {
    List<String> topics = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      topics.add(world.ask(Messages.ping("nobody " + random.nextInt())));
    }
    topics.forEach(topic -> world.assertError(topic, "not_connected"));
  }

  private static void randomBytes(World world, Random random) {
    List<String> topics = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      String kind = KINDS.get(random.nextInt(KINDS.size()));
      byte[] request =
          Messages.with(kind, Serials.next(), "\"pwm_percent\":" + random.nextInt(-5, 200))
              .getBytes(StandardCharsets.UTF_8);
      for (int change = random.nextInt(4); change > 0; change--) {
        request[random.nextInt(request.length)] = (byte) random.nextInt(256);
      }
      String topic = world.replyTopic();
      MqttProperties properties = new MqttProperties();
      properties.setResponseTopic(topic);
      world
          .probe()
          .publish(MqttProbe.REQUEST_TOPIC, new MqttMessage(request, 1, false, properties));
      topics.add(topic);
    }
    for (String topic : topics) {
      check(!world.outcome(topic).field("error").isEmpty(), "no error");
    }
  }

  private static void oddNames(World world, Random random) {
    for (String name :
        List.of("\u202E\u009B[2J", "\u2028", "\\u0000", "+/#", "a".repeat(5_000), "\\ud800")) {
      String request = "{\"message_type\":\"request_ping\",\"client_id\":\"" + name + "\"}";
      world.assertError(world.ask(request), "not_connected", "invalid_value", "invalid_json");
    }
  }

  private static void deepJson(World world, Random random) {
    String serial = world.anyCharger().serial();
    int depth = random.nextInt(17, 50_000);
    for (String request :
        List.of(
            "[".repeat(depth),
            "{\"a\":".repeat(depth / 2) + "1" + "}".repeat(depth / 2),
            Messages.with("request_set_pwm_percent", serial, "\"pwm_percent\":" + "9".repeat(999)),
            Messages.with("request_set_pwm_percent", serial, "\"pwm_percent\":1e999999999"))) {
      world.assertError(world.ask(request), "invalid_json", "invalid_value");
    }
  }

  private static void otherQualities(World world, Random random) {
    for (int qos : new int[] {0, 2}) {
      MqttProperties properties = new MqttProperties();
      String topic = world.replyTopic();
      properties.setResponseTopic(topic);
      publish(world, Messages.ping(world.anyCharger().serial()), qos, false, properties);
      check(world.outcome(topic).isType("response_ping"), "no answer at QoS " + qos);
    }
  }

  private static void userProperties(World world, Random random) {
    MqttProperties properties = new MqttProperties();
    String topic = world.replyTopic();
    properties.setResponseTopic(topic);
    properties.setUserProperties(
        List.of(
            new UserProperty("CamelPahoMqtt5OverrideTopic", "evil"),
            new UserProperty("CamelBeanMethodName", "firmware"),
            new UserProperty("messageType", "request_set_contactor_state")));
    publish(world, Messages.ping(world.anyCharger().serial()), 1, false, properties);
    check(world.outcome(topic).isType("response_ping"), "no answer");
  }

  /** While it is subscribed, the bridge gets it as any other. */
  private static void retained(World world, Random random) {
    MqttProperties properties = new MqttProperties();
    String topic = world.replyTopic();
    properties.setResponseTopic(topic);
    publish(world, Messages.ping(world.anyCharger().serial()), 1, true, properties);
    check(world.outcome(topic).isType("response_ping"), "no answer");
    publish(world, "", 1, true, new MqttProperties());
  }

  private static void tooMany(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger = world.charger(serial)) {
      List<String> topics = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        topics.add(world.ask(Messages.setPwm(serial, 10 + i)));
      }
      charger.answerLikeFirmware();
      check(charger.takeFrame().type() == WireFrame.SET_PWM, "no request came");
      charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
      for (String topic : topics) {
        String error = world.outcome(topic).field("error");
        check(error.isEmpty() || error.equals("busy"), "unexpected " + error);
      }
    }
  }

  private static void expiring(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger = world.charger(serial)) {
      world.probe().request(Messages.ping(serial));
      check(charger.takeFrame().equals(WireFrame.ping()), "no ping came");
      world
          .probe()
          .requestExpiringAfter(Duration.ofSeconds(1), Messages.setContactor(serial, true));
      World.pause(Duration.ofMillis(1_300));
      charger.send(WireFrame.of(WireFrame.ANSWER_TO_PING));
      check(world.probe().take(errorOf(serial)).field("error").equals("timeout"), "no timeout");
      check(charger.untakenFrames().isEmpty(), "carried out after its expiry");
    }
  }
}
