package dev.evsebridge.charger.codec;

import io.netty.handler.codec.DecoderException;

/** A charger said what the protocol does not know: its connection is closed, no other one. */
public final class ProtocolViolationException extends DecoderException {

  private static final long serialVersionUID = 1L;

  /** Takes one plain sentence on what was wrong. */
  public ProtocolViolationException(String message) {
    super(message);
  }

  /** The exception is thrown by input, possibly often, and never printed with its trace. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
