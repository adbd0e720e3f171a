package dev.evsebridge.control;

import org.jspecify.annotations.Nullable;

/**
 * Makes sure that a charger has told all that it has to tell. It answers in order, one request in
 * each turn of its loop, and tells a change at the end of the turn in which it sees it, at the
 * latest. So when two pings, one after the other, were answered and nothing was told, then there
 * was nothing: however slow charger, network and bridge are, and in whatever order the bridge looks
 * at its timers and at what has arrived.
 */
final class LastWord {
  private static final int ROUNDS = 2;

  private long number;
  private boolean awaited;
  private int rounds;

  /** Something was told, or it is another matter by now. */
  void forget() {
    awaited = false;
    rounds = 0;
  }

  /** The ping to be sent; null while one is on its way, and when no more is needed. */
  Command.@Nullable Ping ask() {
    if (awaited || isHeard()) {
      return null;
    }
    awaited = true;
    return new Command.Ping(++number);
  }

  void answered(Command.Ping ping) {
    if (awaits(ping)) {
      awaited = false;
      rounds++;
    }
  }

  /** Whether this is the ping that is on its way, and no older one. */
  boolean awaits(Command.Ping ping) {
    return awaited && ping.number() == number;
  }

  boolean isHeard() {
    return rounds >= ROUNDS;
  }
}
