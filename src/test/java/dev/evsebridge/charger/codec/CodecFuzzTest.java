package dev.evsebridge.charger.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.BufferLedger;
import dev.evsebridge.testkit.KnownMessages;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Whatever bytes come, in whatever pieces: messages or a violation, and no buffer stays behind. */
class CodecFuzzTest {
  private static final int MAX_FRAME_LENGTH_BYTES = 2_000;
  private static final long UNSIGNED_MAX = 0xFFFF_FFFFL;
  private static final List<PilotVoltage> PILOT_VOLTAGES =
      List.of(
          PilotVoltage.VOLT_12,
          PilotVoltage.VOLT_9,
          PilotVoltage.VOLT_6,
          PilotVoltage.VOLT_3,
          PilotVoltage.FAULT);
  private static final List<ProximityPilot> PROXIMITY_PILOTS =
      List.of(
          ProximityPilot.AMP_13,
          ProximityPilot.AMP_20,
          ProximityPilot.AMP_32,
          ProximityPilot.NO_CABLE);

  @Property
  void endsInMessagesOrAViolation(
      @ForAll("conversations") byte[] bytes,
      @ForAll @Size(max = 20) List<@IntRange(max = 70) Integer> chunks) {
    replay(bytes, chunks);
  }

  @Property
  void doesNotDependOnTheChunks(
      @ForAll("conversations") byte[] bytes,
      @ForAll @Size(max = 20) List<@IntRange(max = 70) Integer> chunks) {
    assertEquals(replay(bytes, List.of()), replay(bytes, chunks));
  }

  @Property
  void readsEveryReadingThatAChargerCanSend(
      @ForAll("readings") Reading reading,
      @ForAll @IntRange(min = 2, max = 255) int firmwareVersion,
      @ForAll @Size(max = 20) List<@IntRange(max = 70) Integer> chunks) {
    Reading expected = firmwareVersion < 3 ? withoutAdc(reading) : reading;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(KnownMessages.bytes(KnownMessages.SERIAL));
    bytes.write(firmwareVersion);
    bytes.writeBytes(frame(reading, firmwareVersion));

    assertEquals(
        List.of(new Hello(new SerialNumber(KnownMessages.SERIAL), firmwareVersion), expected),
        replay(bytes.toByteArray(), chunks));
  }

  /** Decodes all of it and returns what came out, up to the first violation. */
  private static List<Object> replay(byte[] bytes, List<Integer> chunks) {
    BufferLedger ledger = new BufferLedger();
    UpToTheFirstViolation end = new UpToTheFirstViolation();
    EmbeddedChannel channel =
        ledger.channel(
            new HelloDecoder(SerialNumber::hex, MAX_FRAME_LENGTH_BYTES, CumulationBudget.ofHeap()),
            end);
    int from = 0;
    int next = 0;
    while (from < bytes.length) {
      int length = next < chunks.size() ? chunks.get(next++) : bytes.length;
      int to = Math.min(bytes.length, from + length);
      channel.writeInbound(ledger.buffer(Arrays.copyOfRange(bytes, from, to)));
      from = to;
    }
    assertFalse(channel.finish());
    ledger.assertAllReleased();
    return end.seen;
  }

  /** As the session does, takes nothing more from a charger that has broken the protocol. */
  private static final class UpToTheFirstViolation extends ChannelInboundHandlerAdapter {
    private final List<Object> seen = new ArrayList<>();
    private boolean violated;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (!violated) {
        seen.add(message);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable failure) {
      if (!(failure instanceof ProtocolViolationException)) {
        ctx.fireExceptionCaught(failure);
      } else if (!violated) {
        violated = true;
        seen.add(String.valueOf(failure.getMessage()));
      }
    }
  }

  /** A hello, then frames of which some are broken, then anything. */
  @Provide
  Arbitrary<byte[]> conversations() {
    Arbitrary<byte[]> soup = Arbitraries.bytes().array(byte[].class).ofMaxSize(60);
    Arbitrary<byte[]> hello =
        Arbitraries.of(2, 3, 9, 0, 255)
            .map(version -> join(KnownMessages.bytes(KnownMessages.SERIAL), (byte) (int) version));
    Arbitrary<byte[]> empty =
        Arbitraries.of(1, 3, 4, 100).map(type -> new byte[] {(byte) (int) type, 0, 0, 0, 0});
    Arbitrary<byte[]> reading =
        Combinators.combine(readings(), Arbitraries.of(2, 3, 9)).as(CodecFuzzTest::frame);
    Arbitrary<byte[]> damaged =
        Combinators.combine(reading, Arbitraries.integers().between(0, 40), Arbitraries.bytes())
            .as(
                (frame, at, value) -> {
                  byte[] copy = frame.clone();
                  copy[at] = value;
                  return copy;
                });
    Arbitrary<byte[]> rest =
        Arbitraries.frequencyOf(
                Tuple.of(4, empty), Tuple.of(4, reading), Tuple.of(1, damaged), Tuple.of(1, soup))
            .list()
            .ofMaxSize(6)
            .map(parts -> parts.stream().reduce(new byte[0], CodecFuzzTest::join));
    return Arbitraries.oneOf(soup, Combinators.combine(hello, rest).as(CodecFuzzTest::join));
  }

  @Provide
  Arbitrary<Reading> readings() {
    Arbitrary<Long> unsigned = Arbitraries.longs().between(0, UNSIGNED_MAX);
    Arbitrary<List<Long>> numbers = unsigned.list().ofSize(9);
    return Combinators.combine(
            Arbitraries.integers().between(0, 255),
            Arbitraries.of(true, false),
            Arbitraries.of(PilotVoltage.class),
            Arbitraries.of(ProximityPilot.class),
            numbers,
            Arbitraries.integers(),
            Arbitraries.strings().ofMaxLength(80))
        .as(
            (pwm, closed, pilot, proximity, n, rssi, log) ->
                new Reading(
                    KnownMessages.SERIAL,
                    pwm,
                    closed,
                    new Measurements(
                        pilot,
                        proximity,
                        n.get(0),
                        n.get(1),
                        n.get(2),
                        n.get(3),
                        n.get(4),
                        n.get(5),
                        rssi,
                        n.get(6),
                        n.get(7),
                        n.get(8),
                        // What UTF-8 cannot say, no charger can send.
                        new String(log.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))));
  }

  private static Reading withoutAdc(Reading reading) {
    Measurements m = reading.measurements();
    return new Reading(
        reading.clientId(),
        reading.pwmPercent(),
        reading.contactorClosed(),
        new Measurements(
            m.pilotVoltage(),
            m.proximityPilotAmps(),
            m.phase1Millivolts(),
            m.phase2Millivolts(),
            m.phase3Millivolts(),
            m.phase1Milliamps(),
            m.phase2Milliamps(),
            m.phase3Milliamps(),
            m.wifiRssiDbm(),
            m.uptimeMilliseconds(),
            0,
            0,
            m.log()));
  }

  /** A second writing of the wire format, apart from the one under test. */
  private static byte[] frame(Reading reading, int firmwareVersion) {
    Measurements m = reading.measurements();
    byte[] log = m.log().getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(2);
      out.writeInt((firmwareVersion < 3 ? 36 : 44) + log.length);
      out.writeByte(reading.contactorClosed() ? 1 : 0);
      out.writeByte(reading.pwmPercent());
      out.writeByte(PILOT_VOLTAGES.indexOf(m.pilotVoltage()));
      out.writeByte(PROXIMITY_PILOTS.indexOf(m.proximityPilotAmps()));
      out.writeInt((int) m.phase1Millivolts());
      out.writeInt((int) m.phase2Millivolts());
      out.writeInt((int) m.phase3Millivolts());
      out.writeInt((int) m.phase1Milliamps());
      out.writeInt((int) m.phase2Milliamps());
      out.writeInt((int) m.phase3Milliamps());
      out.writeInt(m.wifiRssiDbm());
      out.writeInt((int) m.uptimeMilliseconds());
      if (firmwareVersion >= 3) {
        out.writeInt((int) m.controlPilotAdc());
        out.writeInt((int) m.proximityPilotAdc());
      }
      out.write(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] join(byte[] first, byte... second) {
    byte[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}
