package dev.evsebridge.simulator;

/** What has truly gone through a contactor, and when it was closed that shouldn't have been. */
final class PowerRecord {
  /** Opening with more than this on a phase wears the contacts. */
  private static final double LOAD_AMPS = 1;

  private double kilowattHours;
  private long closedOutsideMillis;
  private long longestClosedOutsideMillis;
  private long currentClosedOutsideMillis;
  private int closings;
  private int openings;
  private int openingsUnderLoad;

  void closed() {
    closings++;
  }

  void opened(double amps) {
    openings++;
    if (amps > LOAD_AMPS) {
      openingsUnderLoad++;
    }
  }

  /** Adds a stretch of time in which nothing changed. */
  void add(long millis, double watts, boolean closed, PilotVoltage pilot) {
    kilowattHours += watts * millis / 3_600_000_000.0;
    if (closed && !pilot.asksForPower()) {
      closedOutsideMillis += millis;
      currentClosedOutsideMillis += millis;
      longestClosedOutsideMillis = Math.max(longestClosedOutsideMillis, currentClosedOutsideMillis);
    } else {
      currentClosedOutsideMillis = 0;
    }
  }

  double kilowattHours() {
    return kilowattHours;
  }

  long closedOutsideMillis() {
    return closedOutsideMillis;
  }

  long longestClosedOutsideMillis() {
    return longestClosedOutsideMillis;
  }

  int closings() {
    return closings;
  }

  int openings() {
    return openings;
  }

  int openingsUnderLoad() {
    return openingsUnderLoad;
  }
}
