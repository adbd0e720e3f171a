package dev.evsebridge.charger.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.netty.channel.local.LocalAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DuplicateSerialWatchTest {
  private static final Duration WINDOW = Duration.ofMinutes(10);
  private static final String HOME = "192.0.2.1";
  private static final String AWAY = "192.0.2.2";

  private long nowNanos = Long.MAX_VALUE - 1;
  private final DuplicateSerialWatch watch = new DuplicateSerialWatch(WINDOW, () -> nowNanos);

  @Test
  void reportsASerialNumberThatComesBackToTheAddressThatItHadLeft() {
    assertNull(connected(HOME));
    assertNull(connected(AWAY));

    assertEquals(
        "This serial number connects in turns from 192.0.2.2 and 192.0.2.1: two devices claim to be the same charger.",
        connected(HOME));
  }

  @Test
  void saysNothingOfAChargerThatReconnectsFromItsAddress() {
    for (int i = 0; i < 5; i++) {
      assertNull(connected(HOME));
    }
  }

  @Test
  void saysNothingOfAChargerThatHasMoved() {
    assertNull(connected(HOME));
    assertNull(connected(AWAY));
    assertNull(connected(AWAY));
    assertNull(connected("192.0.2.3"));
  }

  @Test
  void saysNothingWhenAChargerComesHomeMuchLater() {
    assertNull(connected(HOME));
    assertNull(connected(AWAY));

    nowNanos += WINDOW.toNanos();

    assertNull(connected(HOME));
  }

  @Test
  void reportsAtMostOncePerWindow() {
    connected(HOME);
    connected(AWAY);
    connected(HOME);

    assertNull(connected(AWAY));
    assertNull(connected(HOME));
    nowNanos += WINDOW.toNanos() - 1;
    assertNull(connected(AWAY));
    nowNanos += 1;
    assertEquals(
        "This serial number connects in turns from 192.0.2.2 and 192.0.2.1: two devices claim to be the same charger.",
        connected(HOME));
  }

  @Test
  void stillKnowsTheOtherAddressAfterAReconnect() {
    connected(HOME);
    connected(AWAY);
    connected(AWAY);

    assertEquals(
        "This serial number connects in turns from 192.0.2.2 and 192.0.2.1: two devices claim to be the same charger.",
        connected(HOME));
  }

  @Test
  void keepsChargersApart() {
    assertNull(watch.connected("one", new InetSocketAddress(HOME, 1)));
    assertNull(watch.connected("two", new InetSocketAddress(AWAY, 1)));
    assertNull(watch.connected("one", new InetSocketAddress(HOME, 2)));
    assertNull(watch.connected("two", new InetSocketAddress(AWAY, 2)));
  }

  @Test
  void saysNothingOfConnectionsWithoutAnAddress() {
    assertNull(watch.connected("one", new LocalAddress("here")));
  }

  private @Nullable String connected(String from) {
    return watch.connected("one", new InetSocketAddress(from, 40_000));
  }
}
