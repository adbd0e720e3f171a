package dev.evsebridge.session;

import io.netty.channel.Channel;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;

/**
 * The valve on what chargers send. While it is shut, nothing more is read from their sockets, TCP
 * holds them back, and nothing gets lost.
 */
public final class Intake {

  /** Why the valve is shut. */
  public enum Reason {
    /** The broker takes messages more slowly than they come. */
    BACKLOG,
    /** Routes are being exchanged. */
    ROUTES_RELOADING
  }

  private final Set<Reason> reasons = EnumSet.noneOf(Reason.class);
  private final Set<Channel> held = new HashSet<>();
  private volatile boolean shut;

  /** Shuts the valve: each connection passes at most the one message that it is busy with. */
  public synchronized void shut(Reason reason) {
    reasons.add(reason);
    shut = true;
  }

  /** Takes a reason back; with the last one, reading goes on. */
  public synchronized void open(Reason reason) {
    reasons.remove(reason);
    if (shut && reasons.isEmpty()) {
      shut = false;
      held.forEach(channel -> channel.config().setAutoRead(true));
      held.clear();
    }
  }

  /** Stops reading from a connection if the valve is shut; to be called after each message. */
  void check(Channel channel) {
    if (shut) {
      hold(channel);
    }
  }

  private synchronized void hold(Channel channel) {
    if (shut) {
      channel.config().setAutoRead(false);
      held.add(channel);
    }
  }

  synchronized void forget(Channel channel) {
    held.remove(channel);
  }
}
