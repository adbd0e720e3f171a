package dev.evsebridge.control;

import java.time.Duration;

/**
 * Decides whether whoever controls the chargers is alive. Without thread and clock: what is heard
 * comes in with a monotonic time, a verdict comes out.
 *
 * <p>Alive is who says so on {@code alive.topic}, if that is set, and has sent a request or a sign
 * of life within {@code alive.timeout}, if that is set. What is not known is not alive. What the
 * topic said on an earlier connection to the broker stands for {@link #RECONFIRM} on the next one:
 * a broker may have lost what it stored.
 */
final class ControlWatch {

  /** So long after a connection to the broker the topic must have said it again. */
  static final Duration RECONFIRM = Duration.ofSeconds(30);

  /** So long after the first connection to the broker nobody is taken for dead who may be alive. */
  static final Duration SETTLE = Duration.ofSeconds(10);

  /** What is known. */
  enum Verdict {
    /** Nothing yet, and the time is not over in which it is waited for. */
    UNKNOWN,
    ALIVE,
    DEAD
  }

  private final boolean hasTopic;
  private final Duration timeout;
  private final Duration settle;
  private final Mark firstConnected = new Mark();
  private final Mark unconfirmedSince = new Mark();
  private final Mark lastSign = new Mark();
  private boolean topicAlive;
  private boolean topicHeard;
  private boolean confirmed;
  private boolean everAlive;
  private long nextLookNanos = Long.MAX_VALUE;

  /**
   * Creates the watch; nothing is known.
   *
   * @param hasTopic whether a topic tells
   * @param timeout how long whoever controls may be silent; zero for ever
   */
  ControlWatch(boolean hasTopic, Duration timeout) {
    this.hasTopic = hasTopic;
    this.timeout = timeout;
    this.settle = timeout.compareTo(SETTLE) > 0 ? timeout : SETTLE;
  }

  /** The topic says that it is alive, or anything else. */
  void topicSays(boolean alive) {
    topicHeard = true;
    topicAlive = alive;
    confirmed = true;
    unconfirmedSince.clear();
  }

  /** A request or a sign of life came at that time, at the earliest. */
  void sign(long atNanos) {
    lastSign.setIfLater(atNanos);
  }

  /** The broker is connected: what it has stored comes now. */
  void brokerConnected(long nowNanos) {
    firstConnected.setIfNone(nowNanos);
    if (topicHeard && !confirmed) {
      unconfirmedSince.set(nowNanos);
    }
  }

  /** The connection to the broker has ended. */
  void brokerLost() {
    confirmed = false;
  }

  /** Decides by what is known at that time. */
  Verdict look(long nowNanos) {
    Moment moment = new Moment(nowNanos);
    Verdict verdict = judge(moment);
    nextLookNanos =
        moment.deadlineNanos().isPresent()
            ? moment.deadlineNanos().getAsLong() - nowNanos
            : Long.MAX_VALUE;
    return verdict;
  }

  private Verdict judge(Moment moment) {
    boolean forgotten = moment.over(unconfirmedSince, RECONFIRM);
    boolean told = !hasTopic || (topicAlive && !forgotten);
    boolean signed = timeout.isZero() || moment.within(lastSign, timeout);
    if (told && signed) {
      everAlive = true;
      return Verdict.ALIVE;
    }
    boolean saidDead = hasTopic && topicHeard && !topicAlive;
    if (everAlive || saidDead || moment.over(firstConnected, settle)) {
      return Verdict.DEAD;
    }
    return Verdict.UNKNOWN;
  }

  /** How long after the last {@link #look} time alone may change it; MAX_VALUE for never. */
  long nanosToNextLook() {
    return nextLookNanos;
  }
}
