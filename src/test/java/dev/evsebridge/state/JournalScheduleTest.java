package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.state.ChargerJournal.Batch;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JournalScheduleTest {
  private static final Remembered ONE = charger("01");
  private static final Remembered TWO = charger("02");

  private final JournalSchedule schedule = new JournalSchedule("root");

  /** So that comparisons of the clock are seen to bear its overflow. */
  private long nanos = Long.MAX_VALUE - Duration.ofSeconds(3).toNanos();

  private static Remembered charger(String serial) {
    return new Remembered(
        new SerialNumber(serial.repeat(16)), "root", serial, 9, null, null, Metered.NOTHING);
  }

  @Test
  void writesWhatChangesTogetherEveryTenSeconds() {
    schedule.note(ONE, false);
    assertEquals(List.of(ONE), write());
    schedule.note(ONE, false);
    pass(5_000);
    schedule.note(TWO, false);
    pass(4_999);
    assertNull(begin());
    pass(1);
    assertEquals(List.of(ONE, TWO), write());
    pass(60_000);
    assertNull(schedule.nextNanos(nanos));
  }

  @Test
  void writesAtOnceWhatMustNotBeForgottenAndNothingElse() {
    write();
    schedule.note(ONE, false);
    assertEquals(List.of(ONE), write());
    schedule.note(ONE, false);
    schedule.note(TWO, true);

    assertEquals(List.of(TWO), write());

    assertNull(begin());
    pass(10_000);
    assertEquals(List.of(ONE), write());
  }

  @Test
  void writesOneBatchAtATimeAndGivesTheDiskRest() {
    schedule.note(ONE, true);
    assertNotNull(begin());
    schedule.note(TWO, true);
    assertNull(begin());
    pass(500);
    schedule.written(nanos);
    assertNull(begin());
    pass(4_499);
    assertNull(begin());
    pass(1);
    assertEquals(List.of(TWO), write());
  }

  @Test
  void triesAgainLaterWithTheNewest() {
    schedule.note(ONE, true);
    schedule.note(TWO, true);
    Batch batch = begin();
    assertNotNull(batch);
    Remembered newer =
        new Remembered(ONE.serial(), "root", "newer", 9, null, null, Metered.NOTHING);
    schedule.note(newer, true);
    schedule.forget(TWO.serial());

    schedule.failed(batch, nanos);

    pass(29_999);
    assertNull(begin());
    pass(1);
    Batch again = begin();
    assertNotNull(again);
    assertEquals(List.of(newer), again.changed());
    assertEquals(Set.of(TWO.serial()), again.forgotten());
  }

  @Test
  void writesNothingOnceThatIsSwitchedOff() {
    schedule.disable();
    schedule.note(ONE, true);
    assertNull(schedule.nextNanos(nanos));
    assertNull(schedule.begin(nanos, true));
  }

  private @Nullable Batch begin() {
    return schedule.begin(nanos, false);
  }

  private List<Remembered> write() {
    Batch batch = begin();
    if (batch == null) {
      return List.of();
    }
    schedule.written(nanos);
    return batch.changed();
  }

  private void pass(long millis) {
    nanos += Duration.ofMillis(millis).toNanos();
  }
}
