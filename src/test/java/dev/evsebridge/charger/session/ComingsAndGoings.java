package dev.evsebridge.charger.session;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Notes who comes and goes. */
public class ComingsAndGoings implements SessionListener {
  public final List<String> events = new ArrayList<>();

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    events.add(replaced == null ? "connected" : "replaced");
  }

  @Override
  public void disconnected(ChargerSession session) {
    events.add("disconnected");
  }
}
