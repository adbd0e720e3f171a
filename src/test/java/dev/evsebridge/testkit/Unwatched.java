package dev.evsebridge.testkit;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.SessionLimits;
import org.jspecify.annotations.Nullable;

/** A registry of chargers of which nobody is told who comes and goes. */
public final class Unwatched {
  private Unwatched() {}

  public static SessionRegistry registry(SessionLimits limits) {
    return registry(limits, new OpenRequests());
  }

  public static SessionRegistry registry(SessionLimits limits, OpenRequests openRequests) {
    return new SessionRegistry(limits, new Nobody(), openRequests);
  }

  private static final class Nobody implements SessionListener {
    @Override
    public void connected(ChargerSession session, @Nullable ChargerSession replaced) {}

    @Override
    public void disconnected(ChargerSession session) {}
  }
}
