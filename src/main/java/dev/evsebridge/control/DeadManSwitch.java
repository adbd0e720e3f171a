package dev.evsebridge.control;

import java.time.Duration;

/**
 * Decides whether chargers may be connected, by whether somebody can control them. Without thread
 * and clock: events with a monotonic time come in, a decision comes out.
 *
 * <p>A connection to the broker counts only once it has proved that it works. Each proof grants one
 * grace, which begins with the first loss after it and ends at its time, however many short-lived
 * connections come in between:
 *
 * <ul>
 *   <li>Never connected: do not listen. The first connection is taken on trust.
 *   <li>Lost, within the grace: chargers stay as they are.
 *   <li>Lost at the end of the grace: stop listening. A connection that is there by then, and not
 *       yet proved, has {@link #PROOF_LIMIT} to do so; if it ends before, listening stops at once.
 *   <li>Connected after the grace: taken on trust once, if no more than one connection has failed
 *       since the last proof; otherwise only once it has proved itself.
 * </ul>
 *
 * <p>Where it is supervised whether anybody controls the chargers, nobody may connect while nobody
 * does.
 *
 * <p>So without a proof chargers are connected for no longer than the grace and three times {@link
 * #PROOF_LIMIT} altogether. Used by one thread.
 */
final class DeadManSwitch {

  /** A connection that works has proved so after 10 s; the rest is for a loaded system. */
  static final Duration PROOF_LIMIT = Duration.ofSeconds(20);

  /** One connection may have ended soon because the broker did; more of them don't work. */
  private static final int TOO_MANY_FAILURES = 2;

  /** What is to be done about chargers. */
  enum Decision {
    /** Chargers may connect. */
    LISTEN,
    /** Those that are connected stay, and a listener that runs goes on. */
    KEEP,
    /** All connections are closed, and none is accepted. */
    STOP
  }

  private enum Connection {
    NONE,
    UNPROVEN,
    PROVEN
  }

  private final long graceNanos;

  private Connection connection = Connection.NONE;
  private long connectedAtNanos;
  private boolean graceRunning;
  private long graceBeganAtNanos;
  private boolean graceUsed;
  private int failuresSinceProof;
  private boolean brokerGone;
  private boolean controlAlive = true;

  /**
   * Creates the switch in the state in which nobody may connect.
   *
   * @param grace how long chargers stay connected without the broker
   */
  DeadManSwitch(Duration grace) {
    graceNanos = grace.toNanos();
  }

  /** The broker is connected, which proves nothing yet. */
  Decision brokerConnected(long nowNanos) {
    Decision unused = brokerLost(nowNanos);
    connection = Connection.UNPROVEN;
    connectedAtNanos = nowNanos;
    return look(nowNanos);
  }

  /** The connection works; ignored when it has ended since. */
  Decision brokerProven(long nowNanos) {
    if (connection != Connection.NONE) {
      connection = Connection.PROVEN;
      graceRunning = false;
      graceUsed = false;
      failuresSinceProof = 0;
    }
    return look(nowNanos);
  }

  /** The connection has ended. */
  Decision brokerLost(long nowNanos) {
    Decision unused = look(nowNanos);
    if (connection != Connection.NONE) {
      if (connection == Connection.UNPROVEN) {
        failuresSinceProof += graceUsed ? TOO_MANY_FAILURES : 1;
      }
      connection = Connection.NONE;
      if (!graceRunning) {
        graceRunning = true;
        graceBeganAtNanos = nowNanos;
      }
    }
    return look(nowNanos);
  }

  /**
   * Whether anybody is there who controls the chargers, as far as that is supervised: while nobody
   * is, no charger may be connected, whatever the broker does.
   */
  void controlAlive(boolean alive) {
    controlAlive = alive;
  }

  /** Whether the last decision would have been to stop for the broker alone. */
  boolean isBrokerGone() {
    return brokerGone;
  }

  /** Decides by the time alone. */
  Decision look(long nowNanos) {
    Decision byBroker = byBroker(nowNanos);
    brokerGone = byBroker == Decision.STOP;
    return controlAlive ? byBroker : Decision.STOP;
  }

  private Decision byBroker(long nowNanos) {
    return switch (connection) {
      case PROVEN -> Decision.LISTEN;
      case UNPROVEN -> {
        if (nowNanos - connectedAtNanos >= PROOF_LIMIT.toNanos()) {
          failuresSinceProof = TOO_MANY_FAILURES;
          graceUsed = true;
        }
        yield graceUsed && !trustsConnections() ? Decision.STOP : Decision.LISTEN;
      }
      case NONE -> {
        if (graceRunning && nowNanos - graceBeganAtNanos < graceNanos) {
          yield graceUsed ? Decision.STOP : Decision.KEEP;
        }
        graceUsed = graceRunning;
        yield Decision.STOP;
      }
    };
  }

  /** How long until time alone may change the decision; {@link Long#MAX_VALUE} for never. */
  long nanosToNextLook(long nowNanos) {
    return switch (connection) {
      case PROVEN -> Long.MAX_VALUE;
      case UNPROVEN -> left(connectedAtNanos + PROOF_LIMIT.toNanos() - nowNanos);
      case NONE -> graceRunning ? left(graceBeganAtNanos + graceNanos - nowNanos) : Long.MAX_VALUE;
    };
  }

  private static long left(long nanos) {
    return nanos > 0 ? nanos : Long.MAX_VALUE;
  }

  /** Whether a new connection is believed in before it has proved itself. */
  boolean trustsConnections() {
    return failuresSinceProof < TOO_MANY_FAILURES;
  }
}
