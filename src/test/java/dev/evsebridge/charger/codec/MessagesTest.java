package dev.evsebridge.charger.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.BufferLedger;
import dev.evsebridge.testkit.KnownMessages;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is made of the frames. */
class MessagesTest {
  private static final int MAX_FRAME_LENGTH_BYTES = 65_536;
  private static final String ZEROS = "00".repeat(40);

  private final BufferLedger ledger = new BufferLedger();
  private final EmbeddedChannel channel =
      ledger.channel(
          new HelloDecoder(SerialNumber::hex, MAX_FRAME_LENGTH_BYTES, CumulationBudget.ofHeap()));

  @AfterEach
  void nothingIsLeftOver() {
    assertFalse(channel.finish(), "messages that the test did not read");
    ledger.assertAllReleased();
  }

  static Stream<KnownMessages.FromCharger> frames() {
    return KnownMessages.frames();
  }

  @ParameterizedTest
  @MethodSource("frames")
  void readsEveryKnownFrame(KnownMessages.FromCharger row) {
    hello(row.firmwareVersion());

    channel.writeInbound(ledger.buffer(KnownMessages.bytes(row.hex())));

    assertEquals(row.message(), channel.readInbound());
  }

  @ParameterizedTest
  @MethodSource("frames")
  void readsEveryKnownFrameByteByByte(KnownMessages.FromCharger row) {
    hello(row.firmwareVersion());

    for (byte b : KnownMessages.bytes(row.hex())) {
      channel.writeInbound(ledger.buffer(new byte[] {b}));
    }

    assertEquals(row.message(), channel.readInbound());
  }

  @Test
  void speaksOfAChargerByItsName() {
    EmbeddedChannel named =
        ledger.channel(
            new HelloDecoder(s -> "Garage", MAX_FRAME_LENGTH_BYTES, CumulationBudget.ofHeap()));

    named.writeInbound(ledger.hex(KnownMessages.SERIAL + "09" + "6400000000"));

    assertEquals(new Hello(new SerialNumber(KnownMessages.SERIAL), 9), named.readInbound());
    assertEquals(new Notification("Garage"), named.readInbound());
    assertFalse(named.finish());
  }

  @ParameterizedTest
  @CsvSource({"00, VOLT_12", "01, VOLT_9", "02, VOLT_6", "03, VOLT_3", "04, FAULT"})
  void readsEveryPilotVoltage(String code, PilotVoltage voltage) {
    assertEquals(voltage, reading("0000" + code + "00" + ZEROS).measurements().pilotVoltage());
  }

  @ParameterizedTest
  @CsvSource({"00, AMP_13", "01, AMP_20", "02, AMP_32", "03, NO_CABLE"})
  void readsEveryCableRating(String code, ProximityPilot rating) {
    assertEquals(rating, reading("000000" + code + ZEROS).measurements().proximityPilotAmps());
  }

  @ParameterizedTest
  @CsvSource({
    "02000000, contactor state must be 0 or 1 but was 2",
    "ff000000, contactor state must be 0 or 1 but was 255",
    "00000500, pilot voltage must be 0 to 4 but was 5",
    "0000ff00, pilot voltage must be 0 to 4 but was 255",
    "00000004, proximity pilot must be 0 to 3 but was 4",
    "000000ff, proximity pilot must be 0 to 3 but was 255",
  })
  void refusesAReadingWithAnUnknownCode(String codesHex, String message) {
    hello(9);

    ProtocolViolationException violation =
        assertThrows(
            ProtocolViolationException.class,
            () -> channel.writeInbound(ledger.hex("020000002c" + codesHex + ZEROS)));

    assertEquals(message, violation.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "00, '\0'",
    "c3a4, ä",
    "f09f9a97, 🚗",
    "41ff42, A\uFFFDB",
    "c3, \uFFFD",
    "e282, \uFFFD",
    "fffe, \uFFFD\uFFFD",
    "c080, \uFFFD\uFFFD",
  })
  void readsTheLogAsUtf8AndReplacesEachMalformedSequence(String logHex, String log) {
    assertEquals(log, reading("00000000" + ZEROS + logHex).measurements().log());
  }

  @ParameterizedTest
  @CsvSource({"1023", "1024", "65492"})
  void readsLogsUpToTheFrameLimit(int lengthBytes) {
    String log = reading("00000000" + ZEROS + "41".repeat(lengthBytes)).measurements().log();

    assertEquals("A".repeat(lengthBytes), log);
  }

  private void hello(int firmwareVersion) {
    channel.writeInbound(ledger.hex(KnownMessages.SERIAL + "%02x".formatted(firmwareVersion)));
    assertEquals(
        new Hello(new SerialNumber(KnownMessages.SERIAL), firmwareVersion), channel.readInbound());
  }

  private Reading reading(String payloadHex) {
    hello(9);
    channel.writeInbound(ledger.hex("02%08x".formatted(payloadHex.length() / 2) + payloadHex));
    ChargerMessage message = channel.readInbound();
    assertNotNull(message);
    return (Reading) message;
  }
}
