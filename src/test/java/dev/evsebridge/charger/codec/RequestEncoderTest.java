package dev.evsebridge.charger.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.testkit.BufferLedger;
import dev.evsebridge.testkit.KnownMessages;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestEncoderTest {
  private final BufferLedger ledger = new BufferLedger();
  private final EmbeddedChannel channel = ledger.channel(new RequestEncoder());

  @AfterEach
  void nothingIsLeftOver() {
    assertFalse(channel.finish(), "bytes that the test did not read");
    ledger.assertAllReleased();
  }

  static Stream<KnownMessages.ToCharger> requests() {
    return KnownMessages.toCharger();
  }

  @ParameterizedTest
  @MethodSource("requests")
  void writesEveryKnownRequest(KnownMessages.ToCharger row) {
    assertEquals(
        HexFormat.of().formatHex(KnownMessages.bytes(row.hex())),
        ByteBufUtil.hexDump(written(row.request())));
  }

  @Test
  void writesTheLargestImageInOnePiece() {
    FirmwareImage image = FirmwareImage.of(new byte[FirmwareImage.MAX_LENGTH_BYTES]);

    byte[] frame = written(new ChargerRequest.UploadFirmware(KnownMessages.SERIAL, image));

    assertEquals(5 + 4 + 126_976, frame.length);
    assertEquals("020001f004", ByteBufUtil.hexDump(frame, 0, 5));
  }

  private byte[] written(ChargerRequest request) {
    channel.writeOutbound(request);
    ByteBuf frame = channel.readOutbound();
    assertNotNull(frame);
    byte[] bytes = ByteBufUtil.getBytes(frame);
    frame.release();
    return bytes;
  }
}
