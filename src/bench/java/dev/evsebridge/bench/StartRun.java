package dev.evsebridge.bench;

import dev.evsebridge.testkit.Mosquitto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * From the launch of the process to the port that listens, with the broker up; then memory and CPU
 * while nothing happens.
 */
final class StartRun {

  private StartRun() {}

  static void run(Target target, Path folder, int settleSeconds, Map<String, Double> figures)
      throws IOException, InterruptedException {
    try (Mosquitto broker = Rig.broker(List.of());
        Target.Running bridge = target.start(folder, broker.port(), 1, 0)) {
      figures.put("start_s", bridge.startSeconds());
      figures.put("start_cpu_s", bridge.figures().cpuSeconds());
      Thread.sleep(TimeUnit.SECONDS.toMillis(settleSeconds));
      figures.put("rss_idle_mb", bridge.figures().rssMegabytes());
    }
  }
}
