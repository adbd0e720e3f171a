package dev.evsebridge.charger.session;

import static dev.evsebridge.charger.session.Outcomes.assertOpen;
import static dev.evsebridge.charger.session.Outcomes.detail;
import static dev.evsebridge.charger.session.Outcomes.error;
import static dev.evsebridge.charger.session.Outcomes.response;
import static dev.evsebridge.charger.session.SessionFixtures.FIRMWARE;
import static dev.evsebridge.charger.session.SessionFixtures.LIMITS;
import static dev.evsebridge.charger.session.SessionFixtures.PING;
import static dev.evsebridge.charger.session.SessionFixtures.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.NewConnection;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SessionRegistryTest {
  private static final SerialNumber OTHER_SERIAL = new SerialNumber("0F".repeat(16));

  private final ComingsAndGoings availability = new ComingsAndGoings();
  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, availability, new OpenRequests());

  @Test
  void sendsToTheChargerThatIsNamed() {
    TestCharger one = TestCharger.connected(registry);
    TestCharger other = new TestCharger(registry);
    other.says(new Hello(OTHER_SERIAL, 9));
    ChargerRequest toOther = new ChargerRequest.Ping(OTHER_SERIAL.hex());

    assertOpen(registry.submit(toOther, Deadline.NONE));

    assertEquals(List.of(), one.received());
    assertEquals(List.of(toOther), other.received());
  }

  @Test
  void findsAChargerByItsConfiguredName() {
    SessionRegistry named = new SessionRegistry(LIMITS, availability, new OpenRequests());
    TestCharger charger =
        new TestCharger(
            named, new Admission(LIMITS, serial -> "Garage", Set.of()), new BackPressure());
    charger.says(new Hello(TestCharger.SERIAL, 9));
    ChargerRequest ping = new ChargerRequest.Ping("Garage");

    assertOpen(named.submit(ping, Deadline.NONE));

    assertEquals(List.of(ping), charger.received());
    assertEquals(List.of(new NewConnection("Garage", 9)), charger.published());
  }

  @Test
  void findsAChargerThatHasANameByItsSerialNumberToo() {
    TestCharger charger = named("Garage");

    var ping = registry.submit(PING, Deadline.NONE);

    assertEquals(List.of(PING), charger.received());
    charger.says(new PingResponse("Garage"));
    assertEquals(new PingResponse("Garage"), response(ping));
    charger.channel.close();
    assertEquals(ErrorCode.NOT_CONNECTED, error(registry.submit(PING, Deadline.NONE)));
  }

  @Test
  void isBusyUnderItsSerialNumberTooWhileItTakesInFirmware() {
    TestCharger charger = named("Garage");
    registry.submit(FIRMWARE, Deadline.NONE);
    charger.says(new Reading("Garage", 100, false, reading(false).measurements()));
    charger.channel.close();

    assertEquals(ErrorCode.BUSY, error(registry.submit(PING, Deadline.NONE)));
    assertEquals(
        ErrorCode.BUSY, error(registry.submit(new ChargerRequest.Ping("Garage"), Deadline.NONE)));
  }

  @Test
  void saysSoWhenAChargerIsNotConnected() {
    var ping = registry.submit(PING, Deadline.NONE);

    assertEquals(ErrorCode.NOT_CONNECTED, error(ping));
    assertEquals("No charger of this client_id is connected.", detail(ping));
  }

  @Test
  void saysUnderWhichNameAChargerIsConnectedThatIsNamedInAnotherCase() {
    named("Garage");

    for (String asked : List.of("garage", TestCharger.ID.toLowerCase(Locale.ROOT))) {
      assertEquals(
          "No charger of this client_id is connected; there is 'Garage': upper and lower case"
              + " matter.",
          detail(registry.submit(new ChargerRequest.Ping(asked), Deadline.NONE)));
    }
  }

  @Test
  void saysWhoIsConnectedButNotAllOfThem() {
    for (int i = 1; i <= 7; i++) {
      new TestCharger(registry).says(new Hello(new SerialNumber("0%d".formatted(i).repeat(16)), 9));
    }

    assertEquals(
        "No charger of this client_id is connected. Connected now: '%s', '%s', '%s', '%s', '%s' and 2 more."
            .formatted(
                "01".repeat(16),
                "02".repeat(16),
                "03".repeat(16),
                "04".repeat(16),
                "05".repeat(16)),
        detail(registry.submit(new ChargerRequest.Ping("nobody"), Deadline.NONE)));
  }

  private TestCharger named(String name) {
    TestCharger charger =
        new TestCharger(
            registry, new Admission(LIMITS, serial -> name, Set.of()), new BackPressure());
    charger.says(new Hello(TestCharger.SERIAL, 9));
    return charger;
  }

  @Test
  void replacesAndClosesTheOldConnectionOfTheSameSerialNumber() {
    TestCharger old = TestCharger.connected(registry);
    var outstanding = registry.submit(PING, Deadline.NONE);
    old.received();

    TestCharger fresh = TestCharger.connected(registry);

    assertFalse(old.isConnected());
    assertEquals(ErrorCode.DISCONNECTED, error(outstanding));
    assertOpen(registry.submit(PING, Deadline.NONE));
    assertEquals(List.of(PING), fresh.received());
    assertEquals(List.of("connected", "replaced"), availability.events);
  }

  @Test
  void keepsTheNewConnectionWhenTheOldOneClosesLate() {
    LateClose late = new LateClose();
    TestCharger old =
        new TestCharger(registry, TestCharger.admission(Set.of()), new BackPressure(), late);
    old.says(new Hello(TestCharger.SERIAL, 9));
    TestCharger fresh = TestCharger.connected(registry);
    assertTrue(old.isConnected(), "the old connection takes its time");
    var outstanding = registry.submit(PING, Deadline.NONE);

    late.closeNow();

    assertFalse(old.isConnected());
    assertNotNull(registry.find(TestCharger.ID));
    assertOpen(outstanding);
    assertEquals(List.of(PING), fresh.received());
    assertEquals(List.of("connected", "replaced"), availability.events);
  }

  @Test
  void forgetsAChargerWhoseConnectionHasEnded() {
    TestCharger charger = TestCharger.connected(registry);
    assertEquals(1, registry.sessions().size());

    charger.channel.close();

    assertNull(registry.find(TestCharger.ID));
    assertEquals(0, registry.sessions().size());
    assertEquals(List.of("connected", "disconnected"), availability.events);
  }

  @Test
  void closesAllConnectionsAtOnce() {
    TestCharger one = TestCharger.connected(registry);
    TestCharger other = new TestCharger(registry);
    other.says(new Hello(OTHER_SERIAL, 9));
    var outstanding = registry.submit(PING, Deadline.NONE);

    registry.closeAll("the test ends");

    assertFalse(one.isConnected());
    assertFalse(other.isConnected());
    assertEquals(ErrorCode.DISCONNECTED, error(outstanding));
    assertTrue(registry.sessions().isEmpty());
  }

  /** A socket that is closed later than it was asked to. */
  private static final class LateClose extends ChannelOutboundHandlerAdapter {
    private @Nullable Runnable close;

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
      close = () -> ctx.close(promise);
    }

    void closeNow() {
      if (close == null) {
        throw new AssertionError("nobody has closed the connection");
      }
      close.run();
    }
  }
}
