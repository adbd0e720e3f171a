package dev.evsebridge.charger.session;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds what a charger's log says of firmware. Entries end with a NUL. */
final class FirmwareLog {

  private static final Pattern ABOUT_FIRMWARE =
      Pattern.compile("firmware|flash|image|crc|checksum|update", Pattern.CASE_INSENSITIVE);
  private static final Pattern NOT_PRINTABLE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");
  private static final int MOST_CHARACTERS = 160;

  private FirmwareLog() {}

  /** The last entry that is about firmware, fit to be shown, or null. */
  static @Nullable String line(String log) {
    String found = null;
    for (String entry : log.split("\0", -1)) {
      if (ABOUT_FIRMWARE.matcher(entry).find()) {
        found = entry;
      }
    }
    if (found == null) {
      return null;
    }
    String printable = NOT_PRINTABLE.matcher(found.strip()).replaceAll("?");
    return printable.length() <= MOST_CHARACTERS
        ? printable
        : printable.substring(0, MOST_CHARACTERS) + "…";
  }
}
