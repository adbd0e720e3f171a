package dev.evsebridge.charger.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.NewConnection;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.KnownMessages;
import dev.evsebridge.testkit.Unwatched;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** All handlers of a connection together, from bytes to what the route gets, and back. */
class ChargerPipelineTest {
  private static final SessionLimits LIMITS =
      new SessionLimits(
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofSeconds(5),
          Duration.ofSeconds(60),
          16,
          2,
          65_536);

  private final BackPressure backPressure = new BackPressure();
  private final List<ErrorMessage> errors = new ArrayList<>();
  private final SessionRegistry registry = Unwatched.registry(LIMITS);
  private final ChargerPipeline pipeline =
      new ChargerPipeline(
          registry,
          new Admission(LIMITS, SerialNumber::hex, Set.of()),
          backPressure,
          errors::add,
          channel -> {},
          null);

  static Stream<KnownMessages.FromCharger> fromCharger() {
    return KnownMessages.fromCharger();
  }

  static Stream<KnownMessages.ToCharger> toCharger() {
    return KnownMessages.toCharger();
  }

  @ParameterizedTest
  @MethodSource("fromCharger")
  void givesTheRouteWhatAChargerSays(KnownMessages.FromCharger row) {
    EmbeddedChannel charger = new EmbeddedChannel(pipeline);
    if (!(row.message() instanceof NewConnection)) {
      says(charger, KnownMessages.SERIAL + "%02x".formatted(row.firmwareVersion()));
      assertEquals(
          new NewConnection(KnownMessages.SERIAL, row.firmwareVersion()), charger.readInbound());
    }

    says(charger, row.hex());

    assertEquals(row.message(), charger.readInbound());
    assertFalse(charger.finish());
  }

  @ParameterizedTest
  @MethodSource("toCharger")
  void writesToTheChargerWhatItIsAsked(KnownMessages.ToCharger row) {
    EmbeddedChannel charger = connected();

    registry.submit(row.request(), Deadline.NONE);
    if (row.request() instanceof UploadFirmware) {
      ByteBuf collect = charger.readOutbound();
      assertEquals("0300000000", ByteBufUtil.hexDump(collect));
      collect.release();
      says(charger, "020000002c" + "00".repeat(44));
      charger.releaseInbound();
    }

    ByteBuf frame = charger.readOutbound();
    assertNotNull(frame);
    assertEquals(
        HexFormat.of().formatHex(KnownMessages.bytes(row.hex())), ByteBufUtil.hexDump(frame));
    frame.release();
    assertFalse(charger.finish());
  }

  @Test
  void closesTheChargerThatBreaksTheProtocolAndNoOther() {
    EmbeddedChannel sound = connected();
    EmbeddedChannel broken = new EmbeddedChannel(pipeline);
    says(broken, "0f".repeat(16) + "09" + "6400000000");
    assertEquals(2, broken.inboundMessages().size());
    broken.releaseInbound();

    says(broken, "02ffffffff");

    assertFalse(broken.isActive());
    assertTrue(sound.isActive());
    assertEquals(
        List.of(
            new ErrorMessage(
                "0F".repeat(16),
                null,
                "protocol_error",
                "frame length must be at most 65536 but was 4294967295")),
        errors);
    assertFalse(broken.finish());
  }

  @Test
  void passesOneMessageAtATimeOnWhileReadingIsPaused() {
    EmbeddedChannel charger = connected();
    backPressure.pause(BackPressure.Reason.BACKLOG);

    says(charger, "6400000000" + "6400000000" + "6400000000");
    assertEquals(1, published(charger).size());

    backPressure.resume(BackPressure.Reason.BACKLOG);
    charger.runPendingTasks();
    assertEquals(2, published(charger).size());
    assertFalse(charger.finish());
  }

  @Test
  void sharesOneConnectionLimit() {
    connected();
    says(new EmbeddedChannel(pipeline), "0f".repeat(16) + "09");

    assertFalse(new EmbeddedChannel(pipeline).isActive());
  }

  private EmbeddedChannel connected() {
    EmbeddedChannel charger = new EmbeddedChannel(pipeline);
    says(charger, KnownMessages.SERIAL + "09");
    assertEquals(new NewConnection(KnownMessages.SERIAL, 9), charger.readInbound());
    return charger;
  }

  private static void says(EmbeddedChannel charger, String hex) {
    charger.writeInbound(Unpooled.wrappedBuffer(KnownMessages.bytes(hex)));
  }

  private static List<ChargerMessage> published(EmbeddedChannel charger) {
    List<ChargerMessage> messages = new ArrayList<>();
    for (ChargerMessage next = charger.readInbound(); next != null; next = charger.readInbound()) {
      messages.add(next);
    }
    return messages;
  }
}
