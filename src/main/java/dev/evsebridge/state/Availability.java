package dev.evsebridge.state;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps each charger's retained availability at the broker true. A charger that is back within a
 * second was never offline. All of it happens on one thread, off the event loops.
 */
public final class Availability implements SessionListener, BrokerListener {

  private static final Duration FLAP_GRACE = Duration.ofMillis(1_200);

  /** A broker that has frozen is noticed sooner: what was announced so long ago has arrived. */
  private static final Duration CONFIRMED_AFTER = Duration.ofSeconds(90);

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

  private final AvailabilityJournal journal;
  private final BiConsumer<String, String> announcer;
  private final Duration flapGrace;
  private final Set<String> connected = new HashSet<>();
  private final Set<String> shownOnline = new HashSet<>();
  private boolean brokerThere;
  private int lossesOfBroker;

  private final FailStopExecutor executor = new FailStopExecutor("availability");

  /**
   * Makes it.
   *
   * @param journalFile remembers who was announced as online
   * @param announcer takes a client id and {@code online} or {@code offline}; must not block
   */
  public Availability(Path journalFile, BiConsumer<String, String> announcer) {
    this(journalFile, announcer, FLAP_GRACE);
  }

  Availability(Path journalFile, BiConsumer<String, String> announcer, Duration flapGrace) {
    this.journal = new AvailabilityJournal(journalFile);
    this.announcer = announcer;
    this.flapGrace = flapGrace;
    executor.executeUnlessStopped(() -> shownOnline.addAll(journal.open()));
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    String clientId = session.clientId();
    executor.executeUnlessStopped(
        () -> {
          connected.add(clientId);
          if (brokerThere && !shownOnline.contains(clientId)) {
            online(clientId);
          }
        });
  }

  @Override
  public void disconnected(ChargerSession session) {
    String clientId = session.clientId();
    executor.executeUnlessStopped(
        () -> {
          connected.remove(clientId);
          executor.schedule(() -> stillGone(clientId), flapGrace.toMillis(), TimeUnit.MILLISECONDS);
        });
  }

  private void stillGone(String clientId) {
    if (brokerThere && shownOnline.contains(clientId) && !connected.contains(clientId)) {
      offline(clientId);
    }
  }

  @Override
  public void brokerConnected() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = true;
          for (String clientId : List.copyOf(journal.online())) {
            if (!connected.contains(clientId)) {
              offline(clientId);
            }
          }
          connected.forEach(this::online);
        });
  }

  @Override
  public void brokerLost() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = false;
          lossesOfBroker++;
        });
  }

  private void online(String clientId) {
    journal.add(clientId);
    shownOnline.add(clientId);
    announcer.accept(clientId, "online");
  }

  private void offline(String clientId) {
    announcer.accept(clientId, "offline");
    shownOnline.remove(clientId);
    int losses = lossesOfBroker;
    executor.schedule(
        () -> confirmOffline(clientId, losses), CONFIRMED_AFTER.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Until the broker is sure to have got it, the journal has it said again after a reconnect. */
  private void confirmOffline(String clientId, int lossesThen) {
    if (lossesThen == lossesOfBroker && !shownOnline.contains(clientId)) {
      journal.remove(clientId);
    }
  }

  /** Announces everybody as offline; returns when that has been handed over. */
  public void stop() {
    if (executor.isShutdown()) {
      return;
    }
    CountDownLatch done = new CountDownLatch(1);
    executor.executeUnlessStopped(
        () -> {
          if (brokerThere) {
            List.copyOf(shownOnline).forEach(this::offline);
            List.copyOf(journal.online()).forEach(journal::remove);
          }
          journal.close();
          done.countDown();
        });
    try {
      boolean unused = done.await(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    executor.shutdownNow();
  }
}
