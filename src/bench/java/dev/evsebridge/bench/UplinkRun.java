package dev.evsebridge.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Readings that nobody asked for: as fast as TCP takes them, with a bounded number of each charger
 * under way, or at a fixed total rate, the chargers taking turns. Each reading carries its number,
 * so that the subscriber knows what is missing, came twice or in the wrong order.
 */
final class UplinkRun implements Charger.Listener, Rig.Listener {
  private static final int LARGEST_BLOCK = 32;
  private static final int CHECK_WHOLE_EVERY = 1000;
  private static final long IDLE_SECONDS = 5;
  private static final long DRAIN_SECONDS = 120;

  private final Rig rig;
  private final Scenario scenario;
  private final ObjectMapper mapper = new ObjectMapper();
  private final Histogram latencies = new Histogram(TimeUnit.MINUTES.toNanos(5), 3);

  /** Readings that each charger had sent before. */
  private final int[] before;

  private final int[] forgiven;
  private boolean sending;
  private boolean measuring;
  private long begin;
  private long sentAtRate;
  private long arrivedEarlier;

  UplinkRun(Rig rig, Scenario scenario) {
    this.rig = rig;
    this.scenario = scenario;
    this.before = new int[scenario.chargers()];
    this.forgiven = new int[scenario.chargers()];
  }

  /** All chargers are connected; may be done again with them. */
  void run(Map<String, Double> figures) throws InterruptedException {
    rig.listen(this);
    rig.fleet().listen(this);
    rig.loop().execute(this::start);
    try (Pacer pacer = new Pacer(rig.loop(), scenario.rate(), this::sendDue)) {
      if (scenario.rate() > 0) {
        pacer.start();
      }
      Thread.sleep(TimeUnit.SECONDS.toMillis(scenario.warmupSeconds()));
      rig.loop().execute(() -> measuring = true);
      Rig.Snapshot warm = rig.snapshot();
      forgiveWhileRunning();
      rig.snapshot().reportSince(warm, figures);
    }
    rig.loop().execute(() -> sending = false);
    drain();
    long sent = rig.onLoop(this::sentCount);
    figures.put("sent", (double) sent);
    figures.put("lost", (double) (sent - rig.onLoop(this::arrivedCount)));
    rig.reportFaults(figures);
    if (scenario.rate() > 0) {
      Latencies.report(latencies, figures);
    }
  }

  @Override
  public void arrived(int type, int index, byte[] data, int offset, int end) {
    if (type != RequestKind.COLLECT.answerType) {
      return;
    }
    int sequence = MessageScan.sequence(data, offset, end);
    Charger charger = rig.fleet().charger(index);
    charger.arrive(sequence, rig.tally());
    if (++rig.tally().messages % CHECK_WHOLE_EVERY == 0
        && !DataFrames.isIntact(mapper, data, offset, end - offset, sequence)) {
      rig.tally().malformed++;
    }
    if (scenario.rate() > 0) {
      if (measuring && sequence >= 0) {
        long number = (long) (sequence - before[index]) * scenario.chargers() + index;
        long intended = begin + (long) (number * 1e9 / scenario.rate());
        latencies.recordValue(Math.max(0, System.nanoTime() - intended));
      }
    } else if (room(charger) >= (scenario.window() + 1) / 2) {
      fill(charger);
    }
  }

  @Override
  public void writable(Charger charger) {
    fill(charger);
  }

  private void start() {
    begin = System.nanoTime();
    sending = true;
    for (int i = 0; i < scenario.chargers(); i++) {
      Charger charger = rig.fleet().charger(i);
      before[i] = charger.sent;
      forgiven[i] = charger.sent - charger.arrivedCount();
      arrivedEarlier += charger.arrivedCount();
    }
    if (scenario.rate() == 0) {
      for (int i = 0; i < scenario.chargers(); i++) {
        fill(rig.fleet().charger(i));
      }
    }
  }

  private void fill(Charger charger) {
    while (sending && scenario.rate() == 0 && charger.isWritable()) {
      int count = Math.min(LARGEST_BLOCK, room(charger));
      if (count <= 0) {
        return;
      }
      charger.sendReadings(count);
    }
  }

  private int room(Charger charger) {
    return scenario.window() - (charger.sent - charger.arrivedCount() - forgiven[charger.index]);
  }

  private void sendDue() {
    if (!sending) {
      return;
    }
    long due = (long) ((System.nanoTime() - begin) * scenario.rate() / 1e9) + 1;
    for (; sentAtRate < due; sentAtRate++) {
      rig.fleet().charger((int) (sentAtRate % scenario.chargers())).sendReadings(1);
    }
  }

  /**
   * Lets the measured time pass; where nothing came for a second, what is missing no longer counts
   * against the window.
   */
  private void forgiveWhileRunning() throws InterruptedException {
    int[] arrivedBefore = new int[scenario.chargers()];
    for (int second = 0; second < scenario.seconds(); second++) {
      Thread.sleep(1000);
      if (scenario.rate() == 0) {
        rig.loop().execute(() -> forgive(arrivedBefore));
      }
    }
  }

  private void forgive(int[] arrivedBefore) {
    for (int i = 0; i < arrivedBefore.length; i++) {
      Charger charger = rig.fleet().charger(i);
      if (charger.arrivedCount() == arrivedBefore[i]) {
        forgiven[i] = charger.sent - charger.arrivedCount();
        fill(charger);
      }
      arrivedBefore[i] = charger.arrivedCount();
    }
  }

  private void drain() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
    long arrived = -1;
    long changed = System.nanoTime();
    while (System.nanoTime() < deadline
        && System.nanoTime() - changed < TimeUnit.SECONDS.toNanos(IDLE_SECONDS)) {
      long now = rig.onLoop(this::arrivedCount);
      if (now == rig.onLoop(this::sentCount)) {
        Thread.sleep(200); // for duplicates
        return;
      }
      if (now != arrived) {
        arrived = now;
        changed = System.nanoTime();
      }
      Thread.sleep(20);
    }
  }

  private long sentCount() {
    long count = 0;
    for (int i = 0; i < scenario.chargers(); i++) {
      count += rig.fleet().charger(i).sent - before[i];
    }
    return count;
  }

  private long arrivedCount() {
    long count = 0;
    for (int i = 0; i < scenario.chargers(); i++) {
      count += rig.fleet().charger(i).arrivedCount();
    }
    return count - arrivedEarlier;
  }
}
