package dev.evsebridge.mqtt;

import java.time.Duration;

/**
 * How patient the connection is.
 *
 * @param connect how long the broker may take to accept a connection; a busy one takes long
 * @param proof a connection that has lived so long works. One that ends sooner without a word,
 *     again and again, has most likely been taken over
 * @param refusedRetry how often what was refused is asked for again
 */
record Timing(Duration connect, Duration proof, Duration refusedRetry) {

  static final Timing USUAL =
      new Timing(Duration.ofSeconds(20), Duration.ofSeconds(10), Duration.ofSeconds(10));
}
