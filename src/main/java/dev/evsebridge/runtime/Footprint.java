package dev.evsebridge.runtime;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption;
import com.sun.management.VMOption.Origin;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the process small: what the heap no longer needs is given back after the start, and later
 * whenever it has grown and there is a quiet moment. What compiling has left in the allocator of
 * the C library is given back soon after the start and then once a minute.
 *
 * <p>The serial collector shrinks the heap only in a full collection, and no option makes it do one
 * when nothing happens. Forcing it saves 3 to 4 MB of 100 in an idle bridge, and after a burst what
 * the burst has taken; it happens only in quiet moments.
 */
public final class Footprint {

  private static final Logger LOG = LoggerFactory.getLogger(Footprint.class);

  /** Spare room in the heap after a collection, percent: little more than what is in use. */
  private static final String LEAST_FREE = "10";

  private static final String MOST_FREE = "20";

  private static final long PERIOD_MILLIS = 4_000;
  private static final double WORTH_IT = 1.3;
  private static final int PERIODS_BETWEEN_TRIMS = 15;

  private final NativeHeap nativeHeap = new NativeHeap();
  private long keptBytes;
  private long collectionsSeen;
  private int periodsUntilTrim = 2;

  private Footprint() {}

  /** Takes effect in the background; the start does not wait for it. */
  public static void keepSmall() {
    Thread thread = new Thread(() -> new Footprint().watch(), "footprint");
    thread.setDaemon(true);
    thread.start();
  }

  private void watch() {
    keepLittleHeapFree();
    try {
      while (true) {
        giveBackIfWorthIt();
        trimNowAndThen();
        Thread.sleep(PERIOD_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void giveBackIfWorthIt() {
    long collections = collections();
    boolean quiet = collections == collectionsSeen;
    collectionsSeen = collections;
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

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  /** Options that can be set while the JVM runs. */
  static void keepLittleHeapFree() {
    try {
      HotSpotDiagnosticMXBean jvm =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      // In this order: the least must never be above the most, which is 70 until now.
      setUnlessChosen(jvm, "MinHeapFreeRatio", LEAST_FREE);
      setUnlessChosen(jvm, "MaxHeapFreeRatio", MOST_FREE);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      LOG.debug("This virtual machine has other options", e);
    }
  }

  private static void setUnlessChosen(HotSpotDiagnosticMXBean jvm, String name, String value) {
    VMOption option = jvm.getVMOption(name);
    if (option.getOrigin() == Origin.DEFAULT && option.isWriteable()) {
      jvm.setVMOption(name, value);
    }
  }
}
