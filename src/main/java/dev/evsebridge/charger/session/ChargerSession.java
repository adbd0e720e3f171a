package dev.evsebridge.charger.session;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The open connection of a known charger: who it is, and the way to it. Only {@link #close} and
 * {@link #submit} may be called off the channel's event loop.
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

  /** Takes a request; from any thread. */
  void submit(PendingRequest pending) {
    run(() -> requests.add(pending), pending::failDisconnected);
  }

  private void run(Runnable task, Runnable ended) {
    if (channel.eventLoop().inEventLoop()) {
      task.run();
      return;
    }
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      ended.run();
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
    FirmwareUpload upload = toVerify;
    if (upload != null && response instanceof Reading reading) {
      toVerify = null;
      upload.verified(this, reading);
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
  }

  @Override
  public String toString() {
    return clientId.equals(serialNumber.hex())
        ? clientId
        : "'" + clientId + "' (" + serialNumber.hex() + ")";
  }
}
