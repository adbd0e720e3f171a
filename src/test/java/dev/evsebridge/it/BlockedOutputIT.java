package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Nobody reads what the bridge writes: a terminal after Ctrl-S, a pager, a stuck collector. */
@RequiresMosquitto
class BlockedOutputIT {
  /** A pipe of Linux has 16 pages of 4 096 bytes; a line that does not fit begins the next one. */
  private static final int PIPE_BYTES = 60_000;

  private final String serial = Serials.next();

  @Test
  void servesChargersAndStopsAlthoughNobodyReadsItsLog() {
    try (Installation installation =
        Installation.with(BridgeProcess.Builder::outputUnread).start()) {
      fillThePipe(installation);
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      for (int percent = 10; percent < 15; percent++) {
        int asked = percent;
        installation.probe().request(Messages.setPwm(serial, asked));
        installation.probe().take(message("response_set_pwm_percent", serial));
        assertEquals(WireFrame.setPwm(asked), charger.takeFrame());
      }
      int status = installation.bridge().stop();
      assertTrue(Set.of(0, 143).contains(status), () -> "exit status " + status);
      charger.awaitClosed();
    }
  }

  /** A line for each coming and going of a charger, until nothing more fits. */
  private static void fillThePipe(Installation installation) {
    BridgeProcess bridge = installation.bridge();
    String other = Serials.next();
    Patience.until(
        "the pipe is full",
        Duration.ofSeconds(60),
        () -> {
          for (int i = 0; i < 20; i++) {
            RawCharger.connect(bridge.port()).hello(other, 9).close();
          }
          return bridge.unreadOutputBytes() >= PIPE_BYTES;
        });
  }
}
