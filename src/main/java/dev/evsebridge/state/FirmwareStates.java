package dev.evsebridge.state;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.FirmwareListener;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.state.FirmwareStatus.Phase;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps each charger's retained firmware status at the broker true: which version it runs, which
 * one could be installed, and how an upload goes. It begins with a charger's first valid frame, so
 * that strangers leave nothing behind. Told on any thread; holds up nobody.
 */
public final class FirmwareStates implements SessionListener, FirmwareListener, BrokerListener {

  /** An upload makes progress more often than anybody wants to hear of. */
  private static final long BETWEEN_NANOS = Duration.ofMillis(500).toNanos();

  /** A request that ends an upload is reported as a failed request as well, a moment later. */
  private static final long SAME_FAILURE_NANOS = Duration.ofSeconds(5).toNanos();

  /** Twice as many chargers as may be connected by default; each has a retained message. */
  private static final int MOST_KNOWN = 20_000;

  private static final Duration SPARE_TIME = Duration.ofMinutes(1);

  private final Optional<String> imageVersion;
  private final long staleAfterSeconds;
  private final BiConsumer<String, FirmwareStatus> announcer;
  private final Clock clock;
  private final LongSupplier nanoClock;
  private final int mostKnown;
  private final Map<String, Entry> entries = new HashMap<>();
  private int known;
  private boolean brokerThere;
  private @Nullable StateWatcher watcher;

  /**
   * Creates the keeper of all chargers' firmware statuses.
   *
   * @param imageVersion the version of the configured image, where there is one
   * @param longestWait the longest time between two steps of an upload
   * @param announcer takes a client id and its status; must not block
   */
  public FirmwareStates(
      Optional<String> imageVersion,
      Duration longestWait,
      BiConsumer<String, FirmwareStatus> announcer) {
    this(imageVersion, longestWait, announcer, Clock.systemUTC(), System::nanoTime, MOST_KNOWN);
  }

  FirmwareStates(
      Optional<String> imageVersion,
      Duration longestWait,
      BiConsumer<String, FirmwareStatus> announcer,
      Clock clock,
      LongSupplier nanoClock,
      int mostKnown) {
    this.imageVersion = imageVersion;
    this.staleAfterSeconds = longestWait.plus(SPARE_TIME).toSeconds();
    this.announcer = announcer;
    this.clock = clock;
    this.nanoClock = nanoClock;
    this.mostKnown = mostKnown;
  }

  private static final class Entry {
    @Nullable ChargerSession session;
    String installedVersion;
    boolean known;
    Phase phase = Phase.IDLE;
    @Nullable Integer percentage;
    @Nullable Integer imageBytes;
    @Nullable ErrorCode error;
    @Nullable String detail;
    @Nullable String started;
    @Nullable String finished;
    long finishedAtNanos;
    long saidAtNanos;

    Entry(ChargerSession session) {
      this.session = session;
      this.installedVersion = version(session);
    }
  }

  private static String version(ChargerSession session) {
    return Integer.toString(session.firmwareVersion());
  }

  /** Tells one more from now on, while the broker is away too. */
  public synchronized void watch(StateWatcher newWatcher) {
    watcher = newWatcher;
  }

  @Override
  public synchronized void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    Entry entry = entries.computeIfAbsent(session.clientId(), unseen -> new Entry(session));
    entry.session = session;
    if (!entry.installedVersion.equals(version(session))) {
      entry.installedVersion = version(session);
      say(session.clientId(), entry);
    }
  }

  @Override
  public synchronized void proven(ChargerSession session) {
    Entry entry = entries.get(session.clientId());
    if (entry != null && !entry.known && known < mostKnown) {
      known++;
      entry.known = true;
      say(session.clientId(), entry);
    }
  }

  @Override
  public synchronized void disconnected(ChargerSession session) {
    Entry entry = entries.get(session.clientId());
    if (entry == null || entry.session != session) {
      return;
    }
    entry.session = null;
    if (!entry.known) {
      entries.remove(session.clientId());
    }
  }

  @Override
  public synchronized void brokerConnected() {
    brokerThere = true;
    entries.forEach(this::say);
  }

  /** Says everything again. */
  public synchronized void republish() {
    entries.forEach(this::say);
  }

  @Override
  public synchronized void brokerLost() {
    brokerThere = false;
  }

  @Override
  public synchronized void checking(ChargerSession session, int imageBytes) {
    Entry entry = entries.get(session.clientId());
    if (entry != null) {
      begin(entry);
      entry.phase = Phase.CHECKING;
      entry.imageBytes = imageBytes;
      say(session.clientId(), entry);
    }
  }

  private void begin(Entry entry) {
    entry.imageBytes = null;
    entry.error = null;
    entry.detail = null;
    entry.started = now();
    entry.finished = null;
  }

  private String now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  @Override
  public synchronized void uploading(ChargerSession session, long takenBytes, long totalBytes) {
    Entry entry = entries.get(session.clientId());
    if (entry == null) {
      return;
    }
    int percentage = (int) (100 * Math.min(takenBytes, totalBytes) / totalBytes);
    boolean begins = entry.phase != Phase.UPLOADING;
    boolean isNews = !Objects.equals(entry.percentage, percentage);
    entry.phase = Phase.UPLOADING;
    if (begins || (isNews && nanoClock.getAsLong() - entry.saidAtNanos >= BETWEEN_NANOS)) {
      entry.percentage = percentage;
      say(session.clientId(), entry);
    }
  }

  @Override
  public synchronized void restarting(ChargerSession session) {
    Entry entry = entries.get(session.clientId());
    if (entry != null) {
      entry.phase = Phase.RESTARTING;
      entry.percentage = 100;
      say(session.clientId(), entry);
    }
  }

  @Override
  public synchronized void done(ChargerSession session) {
    Entry entry = entries.get(session.clientId());
    if (entry != null) {
      entry.installedVersion = version(session);
      end(session.clientId(), entry, Phase.DONE);
    }
  }

  @Override
  public synchronized void failed(ChargerSession session, ErrorCode code, String detail) {
    Entry entry = entries.get(session.clientId());
    if (entry != null) {
      fail(session.clientId(), entry, code, detail);
    }
  }

  @Override
  public synchronized void refused(String clientId, ErrorCode code, String detail) {
    Entry entry = entries.get(clientId);
    if (entry == null || entry.phase.inProgress() || isSameFailure(entry, code, detail)) {
      return;
    }
    begin(entry);
    fail(clientId, entry, code, detail);
  }

  private boolean isSameFailure(Entry entry, ErrorCode code, String detail) {
    return entry.phase == Phase.FAILED
        && entry.error == code
        && detail.equals(entry.detail)
        && nanoClock.getAsLong() - entry.finishedAtNanos < SAME_FAILURE_NANOS;
  }

  private void fail(String clientId, Entry entry, ErrorCode code, String detail) {
    entry.error = code;
    entry.detail = detail;
    end(clientId, entry, Phase.FAILED);
  }

  private void end(String clientId, Entry entry, Phase phase) {
    entry.phase = phase;
    entry.percentage = null;
    entry.finished = now();
    entry.finishedAtNanos = nanoClock.getAsLong();
    say(clientId, entry);
  }

  /**
   * Forgets a charger that is not connected; what is retained of it is for the caller to clear.
   *
   * @param clientId its serial number or configured name
   */
  public synchronized void forget(String clientId) {
    Entry entry = entries.get(clientId);
    if (entry != null && entry.session == null) {
      entries.remove(clientId);
      if (entry.known) {
        known--;
      }
    }
  }

  private void say(String clientId, Entry entry) {
    if (!entry.known || (!brokerThere && watcher == null)) {
      return;
    }
    entry.saidAtNanos = nanoClock.getAsLong();
    FirmwareStatus status = status(entry);
    if (watcher != null) {
      watcher.firmware(clientId, status);
    }
    if (brokerThere) {
      announcer.accept(clientId, status);
    }
  }

  private FirmwareStatus status(Entry entry) {
    return new FirmwareStatus(
        entry.phase.code(),
        entry.installedVersion,
        imageVersion.orElse(entry.installedVersion),
        entry.phase.inProgress(),
        entry.percentage,
        entry.imageBytes,
        entry.error == null ? null : entry.error.code(),
        entry.detail,
        entry.started,
        entry.finished,
        staleAfterSeconds);
  }
}
