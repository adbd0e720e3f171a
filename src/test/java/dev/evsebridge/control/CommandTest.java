package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CommandTest {
  private static final Command CLOSE = new Command.SetContactor(true);
  private static final Command OPEN = new Command.SetContactor(false);
  private static final Command OFFER = new Command.SetPwm(26, false);
  private static final Command NO_OFFER = new Command.SetPwm(100, true);
  private static final Command COLLECT = new Command.Collect();

  @Test
  void takesACloseOutOfTheQueueBeforeItOpensOrEndsTheOffer() {
    assertTrue(OPEN.withdraws(CLOSE));
    assertTrue(NO_OFFER.withdraws(CLOSE));
  }

  @Test
  void replacesWhatIsOfItsOwnKind() {
    assertTrue(NO_OFFER.withdraws(OFFER));
    assertTrue(OFFER.withdraws(NO_OFFER));
    assertTrue(OPEN.withdraws(OPEN));
    assertTrue(COLLECT.withdraws(COLLECT));
  }

  @Test
  void leavesEverythingElseInTheQueue() {
    assertFalse(OFFER.withdraws(CLOSE));
    assertFalse(NO_OFFER.withdraws(OPEN));
    assertFalse(OPEN.withdraws(NO_OFFER));
    assertFalse(COLLECT.withdraws(OPEN));
    assertFalse(new Command.CloseSession(Command.CloseReason.BRIDGE_STOPPING).withdraws(OPEN));
  }

  @Test
  void isUrgentWhereItMakesThingsSafer() {
    assertTrue(OPEN.urgent());
    assertTrue(NO_OFFER.urgent());
    assertFalse(CLOSE.urgent());
    assertFalse(OFFER.urgent());
    assertFalse(COLLECT.urgent());
  }
}
