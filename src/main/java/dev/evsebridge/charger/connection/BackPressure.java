package dev.evsebridge.charger.connection;

import io.netty.channel.Channel;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Pauses reading from chargers. While it is paused, nothing more is read from their sockets, TCP
 * makes them wait, and nothing gets lost.
 *
 * <p>A broker that begins to fall behind first costs those that say most: each connection may pass
 * {@link #SHARE} messages until the broker has caught up, which is plenty for a charger that is
 * asked every few seconds. Only if that is not enough are all of them paused.
 *
 * <p>Chargers that the bridge itself controls are {@linkplain #keepHearing heard} all the same: a
 * broker that is slow, or a route that is being edited, must not hide that a vehicle has been
 * unplugged. Of them only what is to be published waits, in {@link HeldMessages}.
 */
public final class BackPressure {

  /** Why reading is paused. */
  public enum Reason {
    /** The broker takes messages more slowly than they come. */
    BACKLOG,
    /** Routes are being reloaded. */
    ROUTES_RELOADING,
    /** The routes take messages more slowly than they come. */
    ROUTES_BEHIND
  }

  /** Fired through a connection's pipeline when reading from it is paused or resumed. */
  enum Event {
    READING_PAUSED,
    READING_RESUMED,
    /** What has been held of a connection that is heard all the time may be published. */
    RELEASED
  }

  /** Connections that are resumed at a time. */
  private static final int SOME = 32;

  /** Messages that one connection may pass while the broker is behind. */
  static final int SHARE = 16;

  private final Set<Reason> reasons = EnumSet.noneOf(Reason.class);
  private final Set<Channel> open = ConcurrentHashMap.newKeySet();
  private final Set<EventExecutor> further = ConcurrentHashMap.newKeySet();
  private final Set<Channel> pausedChannels = new LinkedHashSet<>();
  private final Map<Channel, Integer> passed = new HashMap<>();
  private final Set<Channel> heard = ConcurrentHashMap.newKeySet();
  private volatile boolean paused;
  private volatile boolean sharing;

  /** From now on each connection may pass only its share; the others go on. */
  public synchronized void share() {
    sharing = true;
  }

  /** Pauses reading: each connection passes at most the one message that it is busy with. */
  public synchronized void pause(Reason reason) {
    reasons.add(reason);
    paused = true;
  }

  /**
   * Pauses reading from all connections and waits until none is busy with a message. Not to be
   * called on an event loop.
   *
   * @param patience how long to wait: what they are busy with may never end
   */
  public void pauseAndWait(Reason reason, Duration patience) {
    long endNanos = System.nanoTime() + patience.toNanos();
    pause(reason);
    open.forEach(this::pauseReading);
    Set<EventExecutor> loops = new LinkedHashSet<>();
    open.forEach(channel -> loops.add(channel.eventLoop()));
    loops.addAll(further);
    for (EventExecutor loop : loops) {
      try {
        // What the loop was busy with is done when it comes to this.
        loop.submit(() -> {})
            .awaitUninterruptibly(Math.max(0, endNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        // It has ended with its listener, and is busy with nothing.
      }
    }
  }

  /** What has been read goes on there, and counts as being busy. */
  void goesOnIn(EventExecutor executor) {
    further.add(executor);
  }

  /** Takes a reason back; with the last one, reading resumes everywhere. */
  public synchronized void resume(Reason reason) {
    boolean more = resumeSome(reason);
    while (more) {
      more = resumeSome(reason);
    }
  }

  /**
   * Takes a reason back; with the last one, reading resumes from those that have waited longest.
   *
   * @return whether others could be resumed now; calling again resumes the next ones
   */
  public synchronized boolean resumeSome(Reason reason) {
    reasons.remove(reason);
    paused = !reasons.isEmpty();
    if (reason == Reason.BACKLOG) {
      sharing = false;
      passed.clear();
    }
    Iterator<Channel> longestPaused = pausedChannels.iterator();
    for (int i = 0; i < SOME && !paused && longestPaused.hasNext(); i++) {
      Channel channel = longestPaused.next();
      longestPaused.remove();
      boolean isHeard = heard.contains(channel);
      if (!isHeard || !channel.config().isAutoRead()) {
        readAgain(channel);
      }
      if (isHeard) {
        channel.pipeline().fireUserEventTriggered(Event.RELEASED);
      }
    }
    return !paused && !pausedChannels.isEmpty();
  }

  private static void readAgain(Channel channel) {
    channel.pipeline().fireUserEventTriggered(Event.READING_RESUMED);
    channel.config().setAutoRead(true);
  }

  /**
   * From now on this connection is read while the others are paused, and who uses it holds what is
   * to be published; see {@link #holds}.
   */
  synchronized void keepHearing(Channel channel) {
    heard.add(channel);
    if (pausedChannels.contains(channel)) {
      readAgain(channel);
    }
  }

  /** Whether what a connection that is heard all the time says is not to be published yet. */
  boolean holds(Channel channel) {
    return (paused || sharing) && isPaused(channel);
  }

  private synchronized boolean isPaused(Channel channel) {
    return pausedChannels.contains(channel);
  }

  /** No more can be held of a connection: until it is released, nothing is read from it either. */
  synchronized void stopHearing(Channel channel) {
    if (pausedChannels.contains(channel) && channel.config().isAutoRead()) {
      stopReading(channel);
    }
  }

  private static void stopReading(Channel channel) {
    channel.config().setAutoRead(false);
    channel.pipeline().fireUserEventTriggered(Event.READING_PAUSED);
  }

  /** Connections of which nothing is published now. */
  public synchronized int pausedConnections() {
    return pausedChannels.size();
  }

  /** A connection has been made. */
  void add(Channel channel) {
    open.add(channel);
    check(channel);
  }

  /**
   * Stops reading from a connection while reading is paused; to be called after each message.
   *
   * @return whether reading from the connection is paused
   */
  boolean check(Channel channel) {
    if (paused || sharing) {
      return pauseIfItMust(channel);
    }
    return false;
  }

  private synchronized boolean pauseIfItMust(Channel channel) {
    boolean must = paused || (sharing && passed.merge(channel, 1, Integer::sum) >= SHARE);
    if (must) {
      pauseReading(channel);
    }
    return must;
  }

  private synchronized void pauseReading(Channel channel) {
    if ((paused || sharing) && channel.isActive()) {
      boolean added = pausedChannels.add(channel);
      if (heard.contains(channel)) {
        return;
      }
      channel.config().setAutoRead(false);
      if (added) {
        channel.pipeline().fireUserEventTriggered(Event.READING_PAUSED);
      }
    }
  }

  synchronized void forget(Channel channel) {
    open.remove(channel);
    pausedChannels.remove(channel);
    passed.remove(channel);
    heard.remove(channel);
  }
}
