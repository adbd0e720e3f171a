package dev.evsebridge.mqtt;

import java.time.Duration;

/**
 * When to try the broker again, and what to do without, by what became of the attempts and the
 * connections before. Without clock, network and log; used by one thread.
 */
final class Reconnects {

  private static final Duration FIRST_RETRY = Duration.ofMillis(500);

  /** With the time that an attempt takes, the broker is found within 5 s of its return. */
  private static final Duration SLOWEST_RETRY = Duration.ofSeconds(4);

  private static final int SUSPICIOUSLY_MANY = 2;

  /** A connection that has lived so long works. */
  private final Duration proof;

  private Duration retry = FIRST_RETRY;
  private int attempts;
  private int shortLivedInARow;
  private boolean withoutStored;

  Reconnects(Duration proof) {
    this.proof = proof;
  }

  /** An attempt begins. */
  void attempt() {
    attempts++;
  }

  /** Attempts since the broker was there last. */
  int attempts() {
    return attempts;
  }

  /** Returns how long to wait before the next attempt; after each, longer. */
  Duration delay() {
    Duration delay = retry;
    retry = retry.multipliedBy(2);
    if (retry.compareTo(SLOWEST_RETRY) > 0) {
      retry = SLOWEST_RETRY;
    }
    return delay;
  }

  /** The broker is there. */
  void connected() {
    attempts = 0;
    retry = FIRST_RETRY;
  }

  /** The connection has lived long enough: it works. */
  void proven() {
    withoutStored = false;
    shortLivedInARow = 0;
  }

  /** A connection on which the bridge could be asked has ended. */
  void ended(LinkEnd.Cause cause, Duration lived) {
    boolean shortLived = lived.compareTo(proof) < 0;
    shortLivedInARow = shortLived ? shortLivedInARow + 1 : 0;
    if (shortLivedInARow >= SUSPICIOUSLY_MANY) {
      retry = SLOWEST_RETRY;
    }
    switch (cause) {
      case TAKEN_OVER ->
          // Not at once: the other one would be thrown out just as fast.
          retry = SLOWEST_RETRY;
      case CLIENT_FAULT ->
          // A message in the broker's store would end the next connection as well.
          withoutStored = withoutStored || shortLived;
      case BROKER_CLOSED, BROKER_LEFT, SILENCE -> {
        // nothing that the next connection could do better
      }
    }
  }

  /** Whether the broker is not to send its retained messages, lest the client fail again. */
  boolean withoutStored() {
    return withoutStored;
  }

  /** Connections in a row that have ended soon after they were made. */
  int shortLivedInARow() {
    return shortLivedInARow;
  }

  /** Some brokers hang up on the client that was there first without saying why. */
  boolean isTakeoverLikely(LinkEnd.Cause cause) {
    return cause == LinkEnd.Cause.BROKER_CLOSED && shortLivedInARow >= SUSPICIOUSLY_MANY;
  }
}
