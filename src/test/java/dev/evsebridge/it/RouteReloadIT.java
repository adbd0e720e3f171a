package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.error;
import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.Cable;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Ledger;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.RoutesFolder;
import dev.evsebridge.testkit.ScriptedBroker;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.SteadySubscriber;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Route files are added, edited, broken and deleted while the bridge runs. What was running goes on
 * until something better is there, and no message and no connection is lost over it.
 *
 * <p>A file shows that it has been loaded by a marker: a route in it that publishes one message
 * with a text that no other marker has.
 */
@RequiresMosquitto
class RouteReloadIT {
  private static final String TO_MQTT = "charger-to-mqtt.yaml";
  private static final String TO_CHARGER = "mqtt-to-charger.yaml";
  private static final String ERRORS = "errors.yaml";
  private static final String LISTENER = "charger-listener.yaml";
  private static final String MARKERS = "from_dehneEVSE/markers";
  private static final String REPLIES = "from_dehneEVSE/replies/reload";

  private static final AtomicInteger LAST_QUESTION = new AtomicInteger();

  @RegisterExtension static final Installation installation = Installation.asDelivered();

  private final String serial = Serials.next();
  private final RoutesFolder routes = new RoutesFolder(installation.bridge(), installation.probe());

  @AfterEach
  void putTheFilesBack() {
    routes.putBack();
  }

  @Test
  void aNewFileAddsItsRoutesAndADeletedOneTakesThemAway() throws IOException {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    routes.write(
        "ticks.yaml",
        """
        - route:
            id: ticks
            description: Says something all the time.
            from:
              uri: timer:ticks?period=50
              steps:
                - setBody:
                    constant: tick
                - to:
                    uri: paho-mqtt5:{{mqtt.topic_publish}}/ticks
        """);
    installation.probe().take(3, onTopic("from_dehneEVSE/ticks"));
    routes.delete("ticks.yaml");
    Message removed = routes.load("marker.yaml", "");
    Message later = routes.load("marker.yaml", "");
    assertTrue(later.number() > removed.number());
    assertEquals(
        List.of(),
        installation
            .probe()
            .untaken(
                onTopic("from_dehneEVSE/ticks").and(each -> each.number() > removed.number())));
    assertAnswers(charger);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "- route: [",
        """
        - route:
            id: misspelt
            from:
              uri: direct:misspelt
              stepps:
                - log: never
        """,
        """
        - route:
            id: unknown-component
            from:
              uri: direct:unknown-component
              steps:
                - to:
                    uri: no-such-component:x
        """,
        """
        - route:
            id: unknown-option
            from:
              uri: direct:unknown-option
              steps:
                - to:
                    uri: log:x
                    parameters:
                      noSuchOption: 1
        """,
        """
        - route:
            id: unknown-bean
            from:
              uri: direct:unknown-bean
              steps:
                - choice:
                    when:
                      - expression:
                          simple: ${body} != null
                        steps:
                          - bean:
                              ref: noSuchBean
        """,
        """
        - route:
            id: unknown-processor
            from:
              uri: direct:unknown-processor
              steps:
                - process:
                    ref: noSuchProcessor
        """,
        """
        - route:
            id: unknown-key
            from:
              uri: direct:unknown-key
              steps:
                - to:
                    uri: log:{{no.such.key}}
        """,
        """
        - route:
            id: wrong-expression
            from:
              uri: direct:wrong-expression
              steps:
                - setBody:
                    simple: ${noSuchFunction}
        """,
        """
        - route:
            id: wrong-topic-filter
            from:
              uri: paho-mqtt5:every/#/thing
              steps:
                - log: never
        """,
        """
        - route:
            id: charger-to-mqtt
            from:
              uri: direct:id-of-another-file
              steps:
                - log: never
        """
      })
  void aFileThatCannotBeUsedChangesNothingUntilItIsCorrected(String fault) {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    String before = routes.text(TO_CHARGER);
    routes.write(TO_CHARGER, before + "\n" + fault);
    // is looked at after the broken one
    Message unused = routes.load("z-marker.yaml", "");
    assertAnswers(charger);
    installation.probe().request(Messages.setPwm(serial, 101));
    installation.probe().take(error().and(each -> each.isOf(serial)));
    Message corrected = routes.load(TO_CHARGER, before);
    assertEquals(MARKERS, corrected.topic());
    assertAnswers(charger);
  }

  @Test
  void aFileWhoseRoutesCannotStartChangesNothing() throws IOException {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    String before = routes.text(TO_CHARGER);
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      routes.write(
          TO_CHARGER,
          before
              + """

              - route:
                  id: port-is-taken
                  description: Listens where somebody else listens.
                  from:
                    uri: netty:tcp://127.0.0.1:%d
                    steps:
                      - log: never
              """
                  .formatted(taken.getLocalPort()));
      Message unused = routes.load("z-marker.yaml", "");
      assertAnswers(charger);
    }
    Message corrected = routes.load(TO_CHARGER, before);
    assertEquals(MARKERS, corrected.topic());
    assertAnswers(charger);
  }

  @Test
  void editingARouteWhileAChargerRestartsIntoItsFirmwareEndsTheRequestAndNothingElse() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.firmware(serial, new byte[] {1, 2, 3, 4}));
    assertEquals(WireFrame.collect(), charger.takeFrame());
    charger.send(ChargerReading.typical().frame());
    probe.take(message("response_collect_data", serial));
    charger.takeFrame();

    Message loaded = routes.load(TO_CHARGER, routes.text(TO_CHARGER));

    Message ended = probe.take(errorOf(serial));
    assertEquals("timeout", ended.field("error"));
    assertTrue(ended.number() < loaded.number());
    probe.request(Messages.ping(serial));
    assertEquals("busy", probe.take(errorOf(serial)).field("error"));
    RawCharger back = installation.connect().answerLikeFirmware().hello(serial, 9);
    probe.take(message("new_connection", serial));
    assertAnswers(back);
    assertEquals(List.of(), charger.untakenFrames());
  }

  @Test
  void editingARouteUnderLoadLosesNoReadingAndNoConnection() throws InterruptedException {
    Ledger ledger = new Ledger();
    String before = routes.text(TO_MQTT);
    try (SteadySubscriber subscriber =
        SteadySubscriber.start(installation.mosquitto(), "from_dehneEVSE", ledger::received)) {
      subscriber.awaitSubscribed();
      List<String> serials = List.of(serial, Serials.next(), Serials.next());
      List<RawCharger> chargers = serials.stream().map(installation::charger).toList();
      Load load =
          Load.start(
              Duration.ofMillis(2),
              number -> chargers.forEach(charger -> charger.send(Ledger.reading(number))));
      for (int edit = 0; edit < 5; edit++) {
        Message loaded = routes.load(TO_MQTT, before);
        assertEquals(MARKERS, loaded.topic());
      }
      int last = load.stop();
      for (int i = 0; i < serials.size(); i++) {
        ledger.awaitNumber(serials.get(i), last);
        assertEquals(List.of(), ledger.missing(serials.get(i), last));
        assertEquals(List.of(), ledger.outOfOrder(serials.get(i)));
        assertTrue(chargers.get(i).isOpen());
      }
      assertEquals(0, ledger.duplicates());
    }
  }

  @Test
  void editingTheErrorsUnderLoadKeepsOneAnswerPerRequest() throws InterruptedException {
    Ledger ledger = new Ledger();
    String before = routes.text(ERRORS);
    String streaming = Serials.next();
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    RawCharger streamer = installation.charger(streaming);
    try (SteadySubscriber subscriber =
        SteadySubscriber.start(installation.mosquitto(), "from_dehneEVSE", ledger::received)) {
      subscriber.awaitSubscribed();
      Load readings =
          Load.start(Duration.ofMillis(5), number -> streamer.send(Ledger.reading(number)));
      Load requests = Load.start(Duration.ofMillis(5), this::requestBrokenAndGood);
      for (int edit = 0; edit < 4; edit++) {
        Message loaded = routes.load(ERRORS, before);
        assertEquals(MARKERS, loaded.topic());
      }
      int broken = requests.stop();
      int last = readings.stop();
      ledger.awaitNumber(streaming, last);
      assertEquals(List.of(), ledger.missing(streaming, last));
      assertEquals(List.of(), ledger.outOfOrder(streaming));

      List<String> wanted = new ArrayList<>();
      for (int number = 1; number <= broken; number++) {
        wanted.add("good " + number);
        wanted.add("broken " + number);
      }
      List<String> replies =
          installation.probe().take(wanted.size(), onTopic(REPLIES)).stream()
              .map(Message::correlation)
              .toList();
      installation.awaitRequestsDone();
      assertEquals(wanted.stream().sorted().toList(), replies.stream().sorted().toList());
      assertEquals(List.of(), installation.probe().untaken(onTopic(REPLIES)));
      assertEquals(
          Collections.nCopies(broken, "request_nonsense"),
          installation.probe().untaken(error()).stream()
              .map(each -> each.field("request_type"))
              .toList());
      assertTrue(charger.isOpen());
      assertTrue(streamer.isOpen());
    }
  }

  private void requestBrokenAndGood(int number) {
    installation.probe().request(Messages.ping(serial), REPLIES, "good " + number);
    installation
        .probe()
        .request(Messages.plain("request_nonsense", serial), REPLIES, "broken " + number);
  }

  @Test
  void editingTheListenerClosesTheConnectionsAndListensAgain() {
    String before = routes.text(LISTENER);
    for (String edited : List.of(before + "# edited\n", before)) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      routes.write(LISTENER, edited);
      charger.awaitClosed();
      // The port of the old route may be open a moment longer than its connections.
      Message unused = routes.awaitLookedAt();
      installation.bridge().awaitListening();
    }
    assertAnswers(installation.charger(serial).answerLikeFirmware());
  }

  @Test
  void aSecondRouteThatTakesRequestsTakesThemAwayFromNobody() throws IOException {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    Message loaded =
        routes.load(
            "tap.yaml",
            """
            - route:
                id: tap
                description: Copies all requests.
                from:
                  uri: paho-mqtt5:{{mqtt.topic_subscribe}}
                  steps:
                    - to:
                        uri: paho-mqtt5:{{mqtt.topic_publish}}/tap
            """);
    assertEquals(MARKERS, loaded.topic());
    Patience.until(
        "the copy comes",
        () -> {
          assertAnswers(charger);
          return !installation.probe().untaken(onTopic("from_dehneEVSE/tap")).isEmpty();
        });
    assertAnswers(charger);
    routes.delete("tap.yaml");
    Message deleted = routes.load("z-marker.yaml", "");
    assertEquals(MARKERS, deleted.topic());
    assertAnswers(charger);
  }

  @Test
  void aRouteWithAClientOfItsOwnCanBeEdited() throws IOException {
    try (Cable cable = Cable.to(installation.mosquitto().port())) {
      for (int version = 1; version <= 3; version++) {
        Message loaded = routes.load("own-client.yaml", ownClient(cable.url(), version));
        assertEquals(MARKERS, loaded.topic());
        assertEchoes(version);
      }
      // one for taking and one for publishing, each connected once for each version
      assertTrue(cable.connections() <= 6, () -> cable.connections() + " connections");
      Message later = routes.load("z-marker.yaml", "");
      assertEquals(MARKERS, later.topic());
      assertTrue(cable.connections() <= 6, () -> cable.connections() + " connections");
      assertEchoes(3);
      // Left alone, it would publish its last answers into a cable that is gone, and report that.
      routes.delete("own-client.yaml");
      Message without = routes.load("z-marker.yaml", "");
      assertEquals(MARKERS, without.topic());
    }
  }

  @Test
  void aRouteWhoseOwnBrokerIsFrozenHoldsNobodyUpWhenItIsEdited() throws IOException {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    try (Mosquitto other = Mosquitto.started()) {
      routes.write("copies.yaml", copies(other.url(), 1));
      Message running = routes.load("z-marker.yaml", "");
      assertEquals(MARKERS, running.topic());
      other.freeze();
      try {
        routes.write("copies.yaml", copies(other.url(), 2));
        Message loaded = routes.load("z-marker.yaml", "");
        assertAnswers(charger);
        routes.delete("copies.yaml");
        Message without = routes.load("z-marker.yaml", "");
        assertTrue(without.number() > loaded.number());
        assertAnswers(charger);
      } finally {
        other.thaw();
      }
    }
  }

  @Test
  void aRouteOnTheWayOfReadingsToAFrozenBrokerHoldsNobodyUpWhenItIsEdited() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    String before = routes.text(TO_MQTT);
    try (Mosquitto other = Mosquitto.started()) {
      String copying =
          before.replace(
              "        - to:\n            id: publish-message\n",
              """
                      - wireTap:
                          uri: direct:copy
                      - to:
                          id: publish-message
              """);
      String copy =
          """

          - route:
              id: copy
              from:
                uri: direct:copy
                steps:
                  - to:
                      uri: paho-mqtt5:copies
                      parameters:
                        brokerUrl: %s
                        clientId: copies
                        qos: 1
          """
              .formatted(other.url());
      Message running = routes.load(TO_MQTT, copying + copy);
      other.freeze();
      try {
        assertAnswers(charger);
        Message loaded = routes.load(TO_MQTT, copying + copy);
        assertTrue(loaded.number() > running.number());
        assertAnswers(charger);
      } finally {
        other.thaw();
      }
    }
  }

  @Test
  void aRequestOnItsWayToAFrozenBrokerHasItsOutcomeWhenItsRouteIsEdited() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    String before = routes.text(TO_CHARGER);
    try (ScriptedBroker other = ScriptedBroker.start().onPublish(received -> -1)) {
      Message copying = routes.load(TO_CHARGER, copyingFirst(before, other));
      installation.probe().request(Messages.ping(serial), REPLIES, "edited");
      Patience.until("it waits", () -> !other.messages().isEmpty());

      Message without = routes.load(TO_CHARGER, before);
      assertTrue(without.number() > copying.number());
      Message outcome = installation.probe().take(onTopic(REPLIES));
      assertEquals("route_failed", outcome.field("error"));
      assertAnswers(charger);
    }
  }

  @Test
  void aRequestThatWaitsForAFrozenBrokerEndsInTimeAndIsNotCarriedOutLater() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    String before = routes.text(TO_CHARGER);
    CountDownLatch thawed = new CountDownLatch(1);
    try (ScriptedBroker other = ScriptedBroker.start()) {
      other.onPublish(
          received -> {
            awaitThaw(thawed);
            return 0;
          });
      Message copying = routes.load(TO_CHARGER, copyingFirst(before, other));
      assertEquals(MARKERS, copying.topic());
      for (int i = 0; i < 3; i++) {
        installation.probe().request(Messages.setContactor(serial, true), REPLIES, "frozen");
      }
      installation
          .probe()
          .take(3, onTopic(REPLIES))
          .forEach(outcome -> assertEquals("route_failed", outcome.field("error")));

      thawed.countDown();
      assertAnswers(charger);
      assertEquals(List.of(WireFrame.ping()), charger.untakenFrames());
    } finally {
      thawed.countDown();
    }
  }

  private static void awaitThaw(CountDownLatch thawed) {
    try {
      thawed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Copies each request to another broker before it does anything with it. */
  private static String copyingFirst(String requests, ScriptedBroker other) {
    String first = "        - removeHeaders:\n            pattern: Camel*\n        - unmarshal:\n";
    assertTrue(requests.contains(first), requests);
    return requests.replace(
        first,
        """
                - to:
                    uri: paho-mqtt5:copies
                    parameters:
                      brokerUrl: %s
                      clientId: copies
                      qos: 1
        """
                .formatted(other.url())
            + first);
  }

  @Test
  void aRouteFindsItsOwnBrokerWhenThatComes() throws IOException {
    try (Mosquitto other = Mosquitto.builder().build()) {
      routes.write("own-client.yaml", ownClient(other.url(), 1));
      Message loaded = routes.load("z-marker.yaml", "");
      assertEquals(MARKERS, loaded.topic());
      other.start();
      try (MqttProbe elsewhere = MqttProbe.connect(other)) {
        Patience.until(
            "the route answers",
            () -> {
              elsewhere.publish("elsewhere/question", "?".getBytes(StandardCharsets.UTF_8));
              return !elsewhere.untaken(each -> each.text().equals("version 1: ?")).isEmpty();
            });
      }
      routes.delete("own-client.yaml");
      Message without = routes.load("z-marker.yaml", "");
      assertTrue(without.number() > loaded.number());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TO_CHARGER, TO_MQTT, ERRORS, LISTENER, "availability.yaml"})
  void aFileThatIsAwayForAMomentCostsNoRequestAndNoConnection(String name)
      throws InterruptedException, IOException {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    Path file = routes.file(name);
    Path aside = installation.bridge().directory().resolve("aside.txt");
    Load requests = Load.start(Duration.ofMillis(20), this::requestBrokenAndGood);
    Files.move(file, aside);
    Message during = takeNextReply();
    Files.move(aside, file);
    String text = Files.readString(file);
    Files.delete(file);
    for (int i = 0; i < 40; i++) {
      // Some 0.7 s: the requests go on at their pace.
      during = takeNextReply();
    }
    routes.write(name, text);
    for (int i = 0; i < 100; i++) {
      // Until the folder has been looked at some more times.
      during = takeNextReply();
    }
    int last = requests.stop();
    assertEquals(REPLIES, during.topic());
    int taken = 1 + 40 + 100;
    List<Message> rest = installation.probe().take(2 * last - taken, onTopic(REPLIES));
    assertEquals(2 * last - taken, rest.size());
    assertTrue(charger.isOpen());
  }

  private static Message takeNextReply() {
    return installation.probe().take(onTopic(REPLIES));
  }

  private static String copies(String broker, int version) {
    return """
    - route:
        id: copies
        description: Talks to another broker all the time.
        from:
          uri: timer:copies
          parameters:
            period: 20
          steps:
            - setBody:
                constant: version %2$d
            - to:
                uri: paho-mqtt5:copies
                parameters:
                  brokerUrl: %1$s
                  clientId: copies
                  qos: 1
    """
        .formatted(broker, version);
  }

  /** The broker knows a subscription a moment later than the route says it is there. */
  private static void assertEchoes(int version) {
    String question = "question " + LAST_QUESTION.incrementAndGet();
    String wanted = "version " + version + ": " + question;
    Patience.until(
        wanted,
        () -> {
          installation
              .probe()
              .publish("elsewhere/question", question.getBytes(StandardCharsets.UTF_8));
          return !installation.probe().untaken(each -> each.text().equals(wanted)).isEmpty();
        });
    List<Message> older =
        installation
            .probe()
            .untaken(each -> each.text().endsWith(question) && !each.text().equals(wanted));
    assertEquals(List.of(), older);
  }

  private static String ownClient(String broker, int version) {
    return """
    - route:
        id: own-client
        description: Takes and answers with connections of its own.
        from:
          uri: paho-mqtt5:elsewhere/question
          parameters:
            brokerUrl: %1$s
            clientId: own-client-in
          steps:
            - setBody:
                simple: "version %2$d: ${bodyAs(String)}"
            - to:
                uri: paho-mqtt5:from_dehneEVSE/answers
                parameters:
                  brokerUrl: %1$s
                  clientId: own-client-out
    """
        .formatted(broker, version);
  }

  private void assertAnswers(RawCharger charger) {
    installation.probe().request(Messages.ping(serial));
    installation.probe().take(message("response_ping", serial));
    assertTrue(charger.isOpen());
  }

  /** Does something again and again on a thread of its own. */
  private static final class Load {
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicInteger number = new AtomicInteger();
    private final Thread thread;

    private Load(Duration pause, IntConsumer what) {
      thread =
          new Thread(
              () -> {
                while (!ended.get()) {
                  what.accept(number.get() + 1);
                  number.incrementAndGet();
                  LockSupport.parkNanos(pause.toNanos());
                }
              },
              "load");
      thread.setDaemon(true);
    }

    /** Begins with number 1. */
    static Load start(Duration pause, IntConsumer what) {
      Load load = new Load(pause, what);
      load.thread.start();
      return load;
    }

    /** Returns the last number. */
    int stop() throws InterruptedException {
      ended.set(true);
      thread.join(Patience.LIMIT.toMillis());
      return number.get();
    }
  }
}
