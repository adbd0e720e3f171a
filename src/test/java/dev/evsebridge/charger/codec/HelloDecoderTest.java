package dev.evsebridge.charger.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.BufferLedger;
import dev.evsebridge.testkit.KnownMessages;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HelloDecoderTest {
  private static final SerialNumber SERIAL = new SerialNumber(KnownMessages.SERIAL);
  private static final int MAX_FRAME_LENGTH_BYTES = 1_000;

  private final BufferLedger ledger = new BufferLedger();
  private final EmbeddedChannel channel =
      ledger.channel(
          new HelloDecoder(SerialNumber::hex, MAX_FRAME_LENGTH_BYTES, CumulationBudget.ofHeap()));

  @AfterEach
  void nothingIsLeftOver() {
    assertFalse(channel.finish(), "messages that the test did not read");
    ledger.assertAllReleased();
  }

  @ParameterizedTest
  @CsvSource({"00, 0", "01, 1", "02, 2", "7f, 127", "80, 128", "ff, 255"})
  void readsTheFirmwareVersionUnsigned(String hex, int version) {
    channel.writeInbound(ledger.hex(KnownMessages.SERIAL + hex));

    assertEquals(new Hello(SERIAL, version), channel.readInbound());
  }

  @Test
  void waitsForTheSeventeenthByte() {
    byte[] hello = KnownMessages.bytes(KnownMessages.SERIAL + "09");
    for (int i = 0; i < hello.length - 1; i++) {
      assertFalse(channel.writeInbound(ledger.buffer(new byte[] {hello[i]})), "after byte " + i);
    }

    assertTrue(channel.writeInbound(ledger.buffer(new byte[] {hello[hello.length - 1]})));
    assertEquals(new Hello(SERIAL, 9), channel.readInbound());
  }

  @Test
  void saysNothingWhenTheConnectionEndsInTheHello() {
    channel.writeInbound(ledger.hex("10ba23ab"));

    assertFalse(channel.finish());
    assertNull(channel.readInbound());
  }

  @Test
  void handsWhatFollowsTheHelloToTheFrameDecoder() {
    channel.writeInbound(ledger.hex(KnownMessages.SERIAL + "09" + "0100000000" + "64"));

    assertEquals(new Hello(SERIAL, 9), channel.readInbound());
    assertEquals(new PingResponse(KnownMessages.SERIAL), channel.readInbound());
    assertNull(channel.readInbound());
    channel.writeInbound(ledger.hex("00000000"));
    assertEquals(new Notification(KnownMessages.SERIAL), channel.readInbound());
  }

  @Test
  void tellsTheFrameDecoderWhichFirmwareSpeaks() {
    channel.writeInbound(ledger.hex(KnownMessages.SERIAL + "02" + "0200000024" + "00".repeat(36)));

    assertEquals(new Hello(SERIAL, 2), channel.readInbound());
    assertInstanceOf(Reading.class, channel.readInbound());
  }
}
