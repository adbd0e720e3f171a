package dev.evsebridge.state;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.LogThrottle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps each charger's retained availability at the broker true. A charger that is back within a
 * second was never offline. One that was never seen before is announced only after its first valid
 * frame: any 17 bytes make a hello, and a port scan must not leave retained messages behind. All of
 * it happens on one thread, off the event loops.
 */
public final class Availability implements SessionListener, BrokerListener {

  private static final Logger LOG = LoggerFactory.getLogger(Availability.class);

  private static final Duration FLAP_GRACE = Duration.ofMillis(1_200);

  /** A broker that has frozen is noticed sooner: what was announced so long ago has arrived. */
  private static final Duration CONFIRMED_AFTER = Duration.ofSeconds(90);

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

  /** What is written to the journal may wait so long for the disk. */
  private static final Duration FLUSH_AFTER = Duration.ofMillis(200);

  /** How often the journal is tried again that could not be written. */
  private static final Duration MEND_AFTER = Duration.ofSeconds(10);

  /** Twice as many chargers as may be connected by default; each has a retained message. */
  private static final int MOST_KNOWN = 20_000;

  /**
   * Room is made while one part in so many is free: others count the same chargers, each by itself,
   * and hear of what is forgotten a moment later.
   */
  private static final int SPARE_SHARE = 10;

  private final AvailabilityJournal journal;
  private final BiConsumer<String, String> announcer;
  private final Duration flapGrace;
  private final int mostKnown;
  private final LogThrottle unannounced = new LogThrottle(1, Duration.ofMinutes(10));
  private final Set<String> connected = new HashSet<>();
  private final Set<String> known = new HashSet<>();
  private final Set<String> shownOnline = new HashSet<>();

  /** Who has gone, and when that is to be announced, the soonest first. */
  private final Map<String, Long> gone = new LinkedHashMap<>();

  /** Who was announced as offline, and when the broker is sure to have it, the soonest first. */
  private final Map<String, Long> unconfirmed = new LinkedHashMap<>();

  /** Whose state stands retained: as long as they are not connected they are to read offline. */
  private final Set<String> remembered = new HashSet<>();

  /**
   * Who has gone and was never read, whoever has gone first at the front: any that send one frame
   * are known, and so may be invented.
   */
  private final Set<String> strangersAway = new LinkedHashSet<>();

  private volatile @Nullable Consumer<String> forgetter;
  private @Nullable ScheduledFuture<?> nextSweep;
  private long nextSweepNanos;
  private boolean flushing;
  private boolean brokerThere;

  private final FailStopExecutor executor = new FailStopExecutor("availability");

  /**
   * Creates the keeper of all chargers' availability.
   *
   * @param journalFile remembers who was announced as online
   * @param announcer takes a client id and {@code online} or {@code offline}; must not block
   */
  public Availability(Path journalFile, BiConsumer<String, String> announcer) {
    this(journalFile, announcer, FLAP_GRACE, MOST_KNOWN);
  }

  Availability(
      Path journalFile, BiConsumer<String, String> announcer, Duration flapGrace, int mostKnown) {
    this.journal = new AvailabilityJournal(journalFile);
    this.announcer = announcer;
    this.flapGrace = flapGrace;
    this.mostKnown = mostKnown;
    executor.executeUnlessStopped(
        () -> {
          shownOnline.addAll(journal.open());
          known.addAll(shownOnline);
          strangersAway.addAll(shownOnline);
        });
    var unused =
        executor.scheduleWithFixedDelay(
            journal::mend, MEND_AFTER.toMillis(), MEND_AFTER.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * From now on room is made for chargers that come: when nearly as many are known as may be, those
   * that were never read are forgotten, whoever has gone first before the others.
   *
   * @param newForgetter forgets all that is retained of a charger, and calls {@link #forget}; must
   *     not block
   */
  public void makeRoomBy(Consumer<String> newForgetter) {
    forgetter = newForgetter;
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    String clientId = session.clientId();
    executor.executeUnlessStopped(
        () -> {
          connected.add(clientId);
          gone.remove(clientId);
          strangersAway.remove(clientId);
          if (known.contains(clientId)) {
            showOnline(clientId);
          }
        });
  }

  @Override
  public void proven(ChargerSession session) {
    String clientId = session.clientId();
    executor.executeUnlessStopped(
        () -> {
          if (known.contains(clientId)) {
            return;
          }
          if (known.size() >= mostKnown - mostKnown / SPARE_SHARE) {
            makeRoom();
          }
          if (known.size() >= mostKnown) {
            unannounced.log(
                suffix ->
                    LOG.warn(
                        "Charger {} is not announced as online: {} serial numbers were seen"
                            + " already. If they are not yours, set evse.allowed_serials{}",
                        clientId,
                        mostKnown,
                        suffix));
            return;
          }
          known.add(clientId);
          if (connected.contains(clientId)) {
            showOnline(clientId);
          }
        });
  }

  private void makeRoom() {
    Consumer<String> forgets = forgetter;
    Iterator<String> longestGoneFirst = strangersAway.iterator();
    if (forgets != null && longestGoneFirst.hasNext()) {
      String clientId = longestGoneFirst.next();
      longestGoneFirst.remove();
      forgets.accept(clientId);
    }
  }

  private void showOnline(String clientId) {
    if (brokerThere && !shownOnline.contains(clientId)) {
      online(clientId);
    }
  }

  @Override
  public void disconnected(ChargerSession session) {
    String clientId = session.clientId();
    executor.executeUnlessStopped(
        () -> {
          connected.remove(clientId);
          if (known.contains(clientId)) {
            gone.put(clientId, System.nanoTime() + flapGrace.toNanos());
            if (!remembered.contains(clientId)) {
              strangersAway.add(clientId);
            }
            sweepLater();
          }
        });
  }

  /**
   * These chargers are known, and say so at each connection of the broker from now on: online or
   * offline.
   */
  void remember(Set<String> clientIds) {
    executor.executeUnlessStopped(
        () -> {
          remembered.addAll(clientIds);
          strangersAway.removeAll(clientIds);
          known.addAll(clientIds);
        });
  }

  /**
   * Nothing is to be said of a charger any more, unless it connects.
   *
   * @param then is run after all that was said of it; not when it has connected
   */
  public void forget(String clientId, Runnable then) {
    executor.executeUnlessStopped(
        () -> {
          if (!connected.contains(clientId)) {
            known.remove(clientId);
            remembered.remove(clientId);
            shownOnline.remove(clientId);
            gone.remove(clientId);
            strangersAway.remove(clientId);
            unconfirmed.remove(clientId);
            journal.remove(clientId);
            flushLater();
            then.run();
          }
        });
  }

  /** One task for all that is due some time: there may be as many as a port scan has probes. */
  private void sweepLater() {
    if (gone.isEmpty() && unconfirmed.isEmpty()) {
      return;
    }
    long dueNanos = Math.min(soonest(gone), soonest(unconfirmed));
    if (nextSweep != null) {
      if (nextSweepNanos - dueNanos <= 0) {
        return;
      }
      nextSweep.cancel(false);
    }
    nextSweepNanos = dueNanos;
    nextSweep =
        executor.schedule(
            this::sweep, Math.max(0, dueNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  private static long soonest(Map<String, Long> due) {
    return due.isEmpty() ? System.nanoTime() + CONFIRMED_AFTER.toNanos() : firstOf(due);
  }

  private static long firstOf(Map<String, Long> due) {
    return due.values().iterator().next();
  }

  private void sweep() {
    nextSweep = null;
    takeDue(
        gone,
        clientId -> {
          if (brokerThere && shownOnline.contains(clientId) && !connected.contains(clientId)) {
            offline(clientId);
          }
        });
    takeDue(
        unconfirmed,
        clientId -> {
          if (!shownOnline.contains(clientId)) {
            journal.remove(clientId);
            flushLater();
          }
        });
    sweepLater();
  }

  private static void takeDue(Map<String, Long> due, Consumer<String> action) {
    long now = System.nanoTime();
    Iterator<Map.Entry<String, Long>> soonestFirst = due.entrySet().iterator();
    while (soonestFirst.hasNext()) {
      Map.Entry<String, Long> next = soonestFirst.next();
      if (next.getValue() - now > 0) {
        return;
      }
      String clientId = next.getKey();
      soonestFirst.remove();
      action.accept(clientId);
    }
  }

  @Override
  public void brokerConnected() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = true;
          Set<String> all = new LinkedHashSet<>(journal.online());
          all.addAll(remembered);
          for (String clientId : all) {
            if (!connected.contains(clientId)) {
              offline(clientId);
            }
          }
          connected.stream().filter(known::contains).forEach(this::online);
        });
  }

  @Override
  public void brokerLost() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = false;
          // It may not have got them: after a reconnect they are said again.
          unconfirmed.clear();
        });
  }

  private void online(String clientId) {
    journal.add(clientId);
    flushLater();
    shownOnline.add(clientId);
    announcer.accept(clientId, "online");
  }

  private void offline(String clientId) {
    announcer.accept(clientId, "offline");
    shownOnline.remove(clientId);
    // Until the broker is sure to have got it, the journal has it said again after a reconnect.
    unconfirmed.remove(clientId);
    unconfirmed.put(clientId, System.nanoTime() + CONFIRMED_AFTER.toNanos());
    sweepLater();
  }

  private void flushLater() {
    if (!flushing) {
      flushing = true;
      executor.schedule(
          () -> {
            flushing = false;
            journal.flush();
          },
          FLUSH_AFTER.toMillis(),
          TimeUnit.MILLISECONDS);
    }
  }

  /** Announces everybody as offline; returns when that has been handed over. */
  public void stop() {
    executor.executeAndWait(
        () -> {
          if (brokerThere) {
            List.copyOf(shownOnline).forEach(this::offline);
            List.copyOf(journal.online()).forEach(journal::remove);
          }
          journal.flush();
          journal.close();
        },
        STOP_PATIENCE);
    executor.shutdownNow();
  }
}
