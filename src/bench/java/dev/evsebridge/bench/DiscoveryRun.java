package dev.evsebridge.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Home Assistant's discovery of all chargers, said again on request, while requests go on at a
 * fixed rate: how long it takes until the last device has arrived, and what it does to the
 * latencies of the requests.
 */
final class DiscoveryRun {
  /** What the bridge must be set to. */
  static final String SETTING = "homeassistant.discovery=true";

  private static final byte[] REQUEST =
      "to_dehneEVSE/bridge/request/discovery".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NOTHING = "{}".getBytes(StandardCharsets.US_ASCII);
  private static final int LIMIT_SECONDS = 60;

  /** After the devices come the states. */
  private static final int STATES_SECONDS = 3;

  private final Rig rig;
  private final Scenario scenario;
  private volatile int devices;
  private volatile long lastAt;

  DiscoveryRun(Rig rig, Scenario scenario) {
    this.rig = rig;
    this.scenario = scenario;
  }

  void run(int rounds) throws IOException, InterruptedException {
    rig.watch("homeassistant/device/+/config", this::count);
    rig.connect(new LinkedHashMap<>());
    for (int i = 0; i < scenario.chargers(); i++) {
      Charger charger = rig.fleet().charger(i);
      rig.loop().execute(() -> charger.sendReadings(1));
    }
    // That of the bridge itself may have been told before.
    await(scenario.chargers());
    Thread.sleep(TimeUnit.SECONDS.toMillis(STATES_SECONDS));
    Ratios seconds = new Ratios("until all devices have been told again, s", "%.2f");
    Ratios middle = new Ratios("p50 of a request, ms", "%.2f");
    Ratios high = new Ratios("p99 of a request, ms", "%.2f");
    Ratios highest = new Ratios("longest request, ms", "%.1f");
    new RequestRun(rig, scenario.lasting(scenario.warmupSeconds(), 1)).run(new LinkedHashMap<>());
    for (int round = 0; round < rounds; round++) {
      Map<String, Double> before = new LinkedHashMap<>();
      new RequestRun(rig, scenario.lasting(1, scenario.seconds())).run(before);
      Map<String, Double> during = new LinkedHashMap<>();
      new RequestRun(rig, scenario.lasting(1, 0))
          .run(during, () -> seconds.add("republish", again()));
      middle.add("before", before.get("p50_ms"));
      middle.add("republish", during.get("p50_ms"));
      high.add("before", before.get("p99_ms"));
      high.add("republish", during.get("p99_ms"));
      highest.add("before", before.get("max_ms"));
      highest.add("republish", during.get("max_ms"));
      System.out.printf(
          Locale.ROOT,
          "%d/%d longest request %.1f ms before, %.1f ms during; others took %.1f cores; lost %.0f%n",
          round + 1,
          rounds,
          before.get("max_ms"),
          during.get("max_ms"),
          during.get("others_cpu_cores"),
          before.getOrDefault("lost", 0.0) + during.getOrDefault("lost", 0.0));
    }
    for (Ratios table : new Ratios[] {seconds, middle, high, highest}) {
      System.out.println(table.markdown());
    }
  }

  private double again() throws InterruptedException {
    int target = devices + scenario.chargers() + 1;
    long begin = System.nanoTime();
    rig.loop().execute(() -> rig.requester().publish(REQUEST, NOTHING, scenario.qos()));
    await(target);
    double seconds = (lastAt - begin) / 1e9;
    Thread.sleep(TimeUnit.SECONDS.toMillis(STATES_SECONDS));
    return seconds;
  }

  private void await(int target) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (devices < target) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "only %d of %d devices were told".formatted(devices, target));
      }
      Thread.sleep(5);
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // only the event loop writes
  private void count(byte[] data, int offset, int length) {
    if (length > 0) {
      devices++;
      lastAt = System.nanoTime();
    }
  }
}
