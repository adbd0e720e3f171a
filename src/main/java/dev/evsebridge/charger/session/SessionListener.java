package dev.evsebridge.charger.session;

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
   * The first valid frame has come on a connection: what has said a hello is a charger, and not
   * just anything that sends 17 bytes.
   */
  default void proven(ChargerSession session) {}

  /** A charger's connection has ended, and no newer one had taken its place. */
  void disconnected(ChargerSession session);
}
