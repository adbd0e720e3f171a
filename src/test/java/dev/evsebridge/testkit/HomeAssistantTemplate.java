package dev.evsebridge.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A template of Home Assistant, filled in as Home Assistant does it for an MQTT payload: Jinja with
 * {@code value_json}. Understands what is used here, and throws on anything else, a key that is not
 * there included: Home Assistant shows nothing for that one, and complains with every message.
 */
public final class HomeAssistantTemplate {
  private static final Pattern WHOLE = Pattern.compile("\\{\\{(.*)\\}\\}", Pattern.DOTALL);

  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(?:'(?<text>[^']*)'|(?<number>\\d+(?:\\.\\d+)?)|(?<word>[A-Za-z_]\\w*)"
              + "|(?<sign>==|!=|<=|>=|[<>(){}:,.|]))");

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<=", ">=", "<", ">");
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private record Token(String kind, String text) {
    private static final Token END = new Token("end", "");

    boolean isEnd() {
      return kind.equals("end");
    }

    boolean is(String sign) {
      return !kind.equals("text") && text.equals(sign);
    }
  }

  private final List<Token> tokens = new ArrayList<>();
  private final JsonNode valueJson;
  private int at;

  private HomeAssistantTemplate(String expression, JsonNode valueJson) {
    this.valueJson = valueJson;
    String rest = expression.strip();
    Matcher matcher = TOKEN.matcher(rest);
    int end = 0;
    while (end < rest.length()) {
      matcher.region(end, rest.length());
      check(matcher.lookingAt(), "not understood: " + rest.substring(end));
      for (String kind : List.of("text", "number", "word", "sign")) {
        if (matcher.group(kind) != null) {
          tokens.add(new Token(kind, matcher.group(kind)));
        }
      }
      end = matcher.end();
    }
  }

  /**
   * Fills in a template.
   *
   * @throws IllegalArgumentException if it can't be filled in
   */
  public static String render(String template, JsonNode valueJson) {
    Matcher whole = WHOLE.matcher(template.strip());
    check(whole.matches(), "no single expression: " + template);
    HomeAssistantTemplate parser = new HomeAssistantTemplate(whole.group(1), valueJson);
    JsonNode value = parser.conditional();
    check(parser.next().isEnd(), "more than one expression: " + template);
    return text(value);
  }

  /** As Python writes it. */
  private static String text(JsonNode value) {
    if (value.isNull()) {
      return "None";
    }
    if (value.isBoolean()) {
      return value.booleanValue() ? "True" : "False";
    }
    return value.isValueNode() ? value.asText() : value.toString();
  }

  private static boolean isTrue(JsonNode value) {
    if (value.isContainerNode()) {
      return !value.isEmpty();
    }
    return value.isTextual()
        ? !value.textValue().isEmpty()
        : value.isNumber() ? value.doubleValue() != 0 : value.booleanValue();
  }

  private JsonNode conditional() {
    JsonNode value = either();
    if (!take("if")) {
      return value;
    }
    JsonNode condition = either();
    expect("else");
    JsonNode otherwise = conditional();
    return isTrue(condition) ? value : otherwise;
  }

  private JsonNode either() {
    JsonNode value = both();
    while (take("or")) {
      JsonNode other = both();
      value = isTrue(value) ? value : other;
    }
    return value;
  }

  private JsonNode both() {
    JsonNode value = negation();
    while (take("and")) {
      // What stands behind a false one is not evaluated: it may compare with none.
      boolean needed = isTrue(value);
      int before = at;
      try {
        JsonNode other = negation();
        value = needed ? other : value;
      } catch (IllegalArgumentException e) {
        if (needed) {
          throw e;
        }
        at = before;
        skipComparison();
      }
    }
    return value;
  }

  private void skipComparison() {
    while (!peek().is("and") && !peek().is("or") && !peek().is("if") && !peek().is("else")) {
      check(!next().isEnd(), "no end of a condition");
    }
  }

  private JsonNode negation() {
    return take("not") ? NODES.booleanNode(!isTrue(negation())) : comparison();
  }

  /** {@code a < b < c} is true where both comparisons are. */
  private JsonNode comparison() {
    JsonNode left = filtered();
    if (!COMPARISONS.contains(peek().text()) || peek().kind().equals("text")) {
      return left;
    }
    boolean holds = true;
    while (COMPARISONS.contains(peek().text())) {
      String sign = next().text();
      JsonNode right = filtered();
      holds &= compare(left, sign, right);
      left = right;
    }
    return NODES.booleanNode(holds);
  }

  private static boolean compare(JsonNode left, String sign, JsonNode right) {
    boolean numbers = left.isNumber() && right.isNumber();
    if (sign.equals("==") || sign.equals("!=")) {
      boolean same = numbers ? left.doubleValue() == right.doubleValue() : left.equals(right);
      return same == sign.equals("==");
    }
    check(numbers, "%s %s %s".formatted(left, sign, right));
    int order = Double.compare(left.doubleValue(), right.doubleValue());
    return switch (sign) {
      case "<=" -> order <= 0;
      case "<" -> order < 0;
      case ">=" -> order >= 0;
      default -> order > 0;
    };
  }

  private JsonNode filtered() {
    JsonNode value = primary();
    while (true) {
      if (take("|")) {
        expect("to_json");
        value = NODES.textNode(value.toString());
      } else if (take("is")) {
        boolean not = take("not");
        expect("none");
        value = NODES.booleanNode(value.isNull() != not);
      } else {
        return value;
      }
    }
  }

  private JsonNode primary() {
    Token token = next();
    return switch (token.kind()) {
      case "text" -> NODES.textNode(token.text());
      case "number" ->
          token.text().contains(".")
              ? NODES.numberNode(Double.parseDouble(token.text()))
              : NODES.numberNode(Integer.parseInt(token.text()));
      case "word" -> name(token.text());
      default -> {
        if (token.is("(")) {
          JsonNode value = conditional();
          expect(")");
          yield value;
        }
        check(token.is("{"), "unexpected '" + token.text() + "'");
        yield dictionary();
      }
    };
  }

  private JsonNode name(String name) {
    return switch (name) {
      case "None", "none" -> NODES.nullNode();
      case "True", "true" -> NODES.booleanNode(true);
      case "False", "false" -> NODES.booleanNode(false);
      default -> {
        check(name.equals("value_json"), "no variable '" + name + "'");
        yield ofValueJson();
      }
    };
  }

  private JsonNode ofValueJson() {
    JsonNode value = valueJson;
    while (take(".")) {
      String key = next().text();
      check(value.has(key), "no " + key);
      value = value.get(key);
    }
    return value;
  }

  private ObjectNode dictionary() {
    ObjectNode dictionary = NODES.objectNode();
    do {
      Token key = next();
      check(key.kind().equals("text"), "a key is no text: " + key.text());
      expect(":");
      dictionary.set(key.text(), conditional());
    } while (take(","));
    expect("}");
    return dictionary;
  }

  private Token peek() {
    return at < tokens.size() ? tokens.get(at) : Token.END;
  }

  private Token next() {
    Token token = peek();
    at++;
    return token;
  }

  private boolean take(String sign) {
    boolean there = peek().is(sign);
    at += there ? 1 : 0;
    return there;
  }

  private void expect(String sign) {
    check(take(sign), "'%s' instead of '%s'".formatted(peek().text(), sign));
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
