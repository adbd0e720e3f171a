package dev.evsebridge.app.reload;

import java.util.Set;

/** What passes through the routes. */
public interface Traffic {

  /**
   * Keeps messages away from routes that are about to be reloaded, and waits until these are idle.
   * It waits for a known time only, and after a known time messages pass again, even without {@link
   * #resume}.
   *
   * @param routeIds the routes
   */
  void pause(Set<String> routeIds);

  /** Lets messages pass again. */
  void resume();
}
