package dev.evsebridge.charger.connection;

import static dev.evsebridge.charger.session.Outcomes.error;
import static dev.evsebridge.charger.session.SessionFixtures.HANDSHAKE_TIMEOUT;
import static dev.evsebridge.charger.session.SessionFixtures.IDLE_TIMEOUT;
import static dev.evsebridge.charger.session.SessionFixtures.LIMITS;
import static dev.evsebridge.charger.session.SessionFixtures.PING;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.codec.FrameEvent;
import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.codec.ProtocolViolationException;
import dev.evsebridge.charger.session.ComingsAndGoings;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.charger.session.TestCharger;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.NewConnection;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.SerialNumber;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One connection from its first byte to its end. */
class ConnectionHandlerTest {
  private static final Hello HELLO = new Hello(TestCharger.SERIAL, 9);

  private final ComingsAndGoings availability = new ComingsAndGoings();
  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, availability, new OpenRequests());
  private final BackPressure backPressure = new BackPressure();
  private final TestCharger charger =
      new TestCharger(registry, TestCharger.admission(Set.of()), backPressure);

  @ParameterizedTest
  @ValueSource(ints = {2, 9, 255})
  void announcesAChargerOnceItHasSaidHello(int firmwareVersion) {
    assertNull(registry.find(TestCharger.ID));

    charger.says(new Hello(TestCharger.SERIAL, firmwareVersion));

    assertEquals(List.of(new NewConnection(TestCharger.ID, firmwareVersion)), charger.published());
    assertNotNull(registry.find(TestCharger.ID));
    assertEquals(List.of("connected"), availability.events);
  }

  @Test
  void closesAConnectionThatDoesNotSayHelloInTime() {
    charger.timePasses(HANDSHAKE_TIMEOUT.minusMillis(1));
    assertTrue(charger.isConnected());

    charger.timePasses(Duration.ofMillis(1));

    assertFalse(charger.isConnected());
    assertEquals(List.of(), charger.errors);
    assertEquals(List.of(), availability.events);
  }

  @Test
  void keepsAConnectionThatHasSaidHelloInTime() {
    charger.timePasses(HANDSHAKE_TIMEOUT.minusMillis(1));
    charger.says(HELLO);

    charger.timePasses(HANDSHAKE_TIMEOUT);

    assertTrue(charger.isConnected());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void refusesFirmwareThatSpeaksAnotherProtocol(int firmwareVersion) {
    charger.says(new Hello(TestCharger.SERIAL, firmwareVersion));

    assertFalse(charger.isConnected());
    assertEquals(List.of(), charger.published());
    assertEquals(
        List.of(
            new ErrorMessage(
                TestCharger.ID,
                null,
                "protocol_error",
                "Firmware version %d is not supported: it must be 2 or later."
                    .formatted(firmwareVersion))),
        charger.errors);
    assertNull(registry.find(TestCharger.ID));
  }

  @Test
  void letsInOnlyTheChargersThatAreAllowed() {
    Set<SerialNumber> allowed = Set.of(new SerialNumber("0F".repeat(16)));
    TestCharger unlisted = new TestCharger(registry, TestCharger.admission(allowed), backPressure);
    TestCharger known = new TestCharger(registry, TestCharger.admission(allowed), backPressure);

    unlisted.says(HELLO);
    known.says(new Hello(new SerialNumber("0F".repeat(16)), 9));

    assertFalse(unlisted.isConnected());
    assertEquals(List.of(), unlisted.published());
    assertNull(registry.find(TestCharger.ID));
    assertTrue(known.isConnected());
    assertNotNull(registry.find("0F".repeat(16)));
  }

  @Test
  void closesAndReportsAChargerThatBreaksTheProtocol() {
    charger.says(HELLO);
    charger.published();
    var outstanding = registry.submit(PING, Deadline.NONE);

    charger
        .channel
        .pipeline()
        .fireExceptionCaught(new ProtocolViolationException("frame type must be …"));

    assertFalse(charger.isConnected());
    assertEquals(ErrorCode.DISCONNECTED, error(outstanding));
    assertEquals(
        List.of(new ErrorMessage(TestCharger.ID, null, "protocol_error", "frame type must be …")),
        charger.errors);
    assertEquals(List.of("connected", "disconnected"), availability.events);
  }

  @Test
  void reportsABrokenProtocolOnce() {
    charger.channel.pipeline().fireExceptionCaught(new ProtocolViolationException("first"));
    charger.channel.pipeline().fireExceptionCaught(new ProtocolViolationException("second"));

    assertEquals(List.of(new ErrorMessage(null, null, "protocol_error", "first")), charger.errors);
  }

  @ParameterizedTest
  @ValueSource(classes = {IOException.class, IllegalStateException.class})
  void closesAConnectionThatFailsWithoutBlamingTheCharger(Class<? extends Exception> type)
      throws ReflectiveOperationException {
    charger.says(HELLO);

    charger
        .channel
        .pipeline()
        .fireExceptionCaught(type.getConstructor(String.class).newInstance("reset"));

    assertFalse(charger.isConnected());
    assertNull(registry.find(TestCharger.ID));
    assertEquals(List.of(), charger.errors);
  }

  @Test
  void closesTheConnectionOfASilentCharger() {
    charger.says(HELLO);

    charger.timePasses(IDLE_TIMEOUT.minusMillis(1));
    assertTrue(charger.isConnected());

    charger.timePasses(Duration.ofMillis(1));
    assertFalse(charger.isConnected());
  }

  @Test
  void takesAChargerForSilentOnlyWhenNothingHasComeForTheWholeTime() {
    charger.says(HELLO);
    charger.timePasses(IDLE_TIMEOUT.minusSeconds(1));
    charger.says(new Notification(TestCharger.ID));
    charger.timePasses(IDLE_TIMEOUT.minusSeconds(20));
    charger.says(new Notification(TestCharger.ID));

    charger.timePasses(IDLE_TIMEOUT.minusMillis(1));
    assertTrue(charger.isConnected());

    charger.timePasses(Duration.ofMillis(1));
    assertFalse(charger.isConnected());
  }

  @Test
  void doesNotTakeAChargerForSilentWhileTheBridgeDoesNotListen() {
    charger.says(HELLO);
    backPressure.pause(BackPressure.Reason.BACKLOG);
    charger.says(new Notification(TestCharger.ID));

    charger.timePasses(IDLE_TIMEOUT.multipliedBy(3));
    assertTrue(charger.isConnected());
  }

  @Test
  void givesAChargerTheWholeTimeFromWhenTheBridgeListensAgain() {
    charger.says(HELLO);
    backPressure.pause(BackPressure.Reason.BACKLOG);
    charger.says(new Notification(TestCharger.ID));
    charger.timePasses(IDLE_TIMEOUT.minusMillis(1));
    backPressure.resume(BackPressure.Reason.BACKLOG);

    charger.timePasses(IDLE_TIMEOUT);
    assertTrue(charger.isConnected());

    charger.timePasses(IDLE_TIMEOUT);
    assertFalse(charger.isConnected());
  }

  @Test
  void waitsForAHelloOnlyWhileTheBridgeListens() {
    backPressure.pause(BackPressure.Reason.BACKLOG);
    TestCharger early = new TestCharger(registry, TestCharger.admission(Set.of()), backPressure);
    early.timePasses(HANDSHAKE_TIMEOUT.multipliedBy(2).minusMillis(1));
    backPressure.resume(BackPressure.Reason.BACKLOG);

    early.timePasses(Duration.ofMillis(2));
    assertTrue(early.isConnected());

    early.timePasses(HANDSHAKE_TIMEOUT.multipliedBy(2));
    assertFalse(early.isConnected());
  }

  @Test
  void closesAConnectionWhoseFrameDoesNotBecomeWhole() {
    charger.says(HELLO);
    charger.channel.pipeline().fireUserEventTriggered(FrameEvent.BEGUN);

    charger.timePasses(HANDSHAKE_TIMEOUT.minusMillis(1));
    assertTrue(charger.isConnected());
    charger.timePasses(Duration.ofMillis(1));

    assertFalse(charger.isConnected());
    assertEquals(List.of(), charger.errors);
  }

  @Test
  void keepsAConnectionWhoseFrameIsWholeInTime() {
    charger.says(HELLO);
    charger.channel.pipeline().fireUserEventTriggered(FrameEvent.BEGUN);
    charger.timePasses(HANDSHAKE_TIMEOUT.minusMillis(1));
    charger.channel.pipeline().fireUserEventTriggered(FrameEvent.WHOLE);

    charger.timePasses(HANDSHAKE_TIMEOUT);

    assertTrue(charger.isConnected());
  }

  @Test
  void doesNotCountTheTimeForAFrameInWhichTheBridgeDoesNotRead() {
    charger.says(HELLO);
    charger.channel.pipeline().fireUserEventTriggered(FrameEvent.BEGUN);
    backPressure.pause(BackPressure.Reason.BACKLOG);
    charger.says(new Notification(TestCharger.ID));

    charger.timePasses(HANDSHAKE_TIMEOUT.multipliedBy(3));

    assertTrue(charger.isConnected());
  }

  @Test
  void reportsOnlySomeOfManyProtocolErrorsOfConnectionsThatNeverSpokeTheProtocol() {
    Admission admission = TestCharger.admission(Set.of());
    int reported = 0;
    for (int i = 0; i < 1_000; i++) {
      TestCharger each = new TestCharger(registry, admission, backPressure);
      each.says(HELLO);
      each.channel.pipeline().fireExceptionCaught(new ProtocolViolationException("nonsense"));
      reported += each.errors.size();
    }

    assertTrue(reported <= 200, "reported: " + reported);
  }
}
