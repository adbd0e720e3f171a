package dev.evsebridge.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.HexFormat;

/** Hands out buffers and knows which of them have not been given back. */
public final class BufferLedger {

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);

  /** Makes a channel whose handlers take their buffers from this ledger too. */
  public EmbeddedChannel channel(ChannelHandler... handlers) {
    EmbeddedChannel channel = new EmbeddedChannel();
    channel.config().setAllocator(allocator);
    channel.pipeline().addLast(handlers);
    return channel;
  }

  /** Makes a buffer of these bytes. */
  public ByteBuf buffer(byte[] bytes) {
    return allocator.heapBuffer(Math.max(1, bytes.length)).writeBytes(bytes);
  }

  /** Makes a buffer of the bytes that are written as hex. */
  public ByteBuf hex(String hex) {
    return buffer(HexFormat.of().parseHex(hex));
  }

  /** Fails when a buffer has not been released. */
  public void assertAllReleased() {
    assertEquals(
        0,
        allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory(),
        "bytes in buffers that nobody has released");
  }
}
