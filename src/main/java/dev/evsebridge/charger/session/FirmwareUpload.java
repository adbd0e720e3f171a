package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ErrorCode;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One firmware image on its way: the charger never responds to it, but connects anew. */
final class FirmwareUpload {

  private static final Logger LOG = LoggerFactory.getLogger(FirmwareUpload.class);

  private final ChargerSession session;
  private final Channel channel;
  private final PendingRequest pending;
  private final Duration patience;

  FirmwareUpload(
      ChargerSession session, Channel channel, PendingRequest pending, Duration patience) {
    this.session = session;
    this.channel = channel;
    this.pending = pending;
    this.patience = patience;
  }

  /**
   * Sends the image.
   *
   * @param sent is run when the last byte has left
   */
  void send(Runnable sent) {
    LOG.info(
        "Charger {}: sending firmware of {} bytes",
        session.clientId(),
        ((UploadFirmware) pending.request()).image().lengthBytes());
    channel.eventLoop().schedule(this::overdue, patience.toNanos(), TimeUnit.NANOSECONDS);
    channel
        .writeAndFlush(pending.request())
        .addListener(
            written -> {
              if (written.isSuccess()) {
                LOG.info("Charger {}: firmware sent, waiting for its restart", session.clientId());
                sent.run();
              }
            });
  }

  private void overdue() {
    if (pending.isDone()) {
      return;
    }
    LOG.warn("Charger {}: did not come back after the firmware upload", session.clientId());
    boolean delivered = pending.delivered();
    pending.fail(
        ErrorCode.TIMEOUT,
        "The charger did not connect anew within %d s after the firmware was sent."
            .formatted(patience.toSeconds()));
    if (!delivered) {
      session.close("it did not take the firmware");
    }
  }

  /** An image that has been delivered may be noted so only after the new connection was made. */
  void chargerIsBack() {
    if (pending.delivered()) {
      pending.complete(null);
    }
  }
}
