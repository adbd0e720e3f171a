package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.RequestFailedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.channel.ChannelProgressivePromise;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One firmware upload: from the reading before it, which must show an open contactor, to the
 * reading after it, which shows whether the charger has restarted. In between the charger never
 * responds, it connects anew: an upload outlives the connection that it was sent on.
 */
final class FirmwareUpload {

  private static final Logger LOG = LoggerFactory.getLogger(FirmwareUpload.class);

  /** Frame type, length and CRC-32 before the image. */
  private static final int HEAD_BYTES = 9;

  private enum State {
    CHECKING,
    UPLOADING,
    RESTARTING,
    VERIFYING
  }

  private final PendingRequest request;
  private final ChargerSession sender;
  private final Duration patience;
  private final FirmwareListener listener;
  private final int imageBytes;

  /** Changed by the event loop of the connection that the charger has at the time. */
  private volatile State state = State.CHECKING;

  private volatile @Nullable RestartCheck restartCheck;
  private @Nullable Reading readingBefore;
  private long readBeforeAtNanos;
  private long startedAtNanos;

  FirmwareUpload(
      PendingRequest request, ChargerSession sender, Duration patience, FirmwareListener listener) {
    this.request = request;
    this.sender = sender;
    this.patience = patience;
    this.listener = listener;
    this.imageBytes = ((UploadFirmware) request.request()).image().lengthBytes();
    request.whenEnded((response, failure) -> ended(failure), sender::fault);
    listener.checking(sender, imageBytes);
  }

  private void ended(@Nullable Throwable failure) {
    if (failure instanceof RequestFailedException failed) {
      listener.failed(sender, failed.code(), failed.detail());
    }
  }

  /** Whether the charger takes no other request now. */
  boolean isUnderWay() {
    return state != State.VERIFYING;
  }

  /**
   * Takes the outcome of the reading before the upload.
   *
   * @return whether the image may be sent now
   */
  boolean checked(@Nullable Reading reading, @Nullable Throwable failure) {
    if (request.isDone()) {
      return false;
    }
    if (reading == null) {
      request.fail(failure == null ? new IllegalStateException("no reading") : failure);
    } else if (reading.contactorClosed()) {
      request.fail(
          ErrorCode.CONTACTOR_CLOSED,
          "The contactor is closed, and the reboot would open it under load: open it first.");
    } else if (request.expired()) {
      request.fail(
          ErrorCode.TIMEOUT, "The message expired before the upload; it was not carried out.");
    } else {
      readingBefore = reading;
      readBeforeAtNanos = System.nanoTime();
      return true;
    }
    return false;
  }

  /**
   * A safety command has come while nothing of the image has been sent: it goes first.
   *
   * @return false when the image is on its way already
   */
  boolean giveUpChecking() {
    if (state != State.CHECKING) {
      return false;
    }
    request.fail(ErrorCode.BUSY, "A safety command to this charger came before the upload.");
    return true;
  }

  /**
   * Sends the image in one piece.
   *
   * @param sent is run when the last byte has left
   */
  void send(Channel channel, Runnable sent) {
    state = State.UPLOADING;
    LOG.info("Charger {}: sending firmware of {} bytes", sender, imageBytes);
    listener.uploading(sender, 0, HEAD_BYTES + imageBytes);
    startedAtNanos = System.nanoTime();
    endInTime(channel.eventLoop());
    ChannelProgressivePromise written = channel.newProgressivePromise();
    written.addListener(
        new ChannelProgressiveFutureListener() {
          @Override
          public void operationProgressed(
              ChannelProgressiveFuture future, long takenBytes, long unknown) {
            listener.uploading(sender, takenBytes, HEAD_BYTES + imageBytes);
          }

          @Override
          public void operationComplete(ChannelProgressiveFuture future) {
            if (future.isSuccess()) {
              sent.run();
              delivered();
            } else {
              sender.close("the firmware could not be sent: " + future.cause());
            }
          }
        });
    channel.writeAndFlush(request.request(), written);
  }

  private void endInTime(EventLoop eventLoop) {
    long leftNanos = patience.toNanos() - (System.nanoTime() - startedAtNanos);
    eventLoop
        .schedule(this::overdue, leftNanos, TimeUnit.NANOSECONDS)
        .addListener(
            timer -> {
              if (timer.isCancelled() && eventLoop.isShuttingDown()) {
                // The bridge has stopped listening: nobody would look at the time any more.
                request.failDisconnected();
              }
            });
  }

  private void delivered() {
    if (request.isDone() || readingBefore == null) {
      return;
    }
    // From here on it is the next connection that tells how it went.
    restartCheck =
        new RestartCheck(
            readingBefore.measurements().uptimeMilliseconds(),
            readBeforeAtNanos,
            System.nanoTime());
    state = State.RESTARTING;
    LOG.info("Charger {}: firmware sent, waiting for its restart", sender);
    listener.restarting(sender);
  }

  private void overdue() {
    if (request.isDone()) {
      return;
    }
    State reached = state;
    request.fail(
        ErrorCode.TIMEOUT,
        reached == State.VERIFYING
            ? "The charger has connected anew, but gave no reading within %d s after the firmware was sent: whether it has restarted is not known."
                .formatted(patience.toSeconds())
            : "The charger did not connect anew within %d s after the firmware was sent."
                .formatted(patience.toSeconds()));
    if (reached == State.UPLOADING) {
      sender.close("it did not take the firmware");
    }
  }

  /** The connection that the image was to go out on has ended. */
  void connectionEnded() {
    if (state == State.UPLOADING) {
      request.fail(
          ErrorCode.DISCONNECTED, "The connection ended before all of the firmware had been sent.");
    }
  }

  /**
   * The charger has a new connection: its first reading will tell.
   *
   * @return whether the connection is a new one, after the whole image was sent
   */
  boolean verifyOn(ChargerSession session, EventLoop eventLoop) {
    if (session == sender || restartCheck == null || request.isDone()) {
      return false;
    }
    state = State.VERIFYING;
    // The event loop of the connection before may have ended with its listener.
    endInTime(eventLoop);
    return true;
  }

  /** The first reading on a new connection. */
  void verified(ChargerSession session, Reading reading) {
    RestartCheck check = restartCheck;
    if (check == null || request.isDone()) {
      return;
    }
    Measurements measurements = reading.measurements();
    boolean restarted =
        session.firmwareVersion() != sender.firmwareVersion()
            || check.hasRestarted(measurements.uptimeMilliseconds(), System.nanoTime());
    if (restarted) {
      LOG.info(
          "Charger {}: has restarted after the firmware upload, and runs version {}",
          session,
          session.firmwareVersion());
      request.complete(null);
      listener.done(session);
    } else {
      String said = FirmwareLog.line(measurements.log());
      request.fail(
          ErrorCode.FIRMWARE_REFUSED,
          "The charger has come back without having restarted: it has refused the firmware."
              + (said == null ? "" : " Its log says: " + said));
    }
  }
}
