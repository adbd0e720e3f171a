package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.ScriptedBroker;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * A broker that is there and does not want what the bridge wants. A bridge that can't be asked for
 * anything, or heard by anybody, lets no charger in; one that is refused only some messages goes
 * on.
 */
class RefusingBrokerIT {
  /** It tries again every 10 s. */
  private static final Duration AGAIN_TWICE = Duration.ofSeconds(40);

  private static final int SUCCESS = 0;
  private static final int UNSUPPORTED_PROTOCOL_VERSION = 0x84;
  private static final int NOT_AUTHORISED = 0x87;
  private static final String MESSAGES = "from_dehneEVSE";
  private static final String AVAILABILITY = MESSAGES + "/bridge/availability";

  private final String serial = Serials.next();

  @Test
  void letsNobodyInAndKeepsTryingWhileItsSubscriptionIsRefused() {
    assertKeepsTryingAndLetsNobodyIn(ScriptedBroker.start().onSubscribe(each -> NOT_AUTHORISED));
  }

  @Test
  void letsNobodyInAndKeepsTryingWhenTheBrokerDoesNotSpeakMqtt5() {
    assertKeepsTryingAndLetsNobodyIn(
        ScriptedBroker.start().onConnect(packet -> new int[] {0, UNSUPPORTED_PROTOCOL_VERSION, 0}));
  }

  private static void assertKeepsTryingAndLetsNobodyIn(ScriptedBroker started) {
    try (ScriptedBroker broker = started;
        BridgeProcess bridge = BridgeProcess.connectingTo(broker.url()).start()) {
      Patience.until("it has tried three times", () -> broker.connections() >= 3);
      assertFalse(bridge.isListening());
      assertTrue(bridge.isRunning());
    }
  }

  @Test
  void goesOnWhenMessagesOfChargersAreRefused() {
    try (ScriptedBroker broker =
            ScriptedBroker.start()
                .onPublish(
                    received -> received.topic().equals(AVAILABILITY) ? SUCCESS : NOT_AUTHORISED);
        BridgeProcess bridge = BridgeProcess.connectingTo(broker.url()).start().awaitListening();
        RawCharger charger = RawCharger.connect(bridge.port()).hello(serial, 9)) {
      charger.send(WireFrame.of(WireFrame.NOTIFY)).send(WireFrame.of(WireFrame.NOTIFY));
      Patience.until("hello and notifications have come", () -> messages(broker, MESSAGES) == 3);
      assertTrue(charger.isOpen());
      assertEquals(1, broker.connections());
    }
  }

  @Test
  void letsNobodyInWhileItMayNotPublishAndListensOnceItMay() {
    AtomicBoolean allowed = new AtomicBoolean();
    try (ScriptedBroker broker =
            ScriptedBroker.start().onPublish(each -> allowed.get() ? SUCCESS : NOT_AUTHORISED);
        BridgeProcess bridge = BridgeProcess.connectingTo(broker.url()).start()) {
      // Two come at once where a refused one counts as taken.
      Patience.until(
          "it has tried again twice", AGAIN_TWICE, () -> messages(broker, AVAILABILITY) == 3);
      assertFalse(bridge.isListening());
      allowed.set(true);
      bridge.awaitListening();
      assertEquals(1, broker.connections());
    }
  }

  private static long messages(ScriptedBroker broker, String topic) {
    return broker.messages().stream().filter(each -> each.topic().equals(topic)).count();
  }
}
