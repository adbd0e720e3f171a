package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.RequestFailedException;
import org.jspecify.annotations.Nullable;

/** Two guards of which either may refuse. */
record BothGuards(RequestGuard first, RequestGuard second) implements RequestGuard {

  @Override
  public boolean needsReading(ChargerSession session, ChargerRequest request) {
    return first.needsReading(session, request) || second.needsReading(session, request);
  }

  @Override
  public @Nullable RequestFailedException refusal(ChargerSession session, ChargerRequest request) {
    RequestFailedException refusal = first.refusal(session, request);
    return refusal == null ? second.refusal(session, request) : refusal;
  }

  @Override
  public @Nullable RequestFailedException lastWord(ChargerSession session, ChargerRequest request) {
    RequestFailedException refusal = first.lastWord(session, request);
    return refusal == null ? second.lastWord(session, request) : refusal;
  }

  @Override
  public RequestFailedException withoutReading(
      ChargerSession session, ChargerRequest request, RequestFailedException failure) {
    return second.withoutReading(session, request, first.withoutReading(session, request, failure));
  }
}
