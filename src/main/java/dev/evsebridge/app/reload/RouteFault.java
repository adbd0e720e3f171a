package dev.evsebridge.app.reload;

import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.NoSuchEndpointException;
import org.jspecify.annotations.Nullable;

/** Says in one line what is wrong with a route file, and in which of its lines. */
public final class RouteFault {

  private static final Pattern LINE = Pattern.compile("\\bline[: ]+(\\d+)");

  /** Camel asks for what the bridge can't have. */
  private static final Pattern REST = Pattern.compile("restConfiguration|RestConsumerFactory");

  /** What Camel's messages name: a failing step, an endpoint, an option, a bean. */
  private static final List<Pattern> NAMED =
      List.of(
          Pattern.compile("Unknown parameters=\\[\\{(\\w+)"),
          Pattern.compile("registry for: ([\\w-]+)"),
          Pattern.compile(">>> \\w+\\[([^\\]?]+)"),
          Pattern.compile("(?i)endpoint[^:]*: ([^?\\s,]+?)[.,?]?(?:\\s|$)"),
          Pattern.compile("(?i)endpoint[^:]*: ([^?\\s,]+)"),
          Pattern.compile("found for: ([\\w-]+)"));

  private RouteFault() {}

  /**
   * Describes the fault.
   *
   * @param content the file's text, in which the line is looked for when the failure names none
   */
  public static String describe(String content, Throwable failure) {
    String reason = reason(failure);
    Integer line = line(content, failure);
    boolean named = LINE.matcher(reason).find();
    return line == null || named ? reason : "line %d: %s".formatted(line, reason);
  }

  private static String reason(Throwable failure) {
    return words(root(failure)).strip().replaceAll("\\s*\\R\\s*", " ");
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root;
  }

  private static String words(Throwable root) {
    String message = root.getMessage();
    if (root instanceof StackOverflowError) {
      return "it is nested too deeply";
    }
    if (root instanceof ClassNotFoundException || root instanceof NoClassDefFoundError) {
      return "there is no class " + message;
    }
    if (root instanceof NoSuchEndpointException missing) {
      return "there is no component for %s: the bridge has those of Camel's core, netty and paho-mqtt5; the jars of others belong into the folder lib/ beside its own, see docs/routes.md"
          .formatted(missing.getUri());
    }
    if (message != null && REST.matcher(message).find()) {
      return "rest needs a component that serves or calls HTTP: put its jars into the folder lib/ beside the bridge's own, see docs/routes.md";
    }
    return message == null ? root.getClass().getSimpleName() : message;
  }

  private static @Nullable Integer line(String content, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      Matcher matcher = LINE.matcher(message);
      if (matcher.find()) {
        return Integer.valueOf(matcher.group(1));
      }
    }
    for (Pattern named : NAMED) {
      for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
        Matcher matcher = named.matcher(String.valueOf(cause.getMessage()));
        Integer line = matcher.find() ? lineOf(content, matcher.group(1)) : null;
        if (line != null) {
          return line;
        }
      }
    }
    if (REST.matcher(String.valueOf(root(failure).getMessage())).find()) {
      return lineOf(content, "rest:");
    }
    return lineOfExpression(content, failure);
  }

  /** Camel shows a wrong expression on a line of its own within the message. */
  private static @Nullable Integer lineOfExpression(String content, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      Iterator<String> lines = String.valueOf(cause.getMessage()).lines().skip(1).iterator();
      while (lines.hasNext()) {
        String text = lines.next().strip();
        Integer line = text.length() < 3 ? null : lineOf(content, text);
        if (line != null) {
          return line;
        }
      }
    }
    return null;
  }

  private static @Nullable Integer lineOf(String content, String text) {
    // Camel writes timer://x for timer:x.
    String wanted = text.replace("://", ":");
    List<String> lines = content.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).replace("://", ":").contains(wanted)) {
        return i + 1;
      }
    }
    return null;
  }
}
