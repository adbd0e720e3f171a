package dev.evsebridge.bench;

import java.util.Locale;

/**
 * One thing to be measured.
 *
 * @param inFlight requests under way at once, over all chargers; 0 = as the rate has it
 * @param rate messages per second; 0 = as many as the bridge takes
 * @param window readings that a charger may have on their way to the subscriber
 */
record Scenario(
    Mode mode,
    int chargers,
    int qos,
    int inFlight,
    double rate,
    int window,
    int warmupSeconds,
    int seconds) {
  /** What is done with the chargers. */
  enum Mode {
    /** Readings that nobody asked for. */
    UPLINK,
    /** A mix of requests. */
    REQUESTS,
    /** One request at a time, to one charger. */
    LATENCY,
    /** All chargers connect, are idle, and are then asked for data every five seconds. */
    HOLD,
    /** From launch to listening. */
    START
  }

  /** The same for another time. */
  Scenario lasting(int otherWarmup, int otherSeconds) {
    return new Scenario(mode, chargers, qos, inFlight, rate, window, otherWarmup, otherSeconds);
  }

  String describe() {
    String what =
        switch (mode) {
          case UPLINK -> "readings, %s, QoS %d".formatted(plural(chargers), qos);
          case REQUESTS ->
              inFlight > 0
                  ? "requests, %s, %d in flight, QoS %d".formatted(plural(chargers), inFlight, qos)
                  : "requests, %s, QoS %d".formatted(plural(chargers), qos);
          case LATENCY -> "one request at a time, QoS %d".formatted(qos);
          case HOLD -> "hold %s, polled every 5 s, QoS %d".formatted(plural(chargers), qos);
          case START -> "start to listening, then idle";
        };
    return rate > 0 ? what + String.format(Locale.ROOT, ", %.0f/s", rate) : what;
  }

  private static String plural(int chargers) {
    return chargers == 1 ? "1 charger" : chargers + " chargers";
  }
}
