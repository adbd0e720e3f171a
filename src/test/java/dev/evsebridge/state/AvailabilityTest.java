package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ConnectionHandler;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.SerialNumber;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AvailabilityTest {
  private static final SerialNumber ONE = new SerialNumber("01".repeat(16));
  private static final SerialNumber TWO = new SerialNumber("02".repeat(16));
  private static final Duration SHORT = Duration.ofMillis(20);
  private static final Duration LONG_ENOUGH_TO_RECONNECT = Duration.ofMillis(500);
  private static final Duration LONGER_THAN_THE_TEST = Duration.ofHours(1);
  private static final SessionLimits LIMITS =
      new SessionLimits(
          LONGER_THAN_THE_TEST,
          LONGER_THAN_THE_TEST,
          LONGER_THAN_THE_TEST,
          LONGER_THAN_THE_TEST,
          1,
          10,
          100);

  private final Path journal;
  private final BlockingQueue<String> announced = new LinkedBlockingQueue<>();
  private Availability availability;
  private SessionRegistry registry;

  AvailabilityTest(@TempDir Path folder) {
    journal = folder.resolve("online.txt");
    availability = availability(LONGER_THAN_THE_TEST);
    registry = registry();
  }

  @AfterEach
  void stop() {
    availability.stop();
  }

  @Test
  void announcesWhoComes() throws InterruptedException {
    availability.brokerConnected();

    connect(ONE);

    assertAnnounced(ONE, "online");
  }

  @Test
  void announcesWhoIsThereWhenTheBrokerComes() throws InterruptedException {
    connect(ONE);
    connect(TWO);

    availability.brokerConnected();

    assertEquals(
        new TreeSet<>(Set.of(ONE + " online", TWO + " online")),
        new TreeSet<>(List.of(next(), next())));
  }

  @Test
  void announcesWhoHasGone() throws InterruptedException {
    restart(SHORT);
    availability.brokerConnected();
    EmbeddedChannel charger = connect(ONE);
    assertAnnounced(ONE, "online");

    charger.close();

    assertAnnounced(ONE, "offline");
  }

  @Test
  void announcesInTimeWhoGoesAfterAnotherHasGone() throws InterruptedException {
    restart(SHORT);
    availability.brokerConnected();
    for (SerialNumber each : List.of(ONE, TWO, ONE)) {
      EmbeddedChannel charger = connect(each);
      assertAnnounced(each, "online");

      charger.close();

      assertAnnounced(each, "offline");
    }
  }

  @Test
  void saysNothingOfAChargerThatIsBackSoon() throws InterruptedException {
    restart(LONG_ENOUGH_TO_RECONNECT);
    availability.brokerConnected();
    EmbeddedChannel charger = connect(ONE);
    assertAnnounced(ONE, "online");

    charger.close();
    connect(ONE);
    EmbeddedChannel other = connect(TWO);
    other.close();

    assertAnnounced(TWO, "online");
    assertAnnounced(TWO, "offline");
  }

  @Test
  void saysNothingOfAReplacedConnection() throws InterruptedException {
    restart(SHORT);
    availability.brokerConnected();
    connect(ONE);
    assertAnnounced(ONE, "online");

    connect(ONE);
    EmbeddedChannel other = connect(TWO);
    assertAnnounced(TWO, "online");
    other.close();

    assertAnnounced(TWO, "offline");
  }

  @Test
  void saysNothingToABrokerThatIsAway() throws InterruptedException {
    availability.brokerConnected();
    availability.brokerLost();
    connect(ONE);

    availability.brokerConnected();

    assertAnnounced(ONE, "online");
    availability.stop();
    assertAnnounced(ONE, "offline");
    assertEquals(List.of(), List.copyOf(announced));
  }

  @Test
  void takesBackAfterTheBrokersReturnWhoHasGoneMeanwhile() throws InterruptedException {
    availability.brokerConnected();
    EmbeddedChannel charger = connect(ONE);
    assertAnnounced(ONE, "online");

    availability.brokerLost();
    charger.close();
    availability.brokerConnected();

    assertAnnounced(ONE, "offline");
  }

  @Test
  void takesBackAfterACrashWhoWasOnline() throws InterruptedException, IOException {
    availability.stop();
    Files.writeString(journal, "+" + ONE + "\n+" + TWO + "\n");
    availability = availability(LONGER_THAN_THE_TEST);
    registry = registry();
    connect(TWO);

    availability.brokerConnected();

    assertAnnounced(ONE, "offline");
    assertAnnounced(TWO, "online");
  }

  @Test
  void announcesEverybodyAsOfflineAtAStopAndForgetsThem() throws InterruptedException, IOException {
    availability.brokerConnected();
    connect(ONE);
    assertAnnounced(ONE, "online");

    availability.stop();

    assertAnnounced(ONE, "offline");
    assertEquals(List.of("+" + ONE, "-" + ONE), Files.readAllLines(journal));
  }

  @Test
  void remembersWhoIsOnlineWhenTheBrokerIsAwayAtAStop() throws InterruptedException, IOException {
    availability.brokerConnected();
    connect(ONE);
    assertAnnounced(ONE, "online");
    availability.brokerLost();

    availability.stop();

    assertEquals(List.of(), List.copyOf(announced));
    assertEquals(List.of("+" + ONE), Files.readAllLines(journal));
  }

  private void restart(Duration flapGrace) {
    availability.stop();
    availability = availability(flapGrace);
    registry = registry();
  }

  private Availability availability(Duration flapGrace) {
    return availability(flapGrace, 3);
  }

  private Availability availability(Duration flapGrace, int mostKnown) {
    return new Availability(
        journal, (clientId, state) -> announced.add(clientId + " " + state), flapGrace, mostKnown);
  }

  private SessionRegistry registry() {
    return new SessionRegistry(LIMITS, availability, new OpenRequests());
  }

  @Test
  void saysNothingOfWhoHasOnlySaidAHello() throws InterruptedException {
    restart(SHORT);
    availability.brokerConnected();
    sayHello(ONE).close();
    EmbeddedChannel unproven = sayHello(ONE);

    connect(TWO);

    assertAnnounced(TWO, "online");
    availability.brokerLost();
    availability.brokerConnected();
    assertAnnounced(TWO, "online");
    unproven.close();
    availability.stop();
    assertAnnounced(TWO, "offline");
    assertEquals(List.of(), List.copyOf(announced));
  }

  @Test
  void announcesWhoWasSeenBeforeTheMomentItSaysHello() throws InterruptedException {
    restart(SHORT);
    availability.brokerConnected();
    connect(ONE).close();
    assertAnnounced(ONE, "online");
    assertAnnounced(ONE, "offline");

    sayHello(ONE);

    assertAnnounced(ONE, "online");
  }

  @Test
  void announcesNoMoreSerialNumbersThanItMayKnow() throws InterruptedException {
    availability.brokerConnected();
    for (int i = 1; i <= 9; i++) {
      connect(new SerialNumber("0%d".formatted(i).repeat(16)));
    }

    for (int i = 1; i <= 3; i++) {
      assertAnnounced(new SerialNumber("0%d".formatted(i).repeat(16)), "online");
    }
    availability.stop();
    next();
    next();
    next();
    assertEquals(List.of(), List.copyOf(announced));
  }

  @Test
  void makesRoomByForgettingWhoHasGoneFirstAndWasNeverRead() throws InterruptedException {
    availability.stop();
    availability = availability(SHORT, 10);
    registry = registry();
    availability.makeRoomBy(
        clientId -> availability.forget(clientId, () -> announced.add(clientId + " forgotten")));
    availability.brokerConnected();
    availability.remember(Set.of(serial(1).hex()));
    for (int i = 1; i <= 9; i++) {
      connect(serial(i)).close();
      assertAnnounced(serial(i), "online");
      assertAnnounced(serial(i), "offline");
    }
    connect(serial(2));
    assertAnnounced(serial(2), "online");

    for (int i = 1; i <= 6; i++) {
      connect(serial(10 + i));
      assertAnnouncedInAnyOrder(serial(2 + i) + " forgotten", serial(10 + i) + " online");
    }
    connect(serial(1));
    assertAnnounced(serial(1), "online");
    assertEquals(List.of(), List.copyOf(announced));
  }

  private static SerialNumber serial(int number) {
    return new SerialNumber("%02d".formatted(number).repeat(16));
  }

  private void assertAnnouncedInAnyOrder(String one, String other) throws InterruptedException {
    assertEquals(Set.of(one, other), new TreeSet<>(List.of(next(), next())));
  }

  private EmbeddedChannel connect(SerialNumber serial) {
    EmbeddedChannel charger = sayHello(serial);
    charger.writeInbound(new Notification(serial.hex()));
    return charger;
  }

  private EmbeddedChannel sayHello(SerialNumber serial) {
    EmbeddedChannel charger =
        new EmbeddedChannel(
            new ConnectionHandler(
                registry,
                new Admission(LIMITS, SerialNumber::hex, Set.of()),
                new BackPressure(),
                error -> {}));
    charger.writeInbound(new Hello(serial, 9));
    return charger;
  }

  private void assertAnnounced(SerialNumber serial, String state) throws InterruptedException {
    assertEquals(serial + " " + state, next());
  }

  private String next() throws InterruptedException {
    String event = announced.poll(10, TimeUnit.SECONDS);
    assertNotNull(event, "nothing was announced");
    return event;
  }
}
