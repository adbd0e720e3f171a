package dev.evsebridge.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DefaultByteBufHolder;

/** A frame from a charger with its payload, whose length has been checked. */
final class Frame extends DefaultByteBufHolder {

  private final FrameType type;

  Frame(FrameType type, ByteBuf payload) {
    super(payload);
    this.type = type;
  }

  FrameType type() {
    return type;
  }

  @Override
  public Frame replace(ByteBuf content) {
    return new Frame(type, content);
  }
}
