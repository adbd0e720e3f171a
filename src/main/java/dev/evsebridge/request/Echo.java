package dev.evsebridge.request;

/** What came from outside, fit to be sent back and to be logged. */
final class Echo {

  /** Longer than any client_id or message_type that means something. */
  private static final int LONGEST_SENT_BACK = 128;

  private Echo() {}

  /** The beginning of a text: an error must not be as long as what it is about. */
  static String sentBack(String text) {
    return cut(text, LONGEST_SENT_BACK);
  }

  private static String cut(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return text.substring(0, end) + "…";
  }

  /**
   * The beginning of a text with escapes for whatever would not be seen, would break the line or
   * would change the order of what is read.
   */
  static String printable(String text, int most) {
    String shown = cut(text, most);
    if (shown.codePoints().allMatch(Echo::isPrintable)) {
      return shown;
    }
    StringBuilder escaped = new StringBuilder();
    shown
        .codePoints()
        .forEach(
            character -> {
              if (isPrintable(character)) {
                escaped.appendCodePoint(character);
              } else {
                escaped.append("\\u%04X".formatted(character));
              }
            });
    return escaped.toString();
  }

  private static boolean isPrintable(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
