package dev.evsebridge.charger.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.BufferLedger;
import dev.evsebridge.testkit.Captures;
import dev.evsebridge.testkit.KnownMessages;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays what the chargers' own network code has sent. */
class RecordedBytesTest {
  private static final List<String> CONVERSATION =
      List.of(
          "response_ping",
          "response_collect_data",
          "response_set_pwm_percent",
          "response_set_contactor_state",
          "response_collect_data",
          "response_set_contactor_state",
          "response_set_pwm_percent",
          "response_collect_data",
          "notify");

  private final BufferLedger ledger = new BufferLedger();
  private final EmbeddedChannel channel =
      ledger.channel(new HelloDecoder(SerialNumber::hex, 65_536, CumulationBudget.ofHeap()));

  @AfterEach
  void nothingIsLeftOver() {
    assertFalse(channel.finish(), "messages that the test did not read");
    ledger.assertAllReleased();
  }

  static Stream<Arguments> recordingsAndChunks() {
    return Captures.NAMES.stream()
        .flatMap(name -> Stream.of(1, 7, 1_000, 100_000).map(chunk -> Arguments.of(name, chunk)));
  }

  @ParameterizedTest
  @MethodSource("recordingsAndChunks")
  void understandsEveryRecordingInAnyChunks(String recording, int chunkBytes) {
    List<ChargerMessage> messages = replay(recording, chunkBytes);

    assertEquals(CONVERSATION, messages.stream().map(ChargerMessage::messageType).toList());
    assertEquals(
        List.of(false, true, false), readings(messages).map(Reading::contactorClosed).toList());
    assertEquals(List.of(100, 50, 100), readings(messages).map(Reading::pwmPercent).toList());
  }

  @Test
  void keepsALogThatFillsTheChargersBuffer() {
    Reading reading = readings(replay("v9-log-full", 100_000)).findFirst().orElseThrow();

    assertEquals(985, reading.measurements().log().length());
    assertTrue(
        reading.measurements().log().endsWith("60000: Connected to server: 192.168.1.1:9091\0"));
  }

  @Test
  void readsAnUptimeAboveTheSignedRange() {
    Reading reading = readings(replay("v9-log-fault", 100_000)).findFirst().orElseThrow();

    assertEquals(3_000_000_006L, reading.measurements().uptimeMilliseconds());
  }

  private static Stream<Reading> readings(List<ChargerMessage> messages) {
    return messages.stream().filter(Reading.class::isInstance).map(Reading.class::cast);
  }

  private List<ChargerMessage> replay(String recording, int chunkBytes) {
    byte[] bytes = HexFormat.of().parseHex(Captures.hex(recording));
    for (int from = 0; from < bytes.length; from += chunkBytes) {
      int to = Math.min(bytes.length, from + chunkBytes);
      channel.writeInbound(ledger.buffer(Arrays.copyOfRange(bytes, from, to)));
    }
    int version = recording.startsWith("v2") ? 2 : 9;
    assertEquals(new Hello(new SerialNumber(KnownMessages.SERIAL), version), channel.readInbound());
    List<ChargerMessage> messages = new ArrayList<>();
    for (ChargerMessage message = channel.readInbound();
        message != null;
        message = channel.readInbound()) {
      messages.add(message);
    }
    return messages;
  }
}
