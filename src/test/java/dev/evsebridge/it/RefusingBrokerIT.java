package dev.evsebridge.it;

import static dev.evsebridge.testkit.RefusingBroker.NOT_AUTHORISED;
import static dev.evsebridge.testkit.RefusingBroker.SUCCESS;
import static dev.evsebridge.testkit.RefusingBroker.UNSUPPORTED_PROTOCOL_VERSION;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RefusingBroker;
import dev.evsebridge.testkit.ScriptedBroker;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * A broker that is there and does not want what the bridge wants. A bridge that can't be asked for
 * anything, or heard by anybody, lets no charger in; one that is refused only some messages goes
 * on.
 */
class RefusingBrokerIT {
  private static final String MESSAGES = "from_dehneEVSE";
  private static final String AVAILABILITY = MESSAGES + "/bridge/availability";

  private final String serial = Serials.next();

  @Test
  void letsNobodyInAndKeepsTryingWhileItsSubscriptionIsRefused() {
    assertKeepsTryingAndLetsNobodyIn(RefusingBroker.start(SUCCESS, NOT_AUTHORISED, SUCCESS));
  }

  @Test
  void letsNobodyInAndKeepsTryingWhenTheBrokerDoesNotSpeakMqtt5() {
    assertKeepsTryingAndLetsNobodyIn(
        RefusingBroker.start(UNSUPPORTED_PROTOCOL_VERSION, SUCCESS, SUCCESS));
  }

  private static void assertKeepsTryingAndLetsNobodyIn(RefusingBroker started) {
    try (RefusingBroker broker = started;
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
      Patience.until("it has tried again", () -> messages(broker, AVAILABILITY) == 2);
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
