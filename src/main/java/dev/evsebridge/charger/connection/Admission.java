package dev.evsebridge.charger.connection;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.LogThrottle;
import java.time.Duration;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Who may connect, under which name, and what all connections of a listener are held to. */
public final class Admission {

  /** A charger waits 5 s between attempts: a duplicate shows within a fraction of this. */
  private static final Duration DUPLICATE_WINDOW = Duration.ofMinutes(10);

  /** Anybody can say a hello and then nonsense; that must not fill the broker's error topic. */
  private final LogThrottle unprovenErrors = new LogThrottle(100, Duration.ofSeconds(10));

  private final ConnectionTally tally = new ConnectionTally();
  private final SessionLimits limits;
  private final Function<SerialNumber, String> clientIds;
  private final Set<SerialNumber> allowedSerials;
  private volatile Predicate<SerialNumber> letIn = serial -> true;
  private final UnaskedChargers unasked = new UnaskedChargers();
  private final DuplicateSerialWatch duplicates =
      new DuplicateSerialWatch(DUPLICATE_WINDOW, System::nanoTime);

  /**
   * Creates the rules.
   *
   * @param limits what connections are held to
   * @param clientIds the configured name of a charger, or its serial number
   * @param allowedSerials the chargers that may connect; empty for all
   */
  public Admission(
      SessionLimits limits,
      Function<SerialNumber, String> clientIds,
      Set<SerialNumber> allowedSerials) {
    this.limits = limits;
    this.clientIds = clientIds;
    this.allowedSerials = allowedSerials;
  }

  /** What has become of the connections that were made. */
  public ConnectionTally tally() {
    return tally;
  }

  SessionLimits limits() {
    return limits;
  }

  /** Of whom it has been said that nobody asks them anything. */
  UnaskedChargers unasked() {
    return unasked;
  }

  /** Lets some errors through of connections that have never sent a valid frame. */
  LogThrottle unprovenErrors() {
    return unprovenErrors;
  }

  /** The configured name of a charger, or its serial number. */
  String clientId(SerialNumber serialNumber) {
    return clientIds.apply(serialNumber);
  }

  /** Whether the configuration lets this charger in. */
  boolean isAllowed(Hello hello) {
    return allowedSerials.isEmpty() || allowedSerials.contains(hello.serialNumber());
  }

  /** Whether this charger may connect now. */
  boolean isLetIn(Hello hello) {
    return letIn.test(hello.serialNumber());
  }

  /** From now on lets in only these, of those that the configuration allows. */
  public void letIn(Predicate<SerialNumber> chargers) {
    letIn = chargers;
  }

  /**
   * Whether two devices seem to share the session's serial number.
   *
   * @return one plain sentence, or null
   */
  @Nullable String suspicion(ChargerSession session) {
    return duplicates.connected(session.clientId(), session.remoteAddress());
  }
}
