package dev.evsebridge.charger.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SetContactorStateResponse;
import dev.evsebridge.message.SetPwmPercentResponse;
import dev.evsebridge.testkit.BufferLedger;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameDecoderTest {
  private static final String CLIENT_ID = "Garage";
  private static final int FIRMWARE_VERSION = 9;
  private static final int MAX_LENGTH_BYTES = 64;
  private static final String SHORTEST_READING = "020000002c" + "00".repeat(44);
  private static final String LONGEST_READING = "0200000040" + "00".repeat(44) + "41".repeat(20);

  private final CumulationBudget budget = new CumulationBudget(Long.MAX_VALUE);
  private final BufferLedger ledger = new BufferLedger();
  private EmbeddedChannel channel = channel(FIRMWARE_VERSION);

  private EmbeddedChannel channel(int firmwareVersion) {
    return ledger.channel(new FrameDecoder(CLIENT_ID, firmwareVersion, MAX_LENGTH_BYTES, budget));
  }

  @AfterEach
  void nothingIsLeftOver() {
    assertFalse(channel.finish(), "messages that the test did not read");
    ledger.assertAllReleased();
  }

  static Stream<Arguments> shortestAndLongest() {
    return Stream.of(
        Arguments.of("0100000000", new PingResponse(CLIENT_ID)),
        Arguments.of("0300000000", new SetPwmPercentResponse(CLIENT_ID)),
        Arguments.of("0400000000", new SetContactorStateResponse(CLIENT_ID)),
        Arguments.of("6400000000", new Notification(CLIENT_ID)),
        Arguments.of(SHORTEST_READING, reading("")),
        Arguments.of(LONGEST_READING, reading("A".repeat(20))));
  }

  @ParameterizedTest
  @MethodSource("shortestAndLongest")
  void readsEachTypeWholeAndByteByByte(String hex, ChargerMessage message) {
    channel.writeInbound(ledger.hex(hex));
    assertEquals(message, channel.readInbound());

    for (byte b : HexFormat.of().parseHex(hex)) {
      channel.writeInbound(ledger.buffer(new byte[] {b}));
    }
    assertEquals(message, channel.readInbound());
  }

  @Test
  void cutsGluedFramesApart() {
    channel.writeInbound(ledger.hex("6400000000" + SHORTEST_READING + "0100000000" + "0300"));

    assertEquals(new Notification(CLIENT_ID), channel.readInbound());
    assertEquals(reading(""), channel.readInbound());
    assertEquals(new PingResponse(CLIENT_ID), channel.readInbound());
    assertNull(channel.readInbound());
  }

  @Test
  void makesNothingOfAFrameThatIsCutOff() {
    byte[] whole = HexFormat.of().parseHex(SHORTEST_READING);
    for (int length = 0; length < whole.length; length++) {
      channel = channel(FIRMWARE_VERSION);

      channel.writeInbound(ledger.buffer(Arrays.copyOf(whole, length)));

      assertFalse(channel.finish(), "after " + length + " bytes");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "00000000, 0",
    "00000001, 1",
    "0000002b, 43",
  })
  void refusesAReadingThatIsTooShort(String lengthHex, long length) {
    assertViolation(
        "02" + lengthHex,
        "a reading of firmware version 9 must be at least 44 bytes but was " + length);
  }

  @Test
  void letsFirmware2SendReadingsWithoutAdcValues() {
    channel = channel(2);
    channel.writeInbound(ledger.hex("0200000024" + "00".repeat(36)));
    assertEquals(reading(""), channel.readInbound());

    assertViolation(
        "0200000023", "a reading of firmware version 2 must be at least 36 bytes but was 35");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 9, 255})
  void expectsAdcValuesFromFirmware3On(int firmwareVersion) {
    channel = channel(firmwareVersion);

    assertViolation(
        "0200000024",
        "a reading of firmware version "
            + firmwareVersion
            + " must be at least 44 bytes but was 36");
  }

  @ParameterizedTest
  @CsvSource({
    "00000041, 65",
    "7fffffff, 2147483647",
    "80000000, 2147483648",
    "ffffffff, 4294967295",
  })
  void refusesALengthAboveTheMaximumWithoutWaitingForItsBytes(String lengthHex, long length) {
    assertViolation("02" + lengthHex, "frame length must be at most 64 but was " + length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"01", "03", "04", "64"})
  void refusesAPayloadWhereThereIsNone(String typeHex) {
    assertViolation(
        typeHex + "00000001",
        "payload of frame type %d must be empty but was 1 bytes"
            .formatted(Integer.parseInt(typeHex, 16)));
  }

  @ParameterizedTest
  @CsvSource({"00, 0", "05, 5", "63, 99", "65, 101", "80, 128", "ff, 255"})
  void refusesAnUnknownType(String typeHex, int type) {
    assertViolation(typeHex + "00000000", "frame type must be 1, 2, 3, 4 or 100 but was " + type);
  }

  @Test
  void readsNothingMoreAfterAViolation() {
    assertViolation("0500000000", "frame type must be 1, 2, 3, 4 or 100 but was 5");

    channel.writeInbound(ledger.hex("0100000000"));

    assertNull(channel.readInbound());
  }

  @Test
  void readsNothingMoreAfterAPayloadWithoutMeaning() {
    assertViolation(
        "020000002c" + "02" + "00".repeat(43), "contactor state must be 0 or 1 but was 2");

    channel.writeInbound(ledger.hex("0100000000"));

    assertNull(channel.readInbound());
  }

  @Test
  void deliversWhatCameBeforeAViolation() {
    assertThrows(
        ProtocolViolationException.class,
        () -> channel.writeInbound(ledger.hex("0100000000" + "0500000000" + "0100000000")));

    assertEquals(new PingResponse(CLIENT_ID), channel.readInbound());
    assertNull(channel.readInbound());
  }

  private static Reading reading(String log) {
    return new Reading(
        CLIENT_ID,
        0,
        false,
        new Measurements(
            PilotVoltage.VOLT_12, ProximityPilot.AMP_13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, log));
  }

  private void assertViolation(String hex, String message) {
    ProtocolViolationException violation =
        assertThrows(ProtocolViolationException.class, () -> channel.writeInbound(ledger.hex(hex)));
    assertEquals(message, violation.getMessage());
  }

  @Test
  void holdsNoMoreOfFramesThatAreNotWholeThanAllConnectionsTogetherMay() {
    CumulationBudget small = new CumulationBudget(60);
    EmbeddedChannel first = ledger.channel(new FrameDecoder(CLIENT_ID, 9, MAX_LENGTH_BYTES, small));
    EmbeddedChannel second =
        ledger.channel(new FrameDecoder(CLIENT_ID, 9, MAX_LENGTH_BYTES, small));
    first.writeInbound(halfAReading());

    assertThrows(IOException.class, () -> second.writeInbound(halfAReading()));
    second.close();
    first.close();
    EmbeddedChannel third = ledger.channel(new FrameDecoder(CLIENT_ID, 9, MAX_LENGTH_BYTES, small));
    third.writeInbound(halfAReading());
    third.close();
  }

  @Test
  void saysWhenAReadEndsWithinAFrameAndWhenThatFrameIsWhole() {
    List<Object> events = new ArrayList<>();
    EmbeddedChannel charger =
        ledger.channel(
            new FrameDecoder(CLIENT_ID, 9, MAX_LENGTH_BYTES, budget),
            new ChannelInboundHandlerAdapter() {
              @Override
              public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                events.add(event);
              }
            });

    says(charger, "6400000000");
    assertEquals(List.of(), events);
    says(charger, "6400");
    says(charger, "0000");
    assertEquals(List.of(FrameEvent.BEGUN), events);
    // The end of one and the begin of another.
    says(charger, "0064");
    assertEquals(List.of(FrameEvent.BEGUN, FrameEvent.BEGUN), events);
    says(charger, "00000000");

    assertEquals(List.of(FrameEvent.BEGUN, FrameEvent.BEGUN, FrameEvent.WHOLE), events);
    charger.releaseInbound();
  }

  private static void says(EmbeddedChannel charger, String hex) {
    charger.writeInbound(Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex)));
  }

  private static ByteBuf halfAReading() {
    return Unpooled.wrappedBuffer(HexFormat.of().parseHex(LONGEST_READING), 0, 40);
  }
}
