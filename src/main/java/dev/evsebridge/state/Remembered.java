package dev.evsebridge.state;

import dev.evsebridge.message.SerialNumber;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of a charger over restarts of the bridge.
 *
 * @param serial stays the same when the charger is renamed
 * @param root the topic that its topics were below
 * @param clientId the name that they were under
 * @param firmwareVersion from its last hello; 0 when it is not known
 * @param readAt when the last reading came
 * @param chargerStart when the charger started
 * @param metered energy and sessions
 */
record Remembered(
    SerialNumber serial,
    String root,
    String clientId,
    int firmwareVersion,
    @Nullable Instant readAt,
    @Nullable Instant chargerStart,
    Metered metered) {

  /** Topics that hold something retained which has no business there any more. */
  record Former(String root, String clientId) {}
}
