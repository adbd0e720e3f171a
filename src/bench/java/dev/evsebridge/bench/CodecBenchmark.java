package dev.evsebridge.bench;

import dev.evsebridge.charger.codec.CumulationBudget;
import dev.evsebridge.charger.codec.HelloDecoder;
import dev.evsebridge.charger.codec.RequestEncoder;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.SerialNumber;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Bytes to messages and back, through the handlers of a connection; time and allocation per
 * message.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class CodecBenchmark {
  private static final int READINGS_AT_ONCE = 32;
  private static final int MAX_FRAME_LENGTH_BYTES = 65_536;
  private static final String CLIENT_ID = DataFrames.clientId(1);

  private final EmbeddedChannel charger =
      new EmbeddedChannel(
          new HelloDecoder(SerialNumber::hex, MAX_FRAME_LENGTH_BYTES, CumulationBudget.ofHeap()),
          new RequestEncoder());
  private final ByteBuf oneReading = Unpooled.directBuffer(DataFrames.LENGTH);
  private final ByteBuf readings = Unpooled.directBuffer(READINGS_AT_ONCE * DataFrames.LENGTH);
  private final ByteBuf pingAnswer = Unpooled.directBuffer(5);
  private final ChargerRequest request = new ChargerRequest.SetPwmPercent(CLIENT_ID, 50);

  /** Says the hello, after which frames are expected. */
  @Setup
  public void connect() {
    charger.writeInbound(Unpooled.wrappedBuffer(DataFrames.hello(1)));
    charger.releaseInbound();
    DataFrames.write(oneReading, 1, 60_000);
    for (int i = 0; i < READINGS_AT_ONCE; i++) {
      DataFrames.write(readings, i, 60_000);
    }
    pingAnswer.writeByte(RequestKind.PING.answerType).writeInt(0);
  }

  /** Closes the connection. */
  @TearDown
  public void close() {
    charger.finishAndReleaseAll();
    oneReading.release();
    readings.release();
    pingAnswer.release();
  }

  /** One reading with 64 bytes of log, which came alone. */
  @Benchmark
  public Object decodeReading() {
    charger.writeInbound(oneReading.retainedDuplicate());
    return charger.readInbound();
  }

  /** A reading out of a buffer that holds many. */
  @Benchmark
  @OperationsPerInvocation(READINGS_AT_ONCE)
  public void decodeManyReadings(Blackhole sink) {
    charger.writeInbound(readings.retainedDuplicate());
    for (int i = 0; i < READINGS_AT_ONCE; i++) {
      Object message = charger.readInbound();
      sink.consume(message);
    }
  }

  /** The answer to a ping. */
  @Benchmark
  public Object decodePingAnswer() {
    charger.writeInbound(pingAnswer.retainedDuplicate());
    return charger.readInbound();
  }

  /** A request to the charger. */
  @Benchmark
  public boolean encodeRequest() {
    charger.writeOutbound(request);
    ByteBuf frame = charger.readOutbound();
    return frame.release();
  }
}
