package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.RequestFailedException;
import org.jspecify.annotations.Nullable;

/**
 * Decides which requests from outside reach a charger. What the bridge itself submits to a session
 * does not pass here.
 */
@FunctionalInterface
public interface RequestGuard {

  /**
   * Is asked on the session's event loop before the request is queued; must not block.
   *
   * @return the error that the request ends in, or null to let it pass
   */
  @Nullable RequestFailedException refusal(ChargerSession session, ChargerRequest request);
}
