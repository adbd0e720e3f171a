package dev.evsebridge.charger.connection;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** What has become of the connections that were made. */
public final class ConnectionTally {

  /** How a connection began, or why it was closed. */
  public enum Outcome {
    /** A charger said its hello and was let in. */
    ACCEPTED,
    /** Too many were open. */
    LIMIT,
    /** Its serial number is not let in. */
    SERIAL,
    /** It said no hello in time. */
    HANDSHAKE_TIMEOUT,
    /** It broke the protocol. */
    PROTOCOL_ERROR
  }

  private final Map<Outcome, LongAdder> counts = new EnumMap<>(Outcome.class);

  /** Creates it with nothing counted. */
  public ConnectionTally() {
    for (Outcome outcome : Outcome.values()) {
      counts.put(outcome, new LongAdder());
    }
  }

  private LongAdder counter(Outcome outcome) {
    return Objects.requireNonNull(counts.get(outcome));
  }

  void count(Outcome outcome) {
    counter(outcome).increment();
  }

  /** How many there were since the start. */
  public long of(Outcome outcome) {
    return counter(outcome).sum();
  }
}
