package dev.evsebridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class FootprintTest {
  private static final long MORE_THAN_THERE_WERE = 1_000_000;

  private final Footprint footprint = new Footprint();

  @Test
  void keepsLittleHeapFreeWhenNothingHasHappenedForAWhile() {
    footprint.look(0);
    footprint.look(MORE_THAN_THERE_WERE);
    assertEquals("70", option("MaxHeapFreeRatio"));

    footprint.look(MORE_THAN_THERE_WERE);
    assertEquals("70", option("MaxHeapFreeRatio"));
    footprint.look(MORE_THAN_THERE_WERE);

    assertEquals("10", option("MinHeapFreeRatio"));
    assertEquals("20", option("MaxHeapFreeRatio"));
  }

  @Test
  void givesRoomToAHeapThatIsBusy() {
    footprint.look(0);

    footprint.look(MORE_THAN_THERE_WERE);

    assertEquals("40", option("MinHeapFreeRatio"));
    assertEquals("70", option("MaxHeapFreeRatio"));
  }

  private static String option(String name) {
    return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .getVMOption(name)
        .getValue();
  }
}
