package dev.evsebridge.session;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Which chargers are taking in firmware: from the first byte until they connect anew. It outlives
 * the connection that the image was sent on.
 */
final class FirmwareUploads {

  private final ConcurrentMap<String, PendingRequest> uploads = new ConcurrentHashMap<>();

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
