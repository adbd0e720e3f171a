package dev.evsebridge.charger.connection;

import dev.evsebridge.message.ErrorMessage;

/** Where errors go that belong to no request; must not block. */
@FunctionalInterface
public interface ErrorSink {
  /** Publishes the error. */
  void report(ErrorMessage error);
}
