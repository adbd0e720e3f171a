package dev.evsebridge.runtime;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption;
import com.sun.management.VMOption.Origin;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the process small: what the heap no longer needs is given back after the start, and later
 * whenever it has grown and there is a quiet moment. What compiling has left in the allocator of
 * the C library is given back soon after the start and then once a minute.
 *
 * <p>A busy heap gets the spare room that Java gives by default. With little of it the G1 collector
 * finds more in use than the part at which it begins to mark, again after each marking, and marks
 * without end: with 4 500 chargers polled every 5 s that took a third of all processor time.
 *
 * <p>The serial collector shrinks the heap only in a full collection, and no option makes it do one
 * when nothing happens. Forcing it saves 3 to 4 MB of 100 in an idle bridge, and after a burst what
 * the burst has taken; it happens only in quiet moments.
 */
public final class Footprint {

  private static final Logger LOG = LoggerFactory.getLogger(Footprint.class);

  /** Spare room in the heap after a collection, percent: little more than what is in use. */
  private static final Room LITTLE = new Room("10", "20");

  /** Java's default. */
  private static final Room PLENTY = new Room("40", "70");

  private static final long PERIOD_MILLIS = 4_000;
  private static final double WORTH_IT = 1.3;

  /** So many collections in a period are those of a busy bridge; one that is idle needs none. */
  private static final int BUSY_COLLECTIONS = 2;

  /** After so many periods without any the bridge is quiet. */
  private static final int QUIET_PERIODS = 2;

  private static final int PERIODS_BETWEEN_TRIMS = 15;

  private record Room(String least, String most) {}

  private final NativeHeap nativeHeap = new NativeHeap();
  private @Nullable Room room;
  private long keptBytes;
  private long collectionsSeen;
  private int quietPeriods;
  private int periodsUntilTrim = 2;

  /** Creates one that has changed nothing yet. */
  Footprint() {}

  /** Takes effect in the background; the start does not wait for it. */
  public static void keepSmall() {
    Thread thread = new Thread(() -> new Footprint().watch(), "footprint");
    thread.setDaemon(true);
    thread.start();
  }

  private void watch() {
    giveRoom(LITTLE);
    try {
      while (true) {
        look(collections());
        trimNowAndThen();
        Thread.sleep(PERIOD_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Gives the heap the room that fits, and back what is not needed.
   *
   * @param collections how many there have been
   */
  void look(long collections) {
    long fresh = collections - collectionsSeen;
    collectionsSeen = collections;
    quietPeriods = fresh == 0 ? quietPeriods + 1 : 0;
    boolean quiet = quietPeriods >= QUIET_PERIODS;
    if (keptBytes != 0 && fresh >= BUSY_COLLECTIONS) {
      giveRoom(PLENTY);
    } else if (quiet) {
      giveRoom(LITTLE);
    }
    if (keptBytes == 0 || (quiet && Runtime.getRuntime().totalMemory() > WORTH_IT * keptBytes)) {
      System.gc();
      keptBytes = Runtime.getRuntime().totalMemory();
      collectionsSeen = collections();
    }
  }

  private void trimNowAndThen() {
    if (--periodsUntilTrim == 0) {
      nativeHeap.trim();
      periodsUntilTrim = PERIODS_BETWEEN_TRIMS;
    }
  }

  private void giveRoom(Room newRoom) {
    if (newRoom.equals(room)) {
      return;
    }
    room = newRoom;
    // In this order: the least must never be above the most.
    if (newRoom.equals(PLENTY)) {
      set("MaxHeapFreeRatio", newRoom.most());
      set("MinHeapFreeRatio", newRoom.least());
    } else {
      set("MinHeapFreeRatio", newRoom.least());
      set("MaxHeapFreeRatio", newRoom.most());
    }
  }

  /** Sets an option that can be set while the JVM runs, unless the user has. */
  private static void set(String name, String value) {
    try {
      HotSpotDiagnosticMXBean jvm =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      VMOption option = jvm.getVMOption(name);
      boolean chosen =
          option.getOrigin() != Origin.DEFAULT && option.getOrigin() != Origin.MANAGEMENT;
      if (!chosen && option.isWriteable()) {
        jvm.setVMOption(name, value);
      }
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      LOG.debug("This virtual machine has other options", e);
    }
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }
}
