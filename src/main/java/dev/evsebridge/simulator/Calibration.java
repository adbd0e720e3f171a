package dev.evsebridge.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * How the measuring circuits of one charger, no two of which are alike, turn currents and voltages
 * into the peaks that its ADC sees.
 *
 * <p>For each phase: value = (adc - offset) * slope / divider, in mA and mV RMS.
 */
final class Calibration {
  private static final int PHASES = 3;
  private static final int ADC_MAX = 4095;
  private static final int DIVIDER = 100;

  /** One measuring circuit. A slope is the value of 100 steps of the ADC, in mA or mV. */
  record Line(int offset, int slope) {
    int peakOf(long milliunits) {
      return (int) Math.min(ADC_MAX, offset + Math.round((double) milliunits * DIVIDER / slope));
    }

    @Override
    public String toString() {
      return offset + "," + slope + "," + DIVIDER;
    }
  }

  private final List<Line> currents = new ArrayList<>(PHASES);
  private final List<Line> voltages = new ArrayList<>(PHASES);

  /** Circuits with the spread of real parts: good for 80 A and for 300 V. */
  Calibration(SplittableRandom random) {
    for (int phase = 0; phase < PHASES; phase++) {
      currents.add(new Line(random.nextInt(2020, 2060), random.nextInt(4000, 4400)));
      voltages.add(new Line(random.nextInt(2020, 2060), random.nextInt(15_500, 17_000)));
    }
  }

  int currentPeak(int phase, long milliamps) {
    return currents.get(phase).peakOf(milliamps);
  }

  int voltagePeak(int phase, long millivolts) {
    return voltages.get(phase).peakOf(millivolts);
  }

  /** The settings of a bridge that make mA and mV of the peaks again, one a line. */
  List<String> settings(String serial) {
    List<String> lines = new ArrayList<>(2 * PHASES);
    for (int phase = 0; phase < PHASES; phase++) {
      lines.add("sensors.id_%s.current_l%d = %s".formatted(serial, phase + 1, currents.get(phase)));
    }
    for (int phase = 0; phase < PHASES; phase++) {
      lines.add("sensors.id_%s.voltage_l%d = %s".formatted(serial, phase + 1, voltages.get(phase)));
    }
    return lines;
  }
}
