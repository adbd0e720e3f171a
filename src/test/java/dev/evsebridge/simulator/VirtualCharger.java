package dev.evsebridge.simulator;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One simulated charger without sockets and threads, on a clock that only the test moves. */
public final class VirtualCharger {
  static final int PING = 1;
  static final int FIRMWARE = 2;
  public static final int COLLECT_DATA = 3;
  public static final int SET_PWM_PERCENT = 4;
  public static final int SET_CONTACTOR_STATE = 5;
  static final int DATA = 2;
  static final int NOTIFICATION = 100;

  private static final int LOG_OFFSET = 44;

  /** A frame from the charger, and when it was sent. */
  public record Sent(long atMillis, int type, ByteBuffer payload) {
    public int pilot() {
      return payload.get(2);
    }

    int proximity() {
      return payload.get(3);
    }

    public int intAt(int offset) {
      return payload.getInt(offset);
    }

    String log() {
      byte[] log = new byte[payload.capacity() - LOG_OFFSET];
      payload.get(LOG_OFFSET, log);
      return new String(log, US_ASCII);
    }
  }

  private final AtomicLong clock;
  private final SimulatorTiming timing;
  private final SimulatedCharger charger;
  private final List<EmbeddedChannel> channels = new ArrayList<>();
  private final List<Long> attempts = new ArrayList<>();
  private final List<Sent> sent = new ArrayList<>();
  private final ByteBuf outbound = Unpooled.buffer();
  private boolean bridgeIsThere = true;
  private boolean bridgeIsSlow;
  private int helloBytes;

  public VirtualCharger(SimulatorTiming timing, Scenario scenario) {
    this(timing, scenario, 1, 1);
  }

  VirtualCharger(SimulatorTiming timing, Scenario scenario, int number, long seed) {
    this.clock = new AtomicLong(1_000_000);
    this.timing = timing;
    this.charger =
        new SimulatedCharger(
            number, timing, scenario, seed, clock::get, this::dial, ChargerConnection::close);
    run(Duration.ZERO);
  }

  private void dial(SimulatedCharger dialling) {
    attempts.add(clock.get());
    if (bridgeIsSlow) {
      return;
    }
    if (bridgeIsThere) {
      accept();
    } else {
      dialling.dialFailed();
    }
  }

  /** The bridge takes a connection that the charger has asked for. */
  void accept() {
    helloBytes = 17;
    outbound.clear();
    channels.add(new EmbeddedChannel(charger.newConnection()));
  }

  /** Whether attempts to connect stay open until {@link #accept}. */
  void setBridgeIsSlow(boolean slow) {
    bridgeIsSlow = slow;
  }

  public SimulatedCharger charger() {
    return charger;
  }

  public long nowMillis() {
    return clock.get();
  }

  void setBridgeIsThere(boolean there) {
    bridgeIsThere = there;
  }

  /** When it has tried to connect. */
  List<Long> attempts() {
    return attempts;
  }

  EmbeddedChannel channel() {
    return Objects.requireNonNull(channels.get(channels.size() - 1));
  }

  int connections() {
    return channels.size();
  }

  EmbeddedChannel channel(int index) {
    return channels.get(index);
  }

  public void run(Duration duration) {
    long end = clock.get() + duration.toMillis();
    do {
      clock.set(Math.min(clock.get() + timing.loopInterval().toMillis(), end));
      charger.tick();
      gather();
    } while (clock.get() < end);
  }

  void runMillis(long millis) {
    run(Duration.ofMillis(millis));
  }

  void send(int type, byte... payload) {
    sendRaw(PlainBridge.frame(type, payload));
  }

  void sendRaw(byte... bytes) {
    channel().writeInbound(Unpooled.wrappedBuffer(bytes));
  }

  /** Everything sent since the last call, the hello left out. */
  List<Sent> sent() {
    gather();
    List<Sent> all = List.copyOf(sent);
    sent.clear();
    return all;
  }

  /** Sends a request and lets time pass until its response is there. */
  public Sent ask(int type, byte... payload) {
    int responseType =
        switch (type) {
          case COLLECT_DATA -> DATA;
          case SET_PWM_PERCENT -> 3;
          case SET_CONTACTOR_STATE -> 4;
          default -> 1;
        };
    send(type, payload);
    for (int turns = 0; turns < 1_000; turns++) {
      clock.addAndGet(timing.loopInterval().toMillis());
      charger.tick();
      gather();
      Sent response = find(responseType);
      if (response != null) {
        sent.remove(response);
        return response;
      }
    }
    throw new AssertionError("No response to request " + type);
  }

  private @Nullable Sent find(int type) {
    return sent.stream().filter(frame -> frame.type == type).findFirst().orElse(null);
  }

  private void gather() {
    if (channels.isEmpty()) {
      return;
    }
    ByteBuf bytes = channel().readOutbound();
    while (bytes != null) {
      outbound.writeBytes(bytes);
      bytes.release();
      bytes = channel().readOutbound();
    }
    if (helloBytes > 0 && outbound.readableBytes() >= helloBytes) {
      outbound.skipBytes(helloBytes);
      helloBytes = 0;
    }
    while (outbound.readableBytes() >= 5) {
      int type = outbound.readUnsignedByte();
      byte[] payload = new byte[outbound.readInt()];
      outbound.readBytes(payload);
      sent.add(new Sent(clock.get(), type, ByteBuffer.wrap(payload)));
    }
  }
}
