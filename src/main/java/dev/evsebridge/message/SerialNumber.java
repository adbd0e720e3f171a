package dev.evsebridge.message;

import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The 16 bytes that identify a charger, written as 32 upper-case hex digits.
 *
 * @param hex 32 upper-case hex digits
 */
public record SerialNumber(String hex) {

  /** Length on the wire, in bytes. */
  public static final int LENGTH_BYTES = 16;

  private static final Pattern HEX = Pattern.compile("[0-9A-F]{32}");
  private static final HexFormat UPPER_CASE = HexFormat.of().withUpperCase();

  /** Checks the form. */
  public SerialNumber {
    if (!isSerialNumber(hex)) {
      throw new IllegalArgumentException("a serial number is 32 upper-case hex digits: " + hex);
    }
  }

  /** Takes the bytes as they stand in the hello. */
  public static SerialNumber of(byte[] bytes) {
    return new SerialNumber(UPPER_CASE.formatHex(bytes));
  }

  /** Reads digits in either case, as people write them in configurations. */
  public static SerialNumber parse(String text) {
    return new SerialNumber(text.toUpperCase(Locale.ROOT));
  }

  /** Whether the text has the exact form of a serial number. */
  public static boolean isSerialNumber(String text) {
    return HEX.matcher(text).matches();
  }

  @Override
  public String toString() {
    return hex;
  }
}
