package dev.evsebridge.simulator;

import java.util.Arrays;
import java.util.SplittableRandom;

/** What becomes of bytes between a charger and the bridge. */
final class LinkQuality {
  private static final int NOTIFICATION = 100;
  private static final int GOOD_RSSI_DBM = -62;
  private static final int WEAK_RSSI_DBM = -86;

  private final SplittableRandom random;
  private final int[] framesToLose = new int[NOTIFICATION + 1];

  private long delayMillis;
  private boolean weak;

  LinkQuality(SplittableRandom random) {
    this.random = random;
  }

  /** Delays every packet in both directions. */
  void setDelayMillis(long millis) {
    delayMillis = millis;
  }

  /** Packets take 3 to 30 ms, and each twentieth 100 to 400 ms more. */
  void setWeak(boolean weak) {
    this.weak = weak;
  }

  /** Loses the next so many frames of this type on their way to the bridge. */
  void lose(int frameType, int count) {
    framesToLose[frameType] = count;
  }

  void loseNothing() {
    Arrays.fill(framesToLose, 0);
  }

  boolean loses(int frameType) {
    if (framesToLose[frameType] == 0) {
      return false;
    }
    framesToLose[frameType]--;
    return true;
  }

  long nextDelayMillis() {
    if (!weak) {
      return delayMillis;
    }
    long late = random.nextInt(20) == 0 ? random.nextInt(100, 401) : 0;
    return delayMillis + random.nextInt(3, 31) + late;
  }

  int rssiDbm() {
    return (weak ? WEAK_RSSI_DBM : GOOD_RSSI_DBM) + random.nextInt(-4, 5);
  }
}
