package dev.evsebridge.chaos;

import static dev.evsebridge.chaos.World.check;
import static dev.evsebridge.testkit.MqttProbe.onTopic;

import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.ScriptedBroker;
import dev.evsebridge.testkit.Serials;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** What brokers, and the network to them, may do. */
final class BrokerFaults {
  private static final int NOT_AUTHORISED = 0x87;
  private static final int TOPIC_NAME_INVALID = 0x90;
  private static final Duration SLOW_CONNACK = Duration.ofSeconds(6);

  /** A connection that has broken in vain is tried again within 4 s, and CONNACK may take 6 s. */
  private static final Duration LATE = World.reconnection().plus(SLOW_CONNACK);

  private static final Duration PROVEN = World.PROOF.plusSeconds(10);

  private BrokerFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.ofBroker("the broker is stopped", BrokerFaults::stopped),
        Fault.ofBroker("the broker is killed", BrokerFaults::killed),
        Fault.ofBroker("the broker freezes", BrokerFaults::frozen),
        Fault.ofBroker("the network swallows everything", BrokerFaults::swallowed),
        Fault.ofBroker("the connection breaks once", BrokerFaults::cutOnce),
        Fault.ofBroker("the connection breaks with requests under way", BrokerFaults::cutUnderWay),
        Fault.ofBroker("the connection breaks again and again", BrokerFaults::cutAgainAndAgain),
        Fault.ofBroker("a broker that says nothing", BrokerFaults::mute),
        Fault.ofBroker("a broker that takes its time to accept", BrokerFaults::slowToAccept),
        Fault.ofBroker("a broker that refuses", BrokerFaults::refuses),
        Fault.ofBroker("a broker that hangs up on messages", BrokerFaults::hangsUp),
        Fault.ofBroker("a broker that hangs up on one message", BrokerFaults::hangsUpOnOne),
        Fault.ofBroker("another client with the same id", BrokerFaults::sameId),
        Fault.harmless("the broker is slow for a moment", BrokerFaults::stalls));
  }

  private static void stopped(World world, Random random) {
    world.withoutControl(
        World.GRACE,
        World.anyHold(random),
        World.reconnection(),
        world.mosquitto()::stop,
        world.mosquitto()::start);
  }

  private static void killed(World world, Random random) {
    world.withoutControl(
        World.GRACE,
        World.anyHold(random),
        World.reconnection(),
        world.mosquitto()::kill,
        world.mosquitto()::start);
  }

  private static void frozen(World world, Random random) {
    world.withoutControl(
        World.SILENCE.plus(World.GRACE),
        World.anyHold(random),
        World.reconnection(),
        world.mosquitto()::freeze,
        world.mosquitto()::thaw);
  }

  private static void swallowed(World world, Random random) {
    world.withoutControl(
        World.SILENCE.plus(World.GRACE),
        World.anyHold(random),
        World.reconnection(),
        world.cable()::block,
        world.cable()::unblock);
  }

  private static void cutOnce(World world, Random random) {
    world.withoutControl(
        World.GRACE, Duration.ZERO, World.reconnection(), world.cable()::cut, () -> {});
  }

  /** The outcomes come when the broker is back. */
  private static void cutUnderWay(World world, Random random) {
    String serial = Serials.next();
    List<String> topics = new ArrayList<>();
    try (RawCharger charger = world.charger(serial)) {
      world.withoutControl(
          World.GRACE,
          Duration.ofMillis(random.nextInt(500)),
          World.reconnection(),
          () -> {
            topics.add(world.ask(Messages.ping(serial)));
            charger.takeFrame();
            world.cable().cut();
          },
          () -> {});
      topics.forEach(topic -> world.probe().take(onTopic(topic), World.SLACK.multipliedBy(2)));
    }
  }

  private static void cutAgainAndAgain(World world, Random random) {
    AtomicBoolean ended = new AtomicBoolean();
    Thread cutter =
        new Thread(
            () -> {
              while (!ended.get()) {
                int before = world.cable().subscribed().size();
                world.cable().cut();
                while (!ended.get() && world.cable().subscribed().size() == before) {
                  World.pause(Duration.ofMillis(20));
                }
              }
            },
            "cutter");
    world.withoutControl(
        World.GRACE.plus(World.PROOF),
        Duration.ofSeconds(random.nextInt(1, 40)),
        PROVEN,
        cutter::start,
        () -> ended.set(true));
  }

  private static void mute(World world, Random random) {
    atAnother(world, World.anyHold(random), LATE, broker -> broker.onConnect(packet -> null));
  }

  private static void slowToAccept(World world, Random random) {
    try (ScriptedBroker late = ScriptedBroker.start()) {
      late.onConnect(
          packet -> {
            World.pause(SLOW_CONNACK);
            return new int[] {0, 0, 0};
          });
      world.withoutControl(
          World.GRACE,
          Duration.ofMillis(1),
          PROVEN,
          () -> {
            world.cable().leadTo(late.port());
            Patience.until("it is connected", () -> !late.subscriptions().isEmpty());
          },
          () -> world.cable().leadTo(world.mosquitto().port()));
    }
  }

  private static void refuses(World world, Random random) {
    int what = random.nextInt(3);
    atAnother(
        world,
        Duration.ofSeconds(random.nextInt(1, 12)),
        PROVEN,
        broker -> {
          switch (what) {
            case 0 -> broker.onConnect(packet -> new int[] {0, NOT_AUTHORISED, 0});
            case 1 -> broker.onSubscribe(subscribed -> NOT_AUTHORISED);
            default -> broker.onPublish(received -> NOT_AUTHORISED);
          }
        });
  }

  private static void hangsUp(World world, Random random) {
    int reason = random.nextBoolean() ? TOPIC_NAME_INVALID : -1;
    atAnother(
        world,
        Duration.ofSeconds(random.nextInt(1, 40)),
        PROVEN,
        broker ->
            broker.onPublish(
                received -> {
                  throw new ScriptedBroker.HangUp(reason);
                }));
  }

  /** It comes as the reply to a request, and everything else must get through in the end. */
  private static void hangsUpOnOne(World world, Random random) {
    int reason = random.nextBoolean() ? TOPIC_NAME_INVALID : -1;
    try (ScriptedBroker another = ScriptedBroker.start()) {
      another.onPublish(
          received -> {
            if (received.topic().equals("poison")) {
              throw new ScriptedBroker.HangUp(reason);
            }
            return 0;
          });
      world.withoutControl(
          World.GRACE.plus(World.PROOF),
          Duration.ofMillis(1),
          PROVEN,
          () -> {
            world.cable().leadTo(another.port());
            Patience.until("it is subscribed", () -> isSubscribed(another, 1));
            another.deliver("to_dehneEVSE", responseTopic("poison"), Messages.ping("nobody"));
            Patience.until("it has hung up", () -> isSubscribed(another, 2));
            Patience.until(
                "requests are taken", LATE.plus(World.SLACK), () -> takesRequests(another));
          },
          () -> world.cable().leadTo(world.mosquitto().port()));
    }
  }

  private static boolean takesRequests(ScriptedBroker broker) {
    try {
      broker.deliver("to_dehneEVSE", responseTopic("after"), Messages.ping("nobody"));
    } catch (UncheckedIOException connectsJustNow) {
      return false;
    }
    World.pause(Duration.ofMillis(500));
    return broker.messages().stream().anyMatch(each -> each.topic().equals("after"));
  }

  private static boolean isSubscribed(ScriptedBroker broker, int connection) {
    return broker.subscriptions().stream()
        .anyMatch(each -> each.filter().equals("to_dehneEVSE") && each.connection() >= connection);
  }

  private static byte[] responseTopic(String topic) {
    byte[] text = topic.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(3 + text.length)
        .put((byte) 0x08)
        .putShort((short) text.length)
        .put(text)
        .array();
  }

  /** As when a name suddenly stands for another machine. */
  private static void atAnother(
      World world, Duration hold, Duration recovery, Consumer<ScriptedBroker> is) {
    try (ScriptedBroker another = ScriptedBroker.start()) {
      is.accept(another);
      world.withoutControl(
          World.GRACE.plus(World.PROOF),
          hold,
          recovery,
          () -> world.cable().leadTo(another.port()),
          () -> world.cable().leadTo(world.mosquitto().port()));
    }
  }

  private static void sameId(World world, Random random) {
    List<MqttProbe> others = new ArrayList<>();
    world.withoutControl(
        World.GRACE.plus(World.PROOF),
        Duration.ofSeconds(random.nextInt(1, 8)),
        PROVEN,
        () ->
            others.add(
                MqttProbe.builder(world.mosquitto().url())
                    .clientId("dehneevse_mqtt_bridge")
                    .connect()),
        () -> others.forEach(MqttProbe::close));
  }

  /** Shorter than the silence that ends a connection: messages wait, and nobody is blamed. */
  private static void stalls(World world, Random random) {
    String serial = Serials.next();
    byte[] reading = ChargerReading.typical().log("x".repeat(500)).frame().bytes();
    try (RawCharger charger = world.charger(serial).answerLikeFirmware()) {
      for (int stall = 0; stall < 3; stall++) {
        world.cable().block();
        for (int i = 0; i < 300; i++) {
          charger.send(reading);
        }
        World.pause(Duration.ofMillis(random.nextInt(100, 1_200)));
        world.cable().unblock();
        check(world.outcome(world.ask(Messages.ping(serial))).isType("response_ping"), "no answer");
      }
    }
  }
}
