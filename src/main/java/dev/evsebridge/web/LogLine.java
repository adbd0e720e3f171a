package dev.evsebridge.web;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.evsebridge.message.Measurements;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A line of a charger's own log.
 *
 * @param time when the charger wrote it, ISO 8601 in UTC
 * @param uptimeMilliseconds the same on the charger's clock; null for a line without it
 * @param text the line without that
 */
record LogLine(
    @JsonProperty("time") String time,
    @JsonProperty("uptime_milliseconds") @Nullable Long uptimeMilliseconds,
    @JsonProperty("text") String text) {

  private static final Pattern LINE = Pattern.compile("(\\d{1,10}): ?(.*)", Pattern.DOTALL);
  private static final long UPTIME_WRAPS_AFTER = 1L << 32;

  /** The lines of a reading that came at this time; each ends with NUL. */
  static List<LogLine> of(Measurements measurements, Instant readAt) {
    if (measurements.log().isEmpty()) {
      return List.of();
    }
    List<LogLine> lines = new ArrayList<>();
    for (String entry : measurements.log().split("\0", -1)) {
      String text = entry.strip();
      if (!text.isEmpty()) {
        lines.add(of(text, measurements.uptimeMilliseconds(), readAt));
      }
    }
    return lines;
  }

  private static LogLine of(String entry, long uptimeNow, Instant readAt) {
    Matcher line = LINE.matcher(entry);
    if (!line.matches()) {
      return new LogLine(time(readAt), null, entry);
    }
    long uptime = Long.parseLong(line.group(1));
    long ageMillis = Math.floorMod(uptimeNow - uptime, UPTIME_WRAPS_AFTER);
    return new LogLine(time(readAt.minusMillis(ageMillis)), uptime, line.group(2));
  }

  private static String time(Instant at) {
    return at.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
