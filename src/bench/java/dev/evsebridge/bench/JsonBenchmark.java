package dev.evsebridge.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Messages to JSON and requests from JSON, as the routes do it; time and allocation per message.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class JsonBenchmark {
  private static final String CLIENT_ID = "10BA23AB50534D53302E312000000001";

  private final ObjectMapper mapper = dev.evsebridge.message.BridgeJson.mapper();
  private final PingResponse ping = new PingResponse(CLIENT_ID);
  private final Reading reading =
      new Reading(
          CLIENT_ID,
          50,
          true,
          new Measurements(
              PilotVoltage.VOLT_9,
              ProximityPilot.AMP_32,
              230_001,
              230_002,
              230_003,
              15_001,
              15_002,
              15_003,
              -77,
              3_600_000,
              4095,
              1234,
              "60018: PWM percent updated to 50\0" + "60024: Switched contactor on..\0"));
  private final byte[] request =
      "{\"message_type\":\"request_set_pwm_percent\",\"client_id\":\"%s\",\"pwm_percent\":50}"
          .formatted(CLIENT_ID)
          .getBytes(StandardCharsets.UTF_8);

  /** A reading with 64 bytes of log. */
  @Benchmark
  public byte[] writeReading() throws IOException {
    return mapper.writeValueAsBytes(reading);
  }

  /** The shortest message. */
  @Benchmark
  public byte[] writePingResponse() throws IOException {
    return mapper.writeValueAsBytes(ping);
  }

  /** A request. */
  @Benchmark
  public Map<?, ?> readRequest() throws IOException {
    return mapper.readValue(request, Map.class);
  }
}
