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

  /**
   * Is asked once more, on the same event loop, at the moment at which a request would go out: what
   * was right when it was queued may be wrong by now. After null it is written at once.
   *
   * @return the error that the request ends in, or null to let it go out
   */
  default @Nullable RequestFailedException lastWord(
      ChargerSession session, ChargerRequest request) {
    return null;
  }

  /**
   * What a request ends in when the reading that it needs could not be taken.
   *
   * @param failure what became of the reading
   */
  default RequestFailedException withoutReading(
      ChargerSession session, ChargerRequest request, RequestFailedException failure) {
    return failure;
  }

  /** Both have to allow a request. */
  default RequestGuard and(RequestGuard other) {
    return new BothGuards(this, other);
  }
}
