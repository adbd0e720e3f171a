package dev.evsebridge.soak;

import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.SteadySubscriber;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** Lets the broker come and go. */
final class Trouble {
  /** What happens to it. */
  enum Kind {
    RESTARTED,
    KILLED,
    FROZEN,
    AWAY_BEYOND_THE_GRACE_PERIOD
  }

  private final Mosquitto mosquitto;
  private final SteadySubscriber subscriber;
  private final Requests requests;
  private final Duration grace;
  private final Random random;
  private final Map<Kind, Integer> happened = new EnumMap<>(Kind.class);
  private Duration slowestReturn = Duration.ZERO;

  Trouble(
      Mosquitto mosquitto,
      SteadySubscriber subscriber,
      Requests requests,
      Duration grace,
      long seed) {
    this.mosquitto = mosquitto;
    this.subscriber = subscriber;
    this.requests = requests;
    this.grace = grace;
    this.random = new Random(seed);
  }

  void makeFor(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (true) {
      Duration calm = Duration.ofMillis(random.nextInt(4_000, 15_000));
      long left = end - System.nanoTime();
      if (left < calm.toNanos()) {
        LockSupport.parkNanos(left);
        return;
      }
      LockSupport.parkNanos(calm.toNanos());
      disturb();
    }
  }

  private void disturb() {
    int dice = random.nextInt(12);
    Kind kind =
        dice < 4
            ? Kind.RESTARTED
            : dice < 7 ? Kind.KILLED : dice < 11 ? Kind.FROZEN : Kind.AWAY_BEYOND_THE_GRACE_PERIOD;
    happened.merge(kind, 1, Integer::sum);
    requests.pause();
    switch (kind) {
      case RESTARTED -> {
        mosquitto.stop();
        pause(random.nextInt(4_000));
        mosquitto.start();
      }
      case KILLED -> {
        mosquitto.kill();
        pause(random.nextInt(4_000));
        mosquitto.start();
      }
      case FROZEN -> {
        mosquitto.freeze();
        pause(random.nextInt(200, 9_000));
        mosquitto.thaw();
      }
      default -> {
        mosquitto.stop();
        pause((int) grace.toMillis() + 3_000);
        mosquitto.start();
      }
    }
    subscriber.awaitSubscribed();
    Duration took = requests.resume();
    if (took.compareTo(slowestReturn) > 0) {
      slowestReturn = took;
    }
  }

  private static void pause(int millis) {
    LockSupport.parkNanos(millis * 1_000_000L);
  }

  Map<Kind, Integer> happened() {
    return Map.copyOf(happened);
  }

  /** The longest time from the broker's return until requests were taken again. */
  Duration slowestReturn() {
    return slowestReturn;
  }
}
