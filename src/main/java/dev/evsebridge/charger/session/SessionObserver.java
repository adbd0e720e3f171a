package dev.evsebridge.charger.session;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Reading;

/**
 * Is told what happens on one charger's connection. Everything is told on the connection's event
 * loop, in the order in which it happens, after it has been published, but for notifications; must
 * not block. An observer may submit requests from within.
 */
public interface SessionObserver {

  /** The session is registered: requests reach it from now on. */
  default void connected(ChargerSession session) {}

  /** A reading has come, be it a response, late or unsolicited. */
  default void reading(ChargerSession session, Reading reading) {}

  /** The charger says that something has changed; told before it is published. */
  default void notified(ChargerSession session) {}

  /**
   * The charger has carried out a command to contactor or control pilot.
   *
   * @param command whoever it came from
   */
  default void acknowledged(ChargerSession session, ChargerRequest command) {}

  /**
   * A command to contactor or control pilot has failed. After a {@link ErrorCode#TIMEOUT} and a
   * {@link ErrorCode#DISCONNECTED} it may have been carried out all the same.
   *
   * @param command whoever it came from
   */
  default void failed(ChargerSession session, ChargerRequest command, ErrorCode code) {}

  /** The connection has ended; everything outstanding has failed. */
  default void disconnected(ChargerSession session) {}
}
