package dev.evsebridge.mqtt;

/**
 * Why a connection to the broker ended.
 *
 * @param cause who or what ended it
 * @param reason in words
 */
record LinkEnd(Cause cause, String reason) {

  /** Who or what ended a connection. */
  enum Cause {
    /** Another client of the same id has taken its place. */
    TAKEN_OVER,
    /** The broker said that it is stopping, or that the bridge was silent for too long. */
    BROKER_LEFT,
    /** Nothing came any more, or nothing could be sent. */
    SILENCE,
    /** The broker closed it, without a word or because of something that it was sent. */
    BROKER_CLOSED,
    /** The client library failed. */
    CLIENT_FAULT
  }

  /** Whether a message that was in flight may have been the reason. */
  boolean mayBeForAMessage() {
    return cause == Cause.BROKER_CLOSED || cause == Cause.CLIENT_FAULT;
  }
}
