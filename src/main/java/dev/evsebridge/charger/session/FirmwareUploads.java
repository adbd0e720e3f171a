package dev.evsebridge.charger.session;

import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.FirmwareImage;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Which chargers are taking in firmware. It outlives their connections. All images together may
 * fill no more than a part of the memory, so that an update of a large site does not end the
 * bridge.
 */
final class FirmwareUploads {

  private static final int SHARE_OF_HEAP = 4;

  private final ConcurrentMap<String, FirmwareUpload> uploads = new ConcurrentHashMap<>();
  private final long mostBytes;
  private final AtomicLong bytes = new AtomicLong();
  private final FirmwareListeners listeners = new FirmwareListeners();

  /**
   * Creates an empty collection.
   *
   * @param mostBytes of images that may be in memory at a time
   */
  FirmwareUploads(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  static FirmwareUploads withinHeap() {
    return new FirmwareUploads(Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
  }

  void addListener(FirmwareListener told) {
    listeners.add(told);
  }

  /**
   * Makes room for an image until the request has ended.
   *
   * @return false when there is none
   */
  boolean admit(PendingRequest request, FirmwareImage image) {
    int length = image.lengthBytes();
    if (bytes.addAndGet(length) > mostBytes) {
      bytes.addAndGet(-length);
      return false;
    }
    var unused = request.outcome().whenComplete((response, failure) -> bytes.addAndGet(-length));
    return true;
  }

  /** It is an upload's turn; it counts until it has ended. */
  FirmwareUpload begin(PendingRequest request, ChargerSession sender, Duration patience) {
    FirmwareUpload upload = new FirmwareUpload(request, sender, patience, listeners);
    uploads.put(sender.clientId(), upload);
    var unused =
        request
            .outcome()
            .whenComplete((response, failure) -> uploads.remove(sender.clientId(), upload));
    return upload;
  }

  /** An upload was asked for, and has not begun; unless another one is under way. */
  void refused(String clientId, ErrorCode code, String detail) {
    if (!uploads.containsKey(clientId)) {
      listeners.refused(clientId, code, detail);
    }
  }

  /** The upload to a charger that has not ended, or null. */
  @Nullable FirmwareUpload find(String clientId) {
    return uploads.get(clientId);
  }

  /** Whether a charger takes no other request now. */
  boolean isUnderWay(String clientId) {
    FirmwareUpload upload = uploads.get(clientId);
    return upload != null && upload.isUnderWay();
  }
}
