package dev.evsebridge.state;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes lines of what the readings of one connection hold of the charger's log. Entries are {@code
 * "<millis>: text"}, each ended by a NUL; the charger clears its log when it is read, which may be
 * in the middle of an entry. Used by one thread.
 */
final class LogLines {

  /** A reading holds at most 1 024 bytes of log. A line that is cut off more often is no line. */
  private static final int LONGEST_CHARACTERS = 2_048;

  /** No firmware writes more: an entry takes at least "1: x" and its NUL. */
  private static final int MOST_PER_READING = 200;

  private static final long UPTIMES = 1L << 32;

  /** Cut off in the middle of the uptime, or before it. */
  private static final Pattern UPTIME = Pattern.compile("\\d{0,10}:?");

  private static final Pattern ENTRY = Pattern.compile("(\\d{1,10}): ?(.*)");

  private String begun = "";
  private Instant lastReadAt = Instant.EPOCH;
  private long lastUptimeMillis;

  /**
   * Takes the log of the next reading.
   *
   * @param log as the reading holds it
   * @param readAt when it came
   * @param uptimeMillis of the charger at that moment
   * @return the lines that are whole
   */
  List<LogLine> read(String log, Instant readAt, long uptimeMillis) {
    lastReadAt = readAt;
    lastUptimeMillis = uptimeMillis;
    if (log.isEmpty() && begun.isEmpty()) {
      return List.of();
    }
    List<LogLine> lines = new ArrayList<>();
    String rest = begun;
    begun = "";
    if (log.isEmpty()
        || (!UPTIME.matcher(rest).matches() && ENTRY.matcher(firstLine(log)).matches())) {
      // Nothing goes on with what was cut off, so it was whole.
      add(lines, rest, readAt, uptimeMillis);
      rest = "";
    }
    int from = 0;
    for (int i = 0; i < log.length(); i++) {
      if (isEnd(log.charAt(i))) {
        add(lines, rest + log.substring(from, i), readAt, uptimeMillis);
        rest = "";
        from = i + 1;
      }
    }
    rest += log.substring(from);
    if (rest.length() > LONGEST_CHARACTERS) {
      add(lines, rest, readAt, uptimeMillis);
    } else {
      begun = rest;
    }
    return lines;
  }

  /** There are no more readings: what was cut off is all that comes. */
  List<LogLine> end() {
    List<LogLine> lines = new ArrayList<>();
    add(lines, begun, lastReadAt, lastUptimeMillis);
    begun = "";
    return lines;
  }

  private static String firstLine(String log) {
    for (int i = 0; i < log.length(); i++) {
      if (isEnd(log.charAt(i))) {
        return log.substring(0, i);
      }
    }
    return log;
  }

  private static boolean isEnd(char character) {
    return character == '\0' || character == '\n' || character == '\r';
  }

  private static void add(List<LogLine> lines, String entry, Instant readAt, long uptimeMillis) {
    String text = withoutControls(entry).strip();
    if (text.isEmpty() || lines.size() >= MOST_PER_READING) {
      return;
    }
    Matcher matcher = ENTRY.matcher(text);
    if (!matcher.matches() || Long.parseLong(matcher.group(1)) >= UPTIMES) {
      lines.add(new LogLine(ChargerFacts.milliseconds(readAt), null, text));
      return;
    }
    long writtenAt = Long.parseLong(matcher.group(1));
    Instant time = writtenAt > uptimeMillis ? readAt : readAt.minusMillis(uptimeMillis - writtenAt);
    lines.add(new LogLine(ChargerFacts.milliseconds(time), writtenAt, matcher.group(2).strip()));
  }

  private static String withoutControls(String entry) {
    if (entry.chars().noneMatch(Character::isISOControl)) {
      return entry;
    }
    StringBuilder clean = new StringBuilder(entry.length());
    entry
        .chars()
        .forEach(
            character -> clean.append(Character.isISOControl(character) ? ' ' : (char) character));
    return clean.toString();
  }
}
