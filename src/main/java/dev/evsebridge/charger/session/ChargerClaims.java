package dev.evsebridge.charger.session;

/**
 * Has to say of each charger that has connected that it is this bridge's, before it is registered.
 * There are such only where several bridges share a broker.
 */
public interface ChargerClaims {

  /** A connection whose charger has shown that it is one. */
  interface Newcomer {

    /** The configured name of the charger, or its serial number. */
    String clientId();

    /**
     * It is this bridge's: it is to be registered, and requests that come after this call are for
     * it. From any thread.
     */
    void take();

    /** It is not, or no longer: its connection is to be closed. From any thread. */
    void close(String reason);
  }

  /** Claims a charger; on its connection's event loop, must not block. */
  void claim(Newcomer newcomer);

  /** The connection of a charger that was claimed has ended, whoever has ended it. */
  void ended(Newcomer newcomer);
}
