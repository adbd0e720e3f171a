package dev.evsebridge.runtime;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory that the virtual machine has allocated for itself and freed again, for example for
 * compiling: glibc keeps it unless it is asked to give it back. The same as {@code jcmd
 * System.trim_native_heap}, which is there from Java 17.0.9 on, on Linux.
 */
final class NativeHeap {

  private static final Logger LOG = LoggerFactory.getLogger(NativeHeap.class);

  private static final String COMMANDS = "com.sun.management:type=DiagnosticCommand";
  private static final String TRIM = "systemTrimNativeHeap";

  /** Has the JVM trim by itself, every so many milliseconds; 0 is never. */
  private static final String INTERVAL_OPTION = "TrimNativeHeapInterval";

  private boolean trimmable = !isTrimmedAlready();

  private static boolean isTrimmedAlready() {
    try {
      return !ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .getVMOption(INTERVAL_OPTION)
          .getValue()
          .equals("0");
    } catch (IllegalArgumentException e) {
      LOG.debug("This virtual machine has no option {}", INTERVAL_OPTION, e);
      return false;
    }
  }

  /** Gives free memory back to the operating system, where that is possible; takes milliseconds. */
  void trim() {
    if (!trimmable) {
      return;
    }
    try {
      Object outcome =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(new ObjectName(COMMANDS), TRIM, null, null);
      LOG.debug("{}", outcome);
    } catch (JMException e) {
      trimmable = false;
      LOG.debug("This virtual machine can't trim the native heap", e);
    }
  }
}
