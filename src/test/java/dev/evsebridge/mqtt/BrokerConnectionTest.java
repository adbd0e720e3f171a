package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.testkit.NoSources;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.ScriptedBroker;
import dev.evsebridge.testkit.ScriptedBroker.HangUp;
import dev.evsebridge.testkit.ScriptedBroker.Received;
import dev.evsebridge.testkit.ScriptedBroker.Subscribed;
import dev.evsebridge.testkit.TestSettings;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a broker that does what no real one does on demand. */
@Timeout(60)
class BrokerConnectionTest {
  private static final String AVAILABILITY = "from/bridge/availability";
  private static final int PROTOCOL_ERROR = 0x82;
  private static final int NOT_AUTHORISED = 0x87;
  private static final int SHUTTING_DOWN = 0x8B;
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration NEVER = Duration.ofHours(1);

  /** Authentication Data of 32 768 bytes: the client library takes the length for negative. */
  private static final byte[] DEADLY_AUTH = {0x18, 3, 0x16, (byte) 0x80, 0};

  private final ScriptedBroker broker = ScriptedBroker.start();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final List<Arrived> arrived = new CopyOnWriteArrayList<>();
  private @Nullable BrokerConnection connection;

  private record Arrived(String topic, MqttMessage message, long atNanos) {
    String text() {
      return new String(message.getPayload(), StandardCharsets.UTF_8);
    }
  }

  @AfterEach
  void close() {
    if (connection != null) {
      connection.close();
    }
    broker.close();
  }

  // --- messages that end the connection

  @ParameterizedTest
  @ValueSource(ints = {PROTOCOL_ERROR, -1})
  void dropsTheMessageThatEndsEachConnectionAndSendsTheOthersInOrder(int reason) {
    broker.onPublish(
        received -> {
          if (received.topic().equals("poison")) {
            throw new HangUp(reason);
          }
          return 0;
        });
    BrokerConnection up = connect();
    List<String> complaints = new CopyOnWriteArrayList<>();
    awaitTold("connected");

    up.publish(message("before", 1));
    up.publish(
        new OutgoingMessage(
            "poison",
            new byte[1],
            1,
            false,
            new MqttProperties(),
            new Receipt() {
              @Override
              public void undeliverable(String why) {
                complaints.add(why);
              }
            }));
    up.publish(message("after", 1));
    up.publish(message("last", 1));

    Patience.until("the others arrive", () -> topics().contains("last"));
    assertEquals(2, Collections.frequency(topics(), "poison"));
    assertEquals(1, complaints.size());
    assertTrue(topics().indexOf("after") < topics().indexOf("last"), topics()::toString);
    assertEquals(3, broker.connections());
  }

  @Test
  void dropsOnlyTheMessageThatEndsConnectionsThoughOthersBeforeItWereNotAcknowledged() {
    broker.onPublish(
        received -> {
          if (received.topic().equals("poison")) {
            throw new HangUp();
          }
          // Acknowledgements of the first connection get lost on the way.
          return received.connection() == 1 && received.topic().startsWith("m") ? -1 : 0;
        });
    BrokerConnection up = connect();
    awaitTold("connected");

    up.publish(message("m1", 1));
    up.publish(message("m2", 1));
    up.publish(message("poison", 1));
    up.publish(message("after", 1));

    Patience.until("the last one arrives", () -> topics().contains("after"));
    for (String topic : List.of("m1", "m2")) {
      assertTrue(
          broker.messages().stream()
              .anyMatch(each -> each.topic().equals(topic) && each.connection() > 1),
          topic);
    }
  }

  @Test
  void keepsAMessageHoweverOftenTheBrokerIsShutDownWithItInFlight() {
    broker.onPublish(
        received -> {
          if (received.topic().equals("kept") && received.connection() < 5) {
            throw new HangUp(SHUTTING_DOWN);
          }
          return 0;
        });
    BrokerConnection up = connect();
    awaitTold("connected");

    up.publish(message("kept", 1));

    Patience.until("it arrives", () -> Collections.frequency(topics(), "kept") == 5);
  }

  @Test
  void goesOnAfterAMessageThatTheClientLibraryCannotSend() {
    BrokerConnection up = connect();
    awaitTold("connected");
    MqttProperties properties = new MqttProperties();
    properties.setContentType("a control character: \u0001");

    up.publish(new OutgoingMessage("unsendable", new byte[0], 1, false, properties));
    up.publish(message("after", 1));

    Patience.until("the other arrives", () -> topics().contains("after"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aRefusedMessageIsNoReasonToEndTheConnection(int qos) {
    broker.onPublish(received -> received.topic().equals("refused") ? NOT_AUTHORISED : 0);
    BrokerConnection up = connect();
    awaitTold("connected");

    List<Integer> outcome = new CopyOnWriteArrayList<>();
    up.publish(
        new OutgoingMessage(
            "refused",
            new byte[1],
            qos,
            false,
            new MqttProperties(),
            new Receipt() {
              @Override
              public void acknowledged(int reasonCode) {
                outcome.add(reasonCode);
              }
            }));
    up.publish(message("after", qos));

    Patience.until("its outcome is known", () -> outcome.equals(List.of(NOT_AUTHORISED)));
    Patience.until("the other arrives", () -> topics().contains("after"));
    assertEquals(1, Collections.frequency(topics(), "refused"));
    assertEquals(1, broker.connections());
  }

  /** What the bridge itself takes is limited, and says nothing of what the broker takes. */
  @Test
  void sendsWhatIsLongerThanWhatItTakesItself() {
    BrokerConnection up = connect();
    awaitTold("connected");

    up.publish(new OutgoingMessage("long", new byte[2_000_000], 1, false, new MqttProperties()));
    up.publish(message("after", 1));

    Patience.until("the other arrives", () -> topics().contains("after"));
    assertTrue(topics().contains("long"));
    assertEquals(1, broker.connections());
    byte[] mebibyte = {0x27, 0, 0x10, 0, 0};
    String connect = new String(broker.connects().get(0), StandardCharsets.ISO_8859_1);
    assertTrue(connect.contains(new String(mebibyte, StandardCharsets.ISO_8859_1)), connect);
  }

  // --- when a connection counts

  @Test
  void isConnectedOnceItsAvailabilityIsAcknowledgedAndProvenAfterAWhile() {
    CountDownLatch acknowledge = new CountDownLatch(1);
    broker.onPublish(
        received -> {
          await(acknowledge);
          return 0;
        });
    connect();
    Patience.until("it says online", () -> topics().contains(AVAILABILITY));
    assertEquals(List.of(), told);

    acknowledge.countDown();

    awaitTold("connected", "proven");
    Received online = broker.messages().get(0);
    assertEquals("online", online.text());
    assertTrue(online.retained());
  }

  @Test
  void saysOnlineBeforeWhatHasWaitedForTheBroker() {
    BrokerConnection up = newConnection(timing(SHORT));
    up.publish(message("waited", 1));
    start(up);

    Patience.until("it arrives", () -> topics().contains("waited"));
    assertEquals(List.of(AVAILABILITY, "waited"), topics());
  }

  @Test
  void isNotConnectedWhileItMayNotPublishAndNoticesWhenItMay() {
    CountDownLatch allowed = new CountDownLatch(1);
    broker.onPublish(received -> allowed.getCount() > 0 ? NOT_AUTHORISED : 0);
    connect();
    Patience.until("it has tried again", () -> Collections.frequency(topics(), AVAILABILITY) > 2);
    assertEquals(List.of(), told);
    assertEquals(1, broker.connections());

    allowed.countDown();

    awaitTold("connected", "proven");
  }

  @Test
  void isNeverProvenWhenEachConnectionEndsSoon() {
    broker.onPublish(
        received -> {
          if (received.topic().equals(AVAILABILITY)) {
            return 0;
          }
          throw new HangUp(PROTOCOL_ERROR);
        });
    BrokerConnection up = start(newConnection(timing(Duration.ofSeconds(2))));
    for (int i = 0; i < 6; i++) {
      up.publish(message("poison", 1));
    }

    Patience.until("it has connected four times", () -> broker.connections() >= 4);
    assertFalse(told.contains("proven"), told::toString);
    assertTrue(told.contains("lost"), told::toString);
  }

  // --- what arrives

  @Test
  void endsTheConnectionAtOnceWhenAThreadOfTheClientDies() {
    connect();
    awaitTold("connected");
    long since = System.nanoTime();

    broker.send(ScriptedBroker.AUTH, DEADLY_AUTH);

    Patience.until("it is back", () -> broker.connections() == 2);
    Duration took = Duration.ofNanos(System.nanoTime() - since);
    assertTrue(took.toSeconds() < 5, took::toString);
    Patience.until("it works again", () -> Collections.frequency(told, "connected") == 2);
  }

  @Test
  void doesNotWaitForABrokerWhoseResponseKillsTheClient() {
    broker.onConnect(
        packet ->
            broker.connections() == 1 ? new int[] {0, 0, 3, 0x16, 0x80, 0} : new int[] {0, 0, 0});
    long since = System.nanoTime();

    connect();

    awaitTold("connected");
    Duration took = Duration.ofNanos(System.nanoTime() - since);
    assertTrue(took.toSeconds() < 5, took::toString);
  }

  @Test
  void doesNotAskAgainForStoredMessagesThatKillTheClient() {
    broker.onPublish(
        received -> {
          if (received.topic().equals(AVAILABILITY) && lastSubscription().retainHandling() != 2) {
            broker.send(ScriptedBroker.AUTH, DEADLY_AUTH);
          }
          return 0;
        });

    connect();

    awaitTold("proven");
    assertEquals(
        List.of(1, 2), broker.subscriptions().stream().map(Subscribed::retainHandling).toList());
    // Once it works, a later connection may have them again.
    broker.send(ScriptedBroker.DISCONNECT, new byte[] {(byte) SHUTTING_DOWN});
    Patience.until("it has connected again", () -> broker.subscriptions().size() == 3);
    assertEquals(1, lastSubscription().retainHandling());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 32_767, 32_768, 40_000, 65_535})
  void takesRequestsWithCorrelationDataOfAnyLength(int length) {
    connect();
    awaitTold("connected");
    byte[] data = new byte[length];
    data[0] = 1;

    broker.deliver("to", properties(0x08, text("replies"), 0x09, binary(data)), "long");
    broker.deliver("to", new byte[0], "next");

    Patience.until("both come", () -> arrived.size() == 2);
    assertEquals("long", arrived.get(0).text());
    assertEquals("replies", arrived.get(0).message().getProperties().getResponseTopic());
    assertEquals(
        Math.min(length, Short.MAX_VALUE),
        arrived.get(0).message().getProperties().getCorrelationData().length);
    assertEquals("next", arrived.get(1).text());
    assertEquals(1, broker.connections());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\u0001b", "a\u007Fb", "a\u0085b", "a\uFFFEb", "a\uFDD0b", "\u0000"})
  void takesRequestsWithTextsThatMayNotStandInAPacket(String bad) {
    connect();
    awaitTold("connected");

    broker.deliver("to", properties(0x08, text(bad), 0x03, text(bad), 0x26, pair(bad)), "odd");
    broker.deliver("to", new byte[0], "next");

    Patience.until("both come", () -> arrived.size() == 2);
    MqttProperties properties = arrived.get(0).message().getProperties();
    // it can't be taken for another topic
    assertTrue(properties.getResponseTopic().contains("#"), properties::getResponseTopic);
    assertEquals(1, broker.connections());
  }

  @Test
  void takesMessagesLongerThanTheBrokerItselfTakes() {
    broker.onConnect(packet -> new int[] {0, 0, 5, 0x27, 0, 0, 0x07, 0xD0});
    BrokerConnection up = connect();
    awaitTold("connected");

    broker.deliver("to", new byte[0], "x".repeat(5_000));

    Patience.until("it comes", () -> arrived.size() == 1);
    assertEquals(5_000, arrived.get(0).text().length());
    // and the broker is sent nothing that is longer
    up.publish(new OutgoingMessage("long", new byte[2_001], 1, false, new MqttProperties()));
    up.publish(message("after", 1));
    Patience.until("the other arrives", () -> topics().contains("after"));
    assertFalse(topics().contains("long"));
    assertEquals(1, broker.connections());
  }

  @Test
  void acknowledgesRequests() {
    connect();
    awaitTold("connected");

    int first = broker.deliver("to", new byte[0], "1");
    int second = broker.deliver("to", new byte[0], "2");

    Patience.until(
        "both are acknowledged", () -> broker.acknowledged().equals(List.of(first, second)));
  }

  @Test
  void acknowledgesNoRequestsWhileTheOutboxIsHalfFull() {
    AtomicBoolean slow = new AtomicBoolean(true);
    broker.onConnect(packet -> new int[] {0, 0, 3, 0x21, 0, 3}); // one message at a time
    broker.onPublish(received -> received.topic().equals("m") && slow.get() ? -1 : 0);
    BrokerConnection up = connect();
    awaitTold("connected");
    for (int i = 0; i < 60; i++) {
      up.publish(message("m", 1));
    }

    broker.deliver("to", new byte[0], "late");
    broker.deliver("to", new byte[0], "later");
    Patience.until("both come", () -> arrived.size() == 2);
    // An acknowledgement of the first would have been sent before this.
    up.subscribe(new Subscription("afterwards", 1, (topic, message, arrivedAtNanos) -> {}));
    Patience.until("it is asked for", () -> subscribedTo("afterwards"));
    assertEquals(List.of(), broker.acknowledged());

    slow.set(false);
    int first =
        broker.messages().stream().filter(each -> each.topic().equals("m")).toList().get(0).id();
    broker.send(ScriptedBroker.PUBACK, new byte[] {(byte) (first >> 8), (byte) first, 0, 0});
    Patience.until("they are acknowledged", () -> broker.acknowledged().size() == 2);
  }

  /** The time for which it waits there counts for its expiry. */
  @Test
  void saysWhenAMessageArrivedThatHadToWaitForAReload() {
    BrokerConnection up = connect();
    awaitTold("connected");
    up.pauseDelivery(Duration.ofSeconds(60), Duration.ZERO);
    broker.deliver("to", new byte[0], "waits");
    // an answer on the connection: what was sent before has arrived
    Patience.until("a later message has arrived", () -> pinged(up));
    long resumedAtNanos = System.nanoTime();
    up.resumeDelivery();

    Patience.until("it comes", () -> arrived.size() == 1);
    long waitedNanos = resumedAtNanos - arrived.get(0).atNanos();
    assertTrue(
        waitedNanos > 0, () -> "arrived " + waitedNanos + " ns before the end of the reload");
  }

  @Test
  void saysWhenThatArrivedWhichTheBridgeItselfListensTo() {
    List<Long> heard = new CopyOnWriteArrayList<>();
    BrokerConnection up = connect();
    up.listen("birth", (payload, atNanos) -> heard.add(atNanos));
    awaitTold("connected");
    Patience.until("it is subscribed", () -> subscribedTo("birth"));
    up.pauseDelivery(Duration.ofSeconds(60), Duration.ZERO);
    broker.deliver("birth", new byte[0], "online");
    Patience.until("a later message has arrived", () -> pinged(up));
    long resumedAtNanos = System.nanoTime();
    up.resumeDelivery();

    Patience.until("it comes", () -> heard.size() == 1);
    assertTrue(resumedAtNanos - heard.get(0) > 0, "it arrived before the end of the reload");
  }

  private boolean subscribedTo(String filter) {
    return broker.subscriptions().stream().anyMatch(each -> each.filter().equals(filter));
  }

  private boolean pinged(BrokerConnection up) {
    up.publish(message("m", 1));
    return topics().contains("m");
  }

  // --- what brokers lack

  @Test
  void sendsToABrokerThatStatesAHugeReceiveMaximum() {
    broker.onConnect(packet -> new int[] {0, 0, 3, 0x21, 0xFF, 0xFF});
    BrokerConnection up = connect();
    awaitTold("connected");

    up.publish(message("m", 1));

    Patience.until("it arrives", () -> topics().contains("m"));
  }

  @Test
  void connectsWithoutARetainedWillToABrokerThatKeepsNothing() {
    broker.onConnect(
        packet ->
            broker.connections() == 1 ? new int[] {0, 0x9A, 0} : new int[] {0, 0, 2, 0x25, 0});

    connect();

    awaitTold("connected");
    assertFalse(broker.messages().get(0).retained());
    assertEquals(0, broker.connects().get(1)[7] & 0x20, "the will is retained");
  }

  @Test
  void connectsWithAWillOfQos0ToABrokerThatTakesNothingElse() {
    broker.onConnect(
        packet ->
            broker.connections() == 1 ? new int[] {0, 0x9B, 0} : new int[] {0, 0, 2, 0x24, 0});

    connect();

    awaitTold("connected");
    assertEquals(0, broker.messages().get(0).qos());
    assertEquals(0, (broker.connects().get(1)[7] >> 3) & 3, "QoS of the will");
  }

  @Test
  void doesWithoutSubscriptionIdentifiersWhereThereAreNone() {
    broker.onConnect(packet -> new int[] {0, 0, 2, 0x29, 0});
    connect();
    awaitTold("connected");
    assertFalse(lastSubscription().withIdentifier());

    broker.deliver("to", new byte[0], "request");

    Patience.until("it comes", () -> arrived.size() == 1);
  }

  @Test
  void doesWithoutSubscriptionIdentifiersWhereTheyAreRefused() {
    broker.onSubscribe(subscribed -> subscribed.withIdentifier() ? 0xA1 : 1);

    connect();

    awaitTold("connected");
    assertEquals(1, broker.connections());
  }

  @ParameterizedTest
  @ValueSource(ints = {0x80, 0x87, 0x8F, 0x97, 0x9E, 0xA2})
  void onlyItsOwnSubscriptionIsVitalAndOthersAreTriedAgainAlone(int refusal) {
    broker.onSubscribe(
        subscribed ->
            subscribed.filter().equals("others/#") && broker.subscriptions().size() < 5
                ? refusal
                : 1);
    BrokerConnection up = newConnection(timing(SHORT));
    List<String> others = new CopyOnWriteArrayList<>();
    up.subscribe(
        new Subscription("others/#", 1, (topic, message, arrivedAtNanos) -> others.add(topic)));
    start(up);

    awaitTold("connected");

    Patience.until("it is granted", () -> broker.subscriptions().size() == 5);
    broker.deliver("others/a", new byte[0], "text");
    Patience.until("it works", () -> others.size() == 1);
    assertEquals(1, broker.connections());
  }

  @Test
  void worksWithABrokerThatTakesNoWildcards() {
    broker.onConnect(packet -> new int[] {0, 0, 2, 0x28, 0});
    BrokerConnection up = newConnection(timing(SHORT));
    up.subscribe(new Subscription("others/#", 1, (topic, message, arrivedAtNanos) -> {}));
    start(up);

    awaitTold("connected", "proven");
    assertEquals(1, broker.connections());
  }

  @Test
  void neverGoesOnWithoutItsOwnSubscription() {
    broker.onSubscribe(subscribed -> broker.connections() < 3 ? 0x87 : 1);

    connect();

    awaitTold("connected");
    assertEquals(3, broker.connections());
    assertEquals("connected", told.get(0));
  }

  @Test
  void keepsToTheKeepAliveThatTheBrokerWants() {
    broker.onConnect(packet -> new int[] {0, 0, 3, 0x13, 0, 1});
    start(newConnection(timing(SHORT), Duration.ofMinutes(5)));
    awaitTold("connected");

    Patience.until("it has sent pings", Duration.ofSeconds(6), () -> broker.pings() >= 2);
  }

  // --- a broker that changes its mind, or has none

  @ParameterizedTest
  @ValueSource(ints = {0x80, 0x87, 0x97})
  void isNoLongerConnectedWhenTheBrokerNoLongerTakesAnything(int refusal) {
    AtomicBoolean allowed = new AtomicBoolean(true);
    broker.onPublish(received -> allowed.get() ? 0 : refusal);
    BrokerConnection up = connect();
    awaitTold("connected", "proven");

    allowed.set(false);
    up.publish(message("m", 1));

    Patience.until(
        "it is as good as lost", () -> told.equals(List.of("connected", "proven", "lost")));
    allowed.set(true);
    Patience.until(
        "it is back",
        () -> told.equals(List.of("connected", "proven", "lost", "connected", "proven")));
    assertEquals(1, broker.connections());
  }

  @Test
  void staysConnectedWhereOnlyOneTopicIsRefused() {
    broker.onPublish(received -> received.topic().equals("refused") ? NOT_AUTHORISED : 0);
    BrokerConnection up = connect();
    awaitTold("connected");

    up.publish(message("refused", 1));

    Patience.until(
        "it has asked whether it is heard",
        () -> Collections.frequency(topics(), AVAILABILITY) > 1);
    up.publish(message("after", 1));
    Patience.until("the other arrives", () -> topics().contains("after"));
    assertFalse(told.contains("lost"), told::toString);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void sendsOneMessageAfterTheOtherToABrokerThatTakesNoMore(int receiveMaximum) {
    broker.onConnect(packet -> new int[] {0, 0, 3, 0x21, 0, receiveMaximum});
    BrokerConnection up = connect();
    awaitTold("connected");
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      sent.add("m" + i);
      up.publish(message("m" + i, i % 3));
    }

    Patience.until("all arrive", () -> topics().containsAll(sent));
    assertEquals(sent, topics().stream().filter(sent::contains).toList());
    assertEquals(1, broker.connections());
  }

  @Test
  void isNotConnectedToABrokerForWhichEverythingIsTooLarge() {
    broker.onConnect(
        packet ->
            broker.connections() == 1
                ? new int[] {0, 0, 5, 0x27, 0, 0, 0, 20}
                : new int[] {0, 0, 0});
    connect();
    Patience.until("it has subscribed", () -> broker.subscriptions().size() == 1);
    assertEquals(List.of(), told);

    broker.send(ScriptedBroker.DISCONNECT, new byte[] {(byte) SHUTTING_DOWN});

    awaitTold("connected");
    assertEquals(2, broker.connections());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 600, 40_000})
  void noticesThatABrokerHasFrozenHoweverRarelyItWantsToBeAsked(int seconds) {
    broker.onConnect(packet -> new int[] {0, 0, 3, 0x13, seconds >> 8, seconds & 0xFF});
    start(newConnection(timing(SHORT), Duration.ofSeconds(1)));
    awaitTold("connected");
    Patience.until("it has sent pings", () -> broker.pings() >= 2);

    broker.answerNoPings();

    awaitTold("lost");
  }

  @Test
  void givesUpABrokerThatAnswersPingsAndAcknowledgesNothing() {
    broker.onPublish(received -> received.topic().equals("ignored") ? -1 : 0);
    BrokerConnection up = start(newConnection(timing(SHORT), Duration.ofSeconds(1)));
    awaitTold("connected");

    up.publish(message("ignored", 1));

    awaitTold("lost");
  }

  /** MQTT 5, table 3-1: what else a broker may state. */
  static Stream<int[]> statements() {
    return Stream.of(
        new int[] {1, 0, 0}, // session present, though a clean start was asked for
        new int[] {0, 0, 3, 0x22, 0, 10}, // topic alias maximum
        new int[] {0, 0, 4, 0x12, 0, 1, 'x'}, // assigned client identifier
        new int[] {0, 0, 5, 0x11, 0, 0, 0, 60}, // session expiry interval
        new int[] {0, 0, 4, 0x1F, 0, 1, 'x'}, // reason string
        new int[] {0, 0, 4, 0x1C, 0, 1, 'x'}, // server reference
        new int[] {0, 0, 7, 0x26, 0, 1, 'x', 0, 1, 'y'}); // user property
  }

  @ParameterizedTest
  @MethodSource("statements")
  void worksWhateverElseTheBrokerStates(int[] response) {
    broker.onConnect(packet -> response);
    connect();
    awaitTold("connected", "proven");

    broker.deliver("to", new byte[0], "request");

    Patience.until("it comes", () -> arrived.size() == 1);
    assertEquals(1, broker.connections());
  }

  static Stream<Arguments> oddPackets() {
    return Stream.of(
        Arguments.of("responses to no ping", ScriptedBroker.PINGRESP, new byte[0], 20_000),
        Arguments.of("a second CONNACK", ScriptedBroker.CONNACK, new byte[3], 1),
        Arguments.of("a refusing CONNACK", ScriptedBroker.CONNACK, new byte[] {0, -121, 0}, 1),
        Arguments.of("PUBACK of nothing", ScriptedBroker.PUBACK, new byte[] {0, 99, 0, 0}, 100),
        Arguments.of("PUBREC of nothing", ScriptedBroker.PUBREC, new byte[] {0, 99, 0, 0}, 100),
        Arguments.of("PUBREL of nothing", 0x62, new byte[] {0, 99, 0, 0}, 100),
        Arguments.of("PUBCOMP of nothing", 0x70, new byte[] {0, 99, 0, 0}, 100),
        Arguments.of("SUBACK of nothing", ScriptedBroker.SUBACK, new byte[] {0, 99, 0, 1}, 100),
        Arguments.of("UNSUBACK of nothing", 0xB0, new byte[] {0, 99, 0, 0}, 100),
        Arguments.of("SUBACK without a code", ScriptedBroker.SUBACK, new byte[] {0, 99, 0}, 1),
        Arguments.of("type 0", 0x00, new byte[0], 1),
        Arguments.of("CONNECT", 0x10, new byte[] {0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 0, 0}, 1),
        Arguments.of("SUBSCRIBE", 0x82, new byte[] {0, 1, 0, 0, 1, 'a', 0}, 1),
        Arguments.of("PINGREQ", 0xC0, new byte[0], 100),
        Arguments.of("AUTH", ScriptedBroker.AUTH, new byte[] {0x18, 0}, 1),
        Arguments.of(
            "moved, with a reference",
            ScriptedBroker.DISCONNECT,
            new byte[] {(byte) 0x9D, 4, 0x1C, 0, 1, 'x'},
            1));
  }

  @ParameterizedTest
  @MethodSource("oddPackets")
  void isUpAgainWhateverTheBrokerSends(String name, int firstByte, byte[] rest, int times) {
    BrokerConnection up = connect();
    awaitTold("connected");

    for (int i = 0; i < times; i++) {
      if (!trySend(() -> broker.send(firstByte, rest))) {
        break;
      }
    }

    Patience.until(
        "requests get through",
        () -> {
          boolean unused = trySend(() -> broker.deliver("to", new byte[0], "after " + name));
          return arrived.stream().anyMatch(each -> each.text().equals("after " + name));
        });
    up.publish(message("after", 1));
    Patience.until("messages get through", () -> topics().contains("after"));
    assertEquals(
        "connected", told.stream().filter(each -> !each.equals("proven")).reduce("", (a, b) -> b));
  }

  private static boolean trySend(Runnable sending) {
    try {
      sending.run();
      return true;
    } catch (UncheckedIOException theClientHasLeft) {
      return false;
    }
  }

  /** For instance another client of the same id that comes back as well. */
  @ParameterizedTest
  @ValueSource(ints = {SHUTTING_DOWN, 0x8E, 0x97, 0x9C, 0x9D})
  void takesItsTimeWhereEachConnectionIsEndedAtOnce(int reason) {
    broker.onPublish(
        received -> {
          broker.send(
              ScriptedBroker.PUBACK,
              new byte[] {(byte) (received.id() >> 8), (byte) received.id(), 0, 0});
          throw new HangUp(reason);
        });
    long since = System.nanoTime();

    start(newConnection(timing(NEVER)));

    Patience.until("it has tried four times", () -> broker.connections() == 4);
    Duration took = Duration.ofNanos(System.nanoTime() - since);
    assertTrue(took.toSeconds() >= 6, took::toString);
    assertFalse(told.contains("proven"), told::toString);
  }

  @Test
  void takesAFloodOfStoredMessages() {
    int flood = 5_000;
    broker.onPublish(
        received -> {
          if (received.topic().equals(AVAILABILITY)) {
            for (int i = 0; i < flood; i++) {
              int unused = broker.deliverStored("to", "stored " + i);
            }
          }
          return 0;
        });
    connect();
    awaitTold("connected");

    broker.deliver("to", new byte[0], "next");

    Patience.until("all come", () -> arrived.size() == flood + 1);
    assertTrue(arrived.get(0).message().isRetained());
    assertEquals("next", arrived.get(flood).text());
    assertEquals(1, broker.connections());
  }

  // --- attempts

  @Test
  void waitsForABrokerThatTakesItsTimeToAccept() {
    CountDownLatch never = new CountDownLatch(1);
    broker.onConnect(
        packet -> {
          assertFalse(awaitAtMost(never, Duration.ofSeconds(6)));
          return new int[] {0, 0, 0};
        });

    start(newConnection(Timing.USUAL));

    awaitTold("connected");
    assertEquals(1, broker.connections());
  }

  @Test
  void leavesNeitherSocketsNorThreadsOfAttemptsBehindThatWereGivenUp() {
    broker.onConnect(packet -> broker.connections() <= 4 ? null : new int[] {0, 0, 0});
    start(newConnection(new Timing(Duration.ofSeconds(1), SHORT, NEVER)));

    awaitTold("connected");

    Patience.until("one socket is open", () -> broker.openConnections() == 1);
    Patience.until(
        "one client has threads",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("MQTT Rec"))
                    .count()
                <= 1);
  }

  @Test
  void stopsAtOnceWhileItWaitsForABroker() {
    broker.onConnect(packet -> null);
    BrokerConnection up = start(newConnection(Timing.USUAL));
    Patience.until("it waits", () -> broker.connections() == 1);
    long since = System.nanoTime();

    up.close();
    connection = null;

    Duration took = Duration.ofNanos(System.nanoTime() - since);
    assertTrue(took.toMillis() < 2_000, took::toString);
  }

  // --- how it is driven

  private BrokerConnection connect() {
    return start(newConnection(timing(SHORT)));
  }

  private static Timing timing(Duration proof) {
    return new Timing(Duration.ofSeconds(20), proof, SHORT);
  }

  private BrokerConnection newConnection(Timing timing) {
    return newConnection(timing, Duration.ofSeconds(10));
  }

  private BrokerConnection newConnection(Timing timing, Duration keepAlive) {
    MqttSettings settings = TestSettings.mqtt(broker.url(), keepAlive);
    BrokerConnection fresh = new BrokerConnection(settings, 1, new NoSources(), timing);
    fresh.addListener(new Told());
    fresh.subscribe(
        new Subscription(
            "to",
            1,
            (topic, message, arrivedAtNanos) ->
                arrived.add(new Arrived(topic, message, arrivedAtNanos))));
    connection = fresh;
    return fresh;
  }

  private static BrokerConnection start(BrokerConnection fresh) {
    fresh.start();
    fresh.ready();
    return fresh;
  }

  private void awaitTold(String... what) {
    Patience.until("told " + List.of(what), () -> told.containsAll(List.of(what)));
  }

  private List<String> topics() {
    return broker.messages().stream().map(Received::topic).toList();
  }

  private Subscribed lastSubscription() {
    List<Subscribed> all = broker.subscriptions();
    return all.get(all.size() - 1);
  }

  private static OutgoingMessage message(String topic, int qos) {
    return new OutgoingMessage(topic, new byte[10], qos, false, new MqttProperties());
  }

  private static void await(CountDownLatch latch) {
    assertTrue(awaitAtMost(latch, Duration.ofSeconds(20)));
  }

  private static boolean awaitAtMost(CountDownLatch latch, Duration most) {
    try {
      return latch.await(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] text(String text) {
    return binary(text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] pair(String text) {
    return concatenated(text("key" + text), text(text));
  }

  private static byte[] binary(byte[] bytes) {
    return concatenated(new byte[] {(byte) (bytes.length >> 8), (byte) bytes.length}, bytes);
  }

  private static byte[] concatenated(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** Identifiers and values in turn. */
  private static byte[] properties(Object... identifiersAndValues) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < identifiersAndValues.length; i += 2) {
      all.write((int) identifiersAndValues[i]);
      all.writeBytes((byte[]) identifiersAndValues[i + 1]);
    }
    return all.toByteArray();
  }

  private final class Told implements BrokerListener {
    @Override
    public void brokerConnected() {
      told.add("connected");
    }

    @Override
    public void brokerProven() {
      told.add("proven");
    }

    @Override
    public void brokerLost() {
      told.add("lost");
    }
  }
}
