package dev.evsebridge.state;

/**
 * Is told what is new of every charger, while the broker is away too, and of its state also before
 * it is known enough to be announced; from any thread. Must not block.
 */
public interface StateWatcher {

  /** Something about a charger is new. */
  void changed(ChargerState state);

  /** A charger has written a line to its log. */
  void logged(String clientId, LogLine line);

  /** A firmware upload goes on, or another version runs. */
  void firmware(String clientId, FirmwareStatus status);

  /** A charger has gone that was never known. */
  void forgotten(String clientId);
}
