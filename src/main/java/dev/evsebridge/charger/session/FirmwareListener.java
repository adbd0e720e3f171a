package dev.evsebridge.charger.session;

import dev.evsebridge.message.ErrorCode;

/** Is told how firmware uploads go, on an event loop; must not block. */
public interface FirmwareListener {

  /** The bridge asks for the reading that must come before an upload. */
  default void checking(ChargerSession session, int imageBytes) {}

  /**
   * The image is on its way.
   *
   * @param takenBytes what the charger's socket has taken of it so far, with its frame's head
   * @param totalBytes of the image, with its frame's head
   */
  default void uploading(ChargerSession session, long takenBytes, long totalBytes) {}

  /** The whole image has been sent; the charger is to connect anew. */
  default void restarting(ChargerSession session) {}

  /**
   * The charger has restarted.
   *
   * @param session its new connection, which knows the firmware version that runs now
   */
  default void done(ChargerSession session) {}

  /**
   * Somebody has asked for an upload that never began.
   *
   * @param clientId the charger that was meant; there may be none of that name
   */
  default void refused(String clientId, ErrorCode code, String detail) {}

  /**
   * The upload has ended with an error.
   *
   * @param session the connection that it was asked for on
   */
  default void failed(ChargerSession session, ErrorCode code, String detail) {}
}
