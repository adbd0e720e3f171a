package dev.evsebridge.session;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;

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

  /** Connections that are let go on at a time. */
  private static final int SOME = 32;

  private final Set<Reason> reasons = EnumSet.noneOf(Reason.class);
  private final Set<Channel> open = ConcurrentHashMap.newKeySet();
  private final Set<Channel> held = new LinkedHashSet<>();
  private volatile boolean shut;

  /** Shuts the valve: each connection passes at most the one message that it is busy with. */
  public synchronized void shut(Reason reason) {
    reasons.add(reason);
    shut = true;
  }

  /**
   * Shuts the valve on all connections and waits until none is busy with a message. Not to be
   * called on an event loop.
   */
  public void shutAndWait(Reason reason) {
    shut(reason);
    open.forEach(this::hold);
    Set<EventLoop> loops = new HashSet<>();
    open.forEach(channel -> loops.add(channel.eventLoop()));
    for (EventLoop loop : loops) {
      try {
        // What the loop was busy with is done when it comes to this.
        loop.submit(() -> {}).awaitUninterruptibly();
      } catch (RejectedExecutionException e) {
        // It has ended with its listener, and is busy with nothing.
      }
    }
  }

  /** Takes a reason back; with the last one, reading goes on everywhere. */
  public synchronized void open(Reason reason) {
    boolean more = openForSome(reason);
    while (more) {
      more = openForSome(reason);
    }
  }

  /**
   * Takes a reason back; with the last one, reading goes on from those that have waited longest.
   *
   * @return whether others could go on now; calling again lets the next ones do so
   */
  public synchronized boolean openForSome(Reason reason) {
    reasons.remove(reason);
    shut = !reasons.isEmpty();
    Iterator<Channel> longestHeld = held.iterator();
    for (int i = 0; i < SOME && !shut && longestHeld.hasNext(); i++) {
      longestHeld.next().config().setAutoRead(true);
      longestHeld.remove();
    }
    return !shut && !held.isEmpty();
  }

  /** A connection has been made. */
  void add(Channel channel) {
    open.add(channel);
    check(channel);
  }

  /**
   * Stops reading from a connection if the valve is shut; to be called after each message.
   *
   * @return whether the connection is held back
   */
  boolean check(Channel channel) {
    if (shut) {
      hold(channel);
      return true;
    }
    return false;
  }

  private synchronized void hold(Channel channel) {
    if (shut && channel.isActive()) {
      channel.config().setAutoRead(false);
      held.add(channel);
    }
  }

  synchronized void forget(Channel channel) {
    open.remove(channel);
    held.remove(channel);
  }
}
