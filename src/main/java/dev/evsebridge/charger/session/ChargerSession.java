package dev.evsebridge.charger.session;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.session.PendingRequest.Kind;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerRequest.SetContactorState;
import dev.evsebridge.message.ChargerRequest.SetPwmPercent;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SerialNumber;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The open connection of a known charger: who it is, and the way to it. Only {@link #close}, {@link
 * #submit}, {@link #ping}, {@link #submitUrgent}, {@link #collectUrgently}, {@link #execute} and
 * {@link #schedule} may be called off the channel's event loop.
 */
public final class ChargerSession {

  private final Channel channel;
  private final SerialNumber serialNumber;
  private final String clientId;
  private final int firmwareVersion;
  private final RequestQueue requests;
  private final long openedAtNanos = System.nanoTime();

  private long lastRequestAtNanos = openedAtNanos;
  private @Nullable FirmwareUpload toVerify;

  /** Those who are told what happens here; of most sessions nobody. */
  private List<SessionObserver> observers = List.of();

  private boolean sharesCollects;
  private boolean alwaysHeard;

  /** When something came the last time; written by the event loop. */
  private volatile long lastHeardAtNanos = openedAtNanos;

  private volatile @Nullable String closeReason;

  ChargerSession(
      Channel channel,
      Hello hello,
      String clientId,
      SessionLimits limits,
      FirmwareUploads firmwareUploads) {
    this.channel = channel;
    this.serialNumber = hello.serialNumber();
    this.firmwareVersion = hello.firmwareVersion();
    this.clientId = clientId;
    this.requests = new RequestQueue(this, channel, limits, firmwareUploads);
  }

  /** The serial number from the hello. */
  public SerialNumber serialNumber() {
    return serialNumber;
  }

  /** The configured name, or the serial number. */
  public String clientId() {
    return clientId;
  }

  /** The firmware version from the hello. */
  public int firmwareVersion() {
    return firmwareVersion;
  }

  /** Where the charger connected from. */
  public SocketAddress remoteAddress() {
    return channel.remoteAddress();
  }

  public Duration age() {
    return Duration.ofNanos(System.nanoTime() - openedAtNanos);
  }

  /** Whether a request has been sent on this connection. */
  public boolean wasAsked() {
    return lastRequestAtNanos != openedAtNanos;
  }

  /** How long ago the last request was sent, or the connection was made. */
  public Duration sinceLastRequest() {
    return Duration.ofNanos(System.nanoTime() - lastRequestAtNanos);
  }

  /** Why the connection was closed from this side; null when the charger ended it. */
  public @Nullable String closeReason() {
    return closeReason;
  }

  /** Closes the connection; what is outstanding fails. May be called from any thread. */
  public void close(String reason) {
    if (closeReason == null) {
      closeReason = reason;
    }
    channel.close();
  }

  /**
   * Sends a request of the bridge itself, after those that wait already; from any thread. When the
   * session {@linkplain #shareCollects shares} collects, a collect shares the response of one that
   * is on the wire or waits.
   *
   * @return ends with the response, or with a {@link RequestFailedException}
   */
  public CompletionStage<@Nullable ChargerResponse> submit(ChargerRequest request) {
    PendingRequest pending = new PendingRequest(request, Deadline.NONE, Kind.ORDINARY);
    submit(pending, null);
    return pending.outcome();
  }

  /**
   * Asks for a response, after the requests that wait already; from any thread. The response is not
   * published.
   *
   * @return ends with the response, or with a {@link RequestFailedException}
   */
  public CompletionStage<@Nullable ChargerResponse> ping() {
    PendingRequest pending =
        new PendingRequest(new ChargerRequest.Ping(clientId), Deadline.NONE, Kind.PROBE);
    submit(pending, null);
    return pending.outcome();
  }

  /**
   * Sends a safety command of the bridge itself; from any thread. It goes before all requests that
   * wait, however many, and does not wait for the response to the one on the wire; only for that to
   * another safety command. A firmware upload of which nothing has been sent yet is given up for
   * it.
   *
   * @return ends with the response, or with a {@link RequestFailedException}
   */
  public CompletionStage<@Nullable ChargerResponse> submitUrgent(ChargerRequest command) {
    PendingRequest pending = new PendingRequest(command, Deadline.NONE, Kind.URGENT);
    run(
        () -> {
          observe(pending);
          requests.addUrgent(pending);
        },
        pending::failDisconnected);
    return pending.outcome();
  }

  /**
   * Takes a reading that cannot wait for other requests; from any thread. It goes out beside the
   * one on the wire, unless that will bring a reading itself; then this shares it.
   *
   * @return ends with the reading, or with a {@link RequestFailedException}
   */
  public CompletionStage<@Nullable ChargerResponse> collectUrgently() {
    PendingRequest pending =
        new PendingRequest(new ChargerRequest.CollectData(clientId), Deadline.NONE, Kind.URGENT);
    run(() -> requests.addUrgentCollect(pending), pending::failDisconnected);
    return pending.outcome();
  }

  /**
   * Runs a task on the connection's event loop, from any thread: before this returns where this is
   * its thread, else after what it is busy with. Not when the loop has ended.
   */
  public void execute(Runnable task) {
    run(task, () -> {});
  }

  /** Runs a task later on the connection's event loop; from any thread. */
  public Future<?> schedule(Runnable task, long delayNanos) {
    return channel.eventLoop().schedule(task, delayNanos, TimeUnit.NANOSECONDS);
  }

  /** Takes a request; from any thread. */
  void submit(PendingRequest pending, @Nullable RequestGuard guard) {
    run(() -> enqueue(pending, guard), pending::failDisconnected);
  }

  private void enqueue(PendingRequest pending, @Nullable RequestGuard guard) {
    if (guard != null && guard.needsReading(this, pending.request())) {
      PendingRequest reading =
          new PendingRequest(
              new ChargerRequest.CollectData(clientId), Deadline.NONE, Kind.ORDINARY);
      reading.whenEnded(
          (response, failure) -> {
            if (failure instanceof RequestFailedException failed) {
              pending.fail(guard.withoutReading(this, pending.request(), failed));
            } else {
              // Not before observers have been told of it.
              later(() -> admit(pending, guard), pending::failDisconnected);
            }
          },
          this::fault);
      admit(reading, null);
    } else {
      admit(pending, guard);
    }
  }

  private void admit(PendingRequest pending, @Nullable RequestGuard guard) {
    RequestFailedException refusal = guard == null ? null : guard.refusal(this, pending.request());
    if (refusal != null) {
      pending.fail(refusal);
      return;
    }
    if (sharesCollects && requests.share(pending)) {
      return;
    }
    observe(pending);
    pending.guardedBy(guard);
    requests.add(pending);
  }

  private void observe(PendingRequest pending) {
    ChargerRequest request = pending.request();
    if (!observers.isEmpty()
        && (request instanceof SetContactorState || request instanceof SetPwmPercent)) {
      pending.whenEnded(
          (response, failure) -> {
            if (failure instanceof RequestFailedException failed) {
              tell(observer -> observer.failed(this, request, failed.code()));
            } else if (failure == null) {
              tell(observer -> observer.acknowledged(this, request));
            }
          },
          this::fault);
    }
  }

  private void tell(Consumer<SessionObserver> event) {
    for (SessionObserver observer : observers) {
      event.accept(observer);
    }
  }

  /** Something has failed that should not: the connection is closed, and the log says why. */
  void fault(Throwable cause) {
    channel.pipeline().fireExceptionCaught(cause);
  }

  /**
   * Has one more observer told what happens from now on. To be called when the session is announced
   * to a {@link SessionListener}, or later on the session's event loop.
   */
  public void observe(SessionObserver observer) {
    List<SessionObserver> more = new ArrayList<>(observers);
    more.add(observer);
    observers = List.copyOf(more);
  }

  /**
   * From now on, a collect shares the response of one that is on the wire or waits: each of them
   * blinds the charger for 0.6 s. To be called as {@link #observe}.
   */
  public void shareCollects() {
    sharesCollects = true;
  }

  /**
   * From now on, the charger is heard also while reading from others is paused: somebody here
   * decides what its contactor does. To be called when the session is announced to a {@link
   * SessionListener}.
   */
  public void keepHearing() {
    alwaysHeard = true;
  }

  /** Whether the charger is heard while reading from others is paused. */
  public boolean isAlwaysHeard() {
    return alwaysHeard;
  }

  /**
   * Something has come from the charger.
   *
   * @param atNanos when, by {@link System#nanoTime}
   */
  public void heard(long atNanos) {
    lastHeardAtNanos = atNanos;
  }

  /** When something came from the charger the last time; from any thread. */
  public Instant lastHeard() {
    return Instant.now().minusNanos(System.nanoTime() - lastHeardAtNanos);
  }

  /** The session is registered. */
  void opened() {
    tell(observer -> observer.connected(this));
  }

  /** The charger says that something has changed. */
  public void notified() {
    tell(observer -> observer.notified(this));
  }

  /** On the event loop, after what it is busy with. */
  private void later(Runnable task, Runnable ended) {
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      ended.run();
    }
  }

  private void run(Runnable task, Runnable ended) {
    if (channel.eventLoop().inEventLoop()) {
      task.run();
    } else {
      later(task, ended);
    }
  }

  /** A request is about to be written. */
  void requestSent() {
    lastRequestAtNanos = System.nanoTime();
  }

  /**
   * Takes a response from the charger: publishes it where it is to be published, then ends the
   * request that it belongs to.
   *
   * @param publisher takes what goes to MQTT
   */
  public void received(ChargerResponse response, Consumer<? super ChargerResponse> publisher) {
    requests.received(response, publisher);
    if (response instanceof Reading reading) {
      FirmwareUpload upload = toVerify;
      if (upload != null) {
        toVerify = null;
        upload.verified(this, reading);
      }
      tell(observer -> observer.reading(this, reading));
    }
  }

  /** Asks for the reading that shows how an upload on an earlier connection has ended. */
  void verify(FirmwareUpload upload) {
    run(
        () -> {
          if (toVerify != upload && upload.verifyOn(this, channel.eventLoop())) {
            toVerify = upload;
            requests.collectFirst();
          }
        },
        () -> {});
  }

  /** Reading from the charger is paused: nothing that it says is heard. */
  public void readingPaused() {
    requests.readingPaused();
  }

  /** Reading from the charger goes on. */
  public void readingResumed() {
    requests.readingResumed();
  }

  /** Fails everything outstanding; the channel has become inactive. */
  void closed() {
    requests.close();
    tell(observer -> observer.disconnected(this));
  }

  @Override
  public String toString() {
    return clientId.equals(serialNumber.hex())
        ? clientId
        : "'" + clientId + "' (" + serialNumber.hex() + ")";
  }
}
