package dev.evsebridge.app;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption;
import com.sun.management.VMOption.Origin;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the process small: what the heap no longer needs is given back after the start, and later
 * whenever it has grown and there is a quiet moment.
 */
final class Footprint {

  private static final Logger LOG = LoggerFactory.getLogger(Footprint.class);

  /** Options that can be set while the machine runs: keep little more than what is in use. */
  private static final Map<String, String> OPTIONS =
      Map.of("MinHeapFreeRatio", "10", "MaxHeapFreeRatio", "20");

  private static final long PERIOD_MILLIS = 4_000;
  private static final double WORTH_IT = 1.3;

  private long keptBytes;
  private long collectionsSeen;

  private Footprint() {}

  /** Takes effect in the background; the start does not wait for it. */
  static void keepSmall() {
    Thread thread = new Thread(() -> new Footprint().watch(), "footprint");
    thread.setDaemon(true);
    thread.start();
  }

  private void watch() {
    if (!setOptions()) {
      return;
    }
    try {
      while (true) {
        giveBackIfWorthIt();
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

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  private static boolean setOptions() {
    try {
      HotSpotDiagnosticMXBean machine =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      OPTIONS.forEach((name, value) -> setUnlessChosen(machine, name, value));
      return true;
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      LOG.debug("This virtual machine has other options", e);
      return false;
    }
  }

  private static void setUnlessChosen(HotSpotDiagnosticMXBean machine, String name, String value) {
    VMOption option = machine.getVMOption(name);
    if (option.getOrigin() == Origin.DEFAULT && option.isWriteable()) {
      machine.setVMOption(name, value);
    }
  }
}
