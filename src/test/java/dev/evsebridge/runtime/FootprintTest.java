package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class FootprintTest {
  @Test
  void keepsLittleHeapFree() {
    Footprint.keepLittleHeapFree();

    assertEquals("10", option("MinHeapFreeRatio"));
    assertEquals("20", option("MaxHeapFreeRatio"));
  }

  private static String option(String name) {
    return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .getVMOption(name)
        .getValue();
  }
}
