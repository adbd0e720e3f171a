package dev.evsebridge.app;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption;
import com.sun.management.VMOption.Origin;
import java.lang.management.ManagementFactory;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the process small when nobody has chosen options for the virtual machine: the heap gives
 * back what it no longer needs, after the start and whenever there is little to do. Options that
 * were given on the command line stay as they are.
 */
final class Footprint {

  private static final Logger LOG = LoggerFactory.getLogger(Footprint.class);

  /** Options that can be set while the machine runs. */
  private static final Map<String, String> OPTIONS =
      Map.of(
          "MinHeapFreeRatio", "10",
          "MaxHeapFreeRatio", "20",
          "G1PeriodicGCInterval", "15000");

  private Footprint() {}

  /** Takes effect in the background; the start does not wait for it. */
  static void keepSmall() {
    Thread thread =
        new Thread(
            () -> {
              if (setOptions()) {
                System.gc();
              }
            },
            "footprint");
    thread.setDaemon(true);
    thread.start();
  }

  private static boolean setOptions() {
    try {
      HotSpotDiagnosticMXBean machine =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      if (machine.getVMOption("MaxHeapSize").getOrigin() == Origin.VM_CREATION) {
        return false;
      }
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
