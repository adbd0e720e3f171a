package dev.evsebridge.message;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FirmwareImageTest {

  @ParameterizedTest
  @CsvSource({
    "1, 4",
    "2, 4",
    "3, 4",
    "4, 4",
    "64, 64",
    "65, 68",
    "66, 68",
    "67, 68",
    "68, 68",
    "126973, 126976",
    "126976, 126976",
  })
  void padsWithErasedFlashToAMultipleOfFour(int lengthBytes, int paddedBytes) {
    byte[] image = new byte[lengthBytes];
    Arrays.fill(image, (byte) 0x5A);

    FirmwareImage padded = FirmwareImage.of(image);

    byte[] expected = Arrays.copyOf(image, paddedBytes);
    Arrays.fill(expected, lengthBytes, paddedBytes, (byte) 0xFF);
    assertArrayEquals(expected, padded.bytes());
    assertEquals(paddedBytes, padded.lengthBytes());
    CRC32 crc = new CRC32();
    crc.update(expected);
    assertEquals((int) crc.getValue(), padded.crc32());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 126_977, 200_000})
  void refusesAnImageThatWouldHarmTheCharger(int lengthBytes) {
    assertThrows(IllegalArgumentException.class, () -> FirmwareImage.of(new byte[lengthBytes]));
  }

  @Test
  void computesTheChecksumOfZlib() {
    // The check value of CRC-32 in every catalogue of checksums.
    assertEquals(
        0xCBF43926L, FirmwareImage.crc32Of("123456789".getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void doesNotChangeWithTheArraysThatItWasMadeOfOrHasGivenOut() {
    byte[] source = {1, 2, 3, 4};
    FirmwareImage image = FirmwareImage.of(source);

    source[0] = 99;
    image.bytes()[1] = 99;

    assertArrayEquals(new byte[] {1, 2, 3, 4}, image.bytes());
    assertNotEquals(0, image.crc32());
  }
}
