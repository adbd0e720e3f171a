package dev.evsebridge.bench;

import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;

/**
 * Chargers spread over several bridges with one broker, which is restarted: how long it takes until
 * the availability of all of them says online again, by a bridge that has come back itself.
 */
final class RestartRun implements AutoCloseable {
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(120);
  private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** Between rounds, so that bridges beat and the processors are free. */
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(12);

  private static final String BRIDGE = MqttProbe.MESSAGE_TOPIC + "/bridge/";

  private final NioEventLoopGroup group = new NioEventLoopGroup(1);
  private final Mosquitto broker;
  private final List<Target.Running> bridges = new ArrayList<>();
  private final List<Fleet> fleets = new ArrayList<>();
  private final int chargers;

  /** Who has which charger, as the broker said last. */
  private final Map<String, String> claims = new HashMap<>();

  /** When bridges that read online have come to the broker, in milliseconds. */
  private final Map<String, Long> cameAt = new HashMap<>();

  private long startedMillis;
  private int saidOffline;

  /** Starts everything, and returns once all chargers read online. */
  RestartRun(Mosquitto.Builder builder, int bridgeCount, int chargers, int qos, Path output)
      throws IOException {
    this.chargers = chargers;
    broker = builder.start();
    for (int i = 0; i < bridgeCount; i++) {
      Target target =
          Target.jar("bridge-" + i, Target.JAR).with(List.of("bridge.name=bridge-" + i));
      bridges.add(target.start(output, broker.port(), qos, chargers));
    }
    long begin = System.nanoTime();
    try (MqttProbe probe = listen()) {
      int before = 0;
      for (int i = 0; i < bridgeCount; i++) {
        int end = chargers * (i + 1) / bridgeCount;
        fleets.add(connect(bridges.get(i).port(), before, end - before));
        double unused = awaitAll(end, System.nanoTime());
        before = end;
      }
      probe.forget();
    }
    System.out.printf(
        Locale.ROOT,
        "connected after %.1f s but for %d%n",
        (System.nanoTime() - begin) / 1e9,
        lost());
  }

  private Fleet connect(int port, int first, int size) {
    Fleet fleet = new Fleet(group.next(), port, first, size);
    fleet.listen(
        new Charger.Listener() {
          @Override
          public void requested(Charger charger, int frameType, int value) {
            if (frameType == RequestKind.PING.frameType) {
              charger.answer(RequestKind.PING);
            }
          }
        });
    fleet.connect();
    return fleet;
  }

  private MqttProbe listen() {
    return MqttProbe.builder(broker.url())
        .subscribingTo(MqttProbe.MESSAGE_TOPIC + "/bridge/+/availability")
        .subscribingTo(MqttProbe.MESSAGE_TOPIC + "/+/availability")
        .handingTo(this::heard)
        .connect();
  }

  private synchronized void heard(MqttProbe.Message message) {
    String[] levels = message.topic().split("/", -1);
    boolean online = message.text().equals("online");
    if (message.topic().startsWith(BRIDGE)) {
      if (levels.length == 4 && online) {
        cameAt.put(levels[2], Instant.parse(property(message, "since")).toEpochMilli());
      } else if (levels.length == 4) {
        cameAt.remove(levels[2]);
      }
    } else if (online) {
      claims.put(levels[1], property(message, "bridge"));
    } else {
      claims.remove(levels[1]);
      saidOffline++;
    }
  }

  private static String property(MqttProbe.Message message, String key) {
    var properties = message.properties();
    if (properties == null) {
      throw new IllegalStateException("no properties in " + message);
    }
    return properties.getUserProperties().stream()
        .filter(each -> each.getKey().equals(key))
        .map(UserProperty::getValue)
        .findFirst()
        .orElseThrow();
  }

  private synchronized long countOnline() {
    return claims.values().stream()
        .filter(bridge -> cameAt.getOrDefault(bridge, 0L) > startedMillis)
        .count();
  }

  /** Returns the seconds that it took. */
  private double awaitAll(int expected, long sinceNanos) {
    long online = countOnline();
    // Where the machine is slow, some take too long to say who they are.
    while (online < expected - lost()) {
      if (System.nanoTime() - sinceNanos > LIMIT_NANOS) {
        throw new IllegalStateException(
            "only %d of %d chargers read online; %d connections were lost, %d could not be made"
                .formatted(online, expected, lost(), failed()));
      }
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
      online = countOnline();
    }
    return (System.nanoTime() - sinceNanos) / 1e9;
  }

  /** Restarts the broker so many times, and prints what came of it. */
  void run(int rounds) {
    for (int round = 1; round <= rounds; round++) {
      LockSupport.parkNanos(PAUSE_NANOS);
      long stopNanos = System.nanoTime();
      broker.stop();
      begin();
      broker.start();
      double away = (System.nanoTime() - stopNanos) / 1e9;
      try (MqttProbe probe = listen()) {
        double seconds = awaitAll(chargers, stopNanos);
        System.out.printf(
            Locale.ROOT,
            "%d/%d broker away for %.1f s; all online again %.1f s after its end; said offline: %d;"
                + " connections lost so far: %d; load %.1f%n",
            round,
            rounds,
            away,
            seconds,
            saidOffline(),
            lost(),
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        probe.forget();
      }
    }
  }

  private int lost() {
    return fleets.stream().mapToInt(Fleet::closedCount).sum();
  }

  private int failed() {
    return fleets.stream().mapToInt(Fleet::failedCount).sum();
  }

  private synchronized void begin() {
    startedMillis = System.currentTimeMillis();
    claims.clear();
    cameAt.clear();
    saidOffline = 0;
  }

  private synchronized int saidOffline() {
    return saidOffline;
  }

  @Override
  public void close() {
    fleets.forEach(Fleet::close);
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    bridges.forEach(Target.Running::close);
    broker.close();
  }
}
