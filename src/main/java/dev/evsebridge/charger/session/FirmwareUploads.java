package dev.evsebridge.charger.session;

import dev.evsebridge.message.FirmwareImage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Which chargers are taking in firmware: from the first byte until they connect anew. It outlives
 * the connection that the image was sent on. All images together may fill no more than a part of
 * the memory, so that an update of a large site does not end the bridge.
 */
final class FirmwareUploads {

  private static final int SHARE_OF_HEAP = 4;

  private final ConcurrentMap<String, PendingRequest> uploads = new ConcurrentHashMap<>();
  private final long mostBytes;
  private final AtomicLong bytes = new AtomicLong();

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

  /**
   * Makes room for an image until the request has ended.
   *
   * @return false when there is none
   */
  boolean admit(PendingRequest upload, FirmwareImage image) {
    int length = image.lengthBytes();
    if (bytes.addAndGet(length) > mostBytes) {
      bytes.addAndGet(-length);
      return false;
    }
    var unused = upload.outcome().whenComplete((response, failure) -> bytes.addAndGet(-length));
    return true;
  }

  /** The first byte is about to be sent; the upload counts until it has ended. */
  void begin(PendingRequest upload) {
    String clientId = upload.request().clientId();
    uploads.put(clientId, upload);
    var unused =
        upload.outcome().whenComplete((response, failure) -> uploads.remove(clientId, upload));
  }

  boolean isUnderWay(String clientId) {
    return uploads.containsKey(clientId);
  }

  /** Whether a charger that connects now has restarted after it was sent a whole image. */
  boolean hasRestarted(String clientId) {
    PendingRequest upload = uploads.get(clientId);
    return upload != null && upload.delivered();
  }

  /** The charger is back: its upload has ended. */
  void end(String clientId) {
    PendingRequest upload = uploads.get(clientId);
    if (upload != null) {
      upload.complete(null);
    }
  }
}
