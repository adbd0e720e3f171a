package dev.evsebridge.state;

/**
 * Is told the state of every charger at each change, while the broker is away too, and also before
 * a charger is known enough to be announced; must not block.
 */
public interface StateWatcher {

  /** Something about a charger is new. */
  void changed(ChargerState state);

  /** A charger has gone that was never known. */
  void forgotten(String clientId);
}
