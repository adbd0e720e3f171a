package dev.evsebridge.session;

import org.jspecify.annotations.Nullable;

/** Is told, on the connection's event loop, who comes and goes; must not block. */
public interface SessionListener {

  /**
   * A charger has connected.
   *
   * @param replaced the open connection of the same charger whose place it has taken
   */
  void connected(ChargerSession session, @Nullable ChargerSession replaced);

  /**
   * A connection has ended.
   *
   * @param current false when a newer connection of the same charger had taken its place
   */
  void disconnected(ChargerSession session, boolean current);
}
