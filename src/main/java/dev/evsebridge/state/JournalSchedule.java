package dev.evsebridge.state;

import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.state.ChargerJournal.Batch;
import dev.evsebridge.state.Remembered.Former;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is to be written to the journal, and when: soon, or with all others every 10 s. One batch is
 * on its way at a time, and the disk gets rest after each. Used by one thread.
 */
final class JournalSchedule {

  private static final long BETWEEN_NANOS = Duration.ofSeconds(10).toNanos();
  private static final long RETRY_NANOS = Duration.ofSeconds(30).toNanos();

  /** So many times as long as a batch took the disk is left alone. */
  private static final long REST = 9;

  private final String root;
  private final Map<SerialNumber, Remembered> changed = new LinkedHashMap<>();

  /** Those of the changed ones that do not wait for the others. */
  private final Set<SerialNumber> soon = new LinkedHashSet<>();

  private final Set<SerialNumber> forgotten = new HashSet<>();
  private final Set<Former> former = new LinkedHashSet<>();
  private boolean restSoon;
  private boolean disabled;
  private boolean incomplete;
  private @Nullable Batch underWay;
  private long begunAtNanos;

  /** Not before; null when there is no reason to wait. */
  private @Nullable Long restUntilNanos;

  /** When the others have been written; null before. */
  private @Nullable Long writtenAllAtNanos;

  JournalSchedule(String root) {
    this.root = root;
  }

  /** Takes over what the file says. */
  void open(Set<Former> stillFormer, boolean isIncomplete) {
    former.addAll(stillFormer);
    incomplete = isIncomplete;
  }

  /** Nothing is to be written any more. */
  void disable() {
    disabled = true;
  }

  /** Whether a charger that is not remembered may be one that was lost. */
  boolean isIncomplete() {
    return incomplete;
  }

  Set<Former> former() {
    return former;
  }

  /** A charger is to be remembered like this. */
  void note(Remembered charger, boolean noteSoon) {
    changed.put(charger.serial(), charger);
    forgotten.remove(charger.serial());
    if (noteSoon) {
      soon.add(charger.serial());
    }
  }

  /** Nothing is to be remembered of a charger. */
  void forget(SerialNumber serial) {
    changed.remove(serial);
    soon.remove(serial);
    forgotten.add(serial);
    // Whoever forgets one knows what is lost.
    incomplete = false;
    restSoon = true;
  }

  /** Topics may have to be cleared. */
  void addFormer(Former topics) {
    restSoon |= former.add(topics);
  }

  /** There is a charger again whose topics they are. */
  void removeFormer(Former topics) {
    restSoon |= former.remove(topics);
  }

  /** All of them have been cleared for sure. */
  void allCleared() {
    restSoon |= !former.isEmpty();
    former.clear();
  }

  /** When the next batch is due; null when there is nothing to write, or one is under way. */
  @Nullable Long nextNanos(long nowNanos) {
    if (underWay != null || !hasWork()) {
      return null;
    }
    long due = nowNanos;
    if (soon.isEmpty() && !restSoon && writtenAllAtNanos != null) {
      due = later(due, writtenAllAtNanos + BETWEEN_NANOS);
    }
    return restUntilNanos == null ? due : later(due, restUntilNanos);
  }

  private boolean hasWork() {
    return !disabled && (restSoon || !changed.isEmpty());
  }

  private static long later(long one, long other) {
    return one - other > 0 ? one : other;
  }

  /**
   * Begins a batch if one is due.
   *
   * @param all whether nothing more will come, and all that there is goes at once
   */
  @Nullable Batch begin(long nowNanos, boolean all) {
    if (underWay != null || !hasWork()) {
      return null;
    }
    if (!all) {
      Long due = nextNanos(nowNanos);
      if (due == null || due - nowNanos > 0) {
        return null;
      }
    }
    boolean others =
        all || writtenAllAtNanos == null || nowNanos - writtenAllAtNanos >= BETWEEN_NANOS;
    List<Remembered> batch = new ArrayList<>();
    if (others) {
      batch.addAll(changed.values());
      changed.clear();
      writtenAllAtNanos = nowNanos;
    } else {
      soon.forEach(serial -> batch.add(changed.remove(serial)));
    }
    soon.clear();
    restSoon = false;
    underWay = new Batch(root, batch, forgotten, former, incomplete);
    forgotten.clear();
    begunAtNanos = nowNanos;
    return underWay;
  }

  /** A batch is on the disk. */
  void written(long nowNanos) {
    underWay = null;
    restUntilNanos =
        nowNanos + Math.min(BETWEEN_NANOS, REST * Math.max(0, nowNanos - begunAtNanos));
  }

  /** A batch could not be written: it is tried again later, with what is new then. */
  void failed(Batch batch, long nowNanos) {
    underWay = null;
    for (Remembered each : batch.changed()) {
      if (!forgotten.contains(each.serial())) {
        changed.putIfAbsent(each.serial(), each);
      }
    }
    batch.forgotten().stream()
        .filter(serial -> !changed.containsKey(serial))
        .forEach(forgotten::add);
    restSoon = true;
    restUntilNanos = nowNanos + RETRY_NANOS;
  }
}
