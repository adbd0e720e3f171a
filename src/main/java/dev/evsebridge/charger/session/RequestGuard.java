package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.RequestFailedException;
import org.jspecify.annotations.Nullable;

/**
 * Decides which requests from outside reach a charger. What the bridge itself submits to a session
 * does not pass here.
 */
public interface RequestGuard {

  /**
   * Whether a reading must be taken before {@link #refusal} can tell.
   *
   * @return true to be asked once a fresh reading is there
   */
  default boolean needsReading(ChargerSession session, ChargerRequest request) {
    return false;
  }

  /**
   * Is asked on the session's event loop before the request is queued; must not block.
   *
   * @return the error that the request ends in, or null to let it pass
   */
  @Nullable RequestFailedException refusal(ChargerSession session, ChargerRequest request);
}
