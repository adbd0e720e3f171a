package dev.evsebridge.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * The AsyncAPI document, and whether a message is as it says: of JSON schema it knows what the
 * document uses, types and keys and fixed values.
 */
public final class AsyncApi {
  /** The file. */
  public static final Path FILE =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().resolve("docs/asyncapi.yaml");

  private static final String REFERENCE = "#/";

  private final JsonNode document;

  private AsyncApi(JsonNode document) {
    this.document = document;
  }

  /** Reads the file. */
  public static AsyncApi read() {
    try {
      Object yaml = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(FILE));
      return new AsyncApi(new ObjectMapper().valueToTree(yaml));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What stands at a path such as {@code components/messages/error}; references are followed. */
  public JsonNode at(String path) {
    JsonNode node = document;
    for (String key : path.split("/", -1)) {
      node = resolved(node.path(key));
    }
    return node;
  }

  private JsonNode resolved(JsonNode node) {
    String reference = node.path("$ref").asText();
    return reference.isEmpty() ? node : at(reference.substring(REFERENCE.length()));
  }

  /** The keys of what stands at a path, in their order. */
  public List<String> keys(String path) {
    List<String> keys = new ArrayList<>();
    at(path).fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  /** The channel whose address fits a topic best; empty for none. */
  public String channelOf(String topic) {
    String found = "";
    for (String channel : keys("channels")) {
      String address = at("channels/" + channel).path("address").asText();
      if (address.equals(topic)) {
        return channel;
      }
      String pattern = Pattern.quote(address).replaceAll("\\{\\w+}", "\\\\E[^/]+\\\\Q");
      if (topic.matches(pattern)) {
        found = channel;
      }
    }
    return found;
  }

  /** The names of the messages of a channel. */
  public Set<String> messagesOf(String channel) {
    return new TreeSet<>(keys("channels/" + channel + "/messages"));
  }

  /** What of a payload is not as the message of that name must be; empty when it fits. */
  public List<String> misfits(String message, JsonNode payload) {
    List<String> misfits = new ArrayList<>();
    compare(at("components/schemas/" + message), payload, message, misfits);
    return misfits;
  }

  private void compare(JsonNode given, JsonNode value, String path, List<String> misfits) {
    JsonNode schema = resolved(given);
    if (schema.has("oneOf") && !schema.has("type")) {
      boolean fits = false;
      for (JsonNode each : schema.path("oneOf")) {
        List<String> own = new ArrayList<>();
        compare(each, value, path, own);
        fits = fits || own.isEmpty();
      }
      if (!fits) {
        misfits.add(path + " fits none of its alternatives: " + value);
      }
      return;
    }
    if (schema.has("type") && !isOfType(schema.path("type"), value)) {
      misfits.add(path + " must be " + schema.path("type") + ": " + value);
      return;
    }
    if (schema.has("const") && !schema.path("const").equals(value)) {
      misfits.add(path + " must be " + schema.path("const") + ": " + value);
    }
    if (schema.has("enum") && !contains(schema.path("enum"), value)) {
      misfits.add(path + " must be one of " + schema.path("enum") + ": " + value);
    }
    if (value.isObject()) {
      compareKeys(schema, value, path, misfits);
    }
    if (value.isArray()) {
      value.forEach(each -> compare(schema.path("items"), each, path + "[]", misfits));
    }
  }

  private void compareKeys(JsonNode schema, JsonNode value, String path, List<String> misfits) {
    schema
        .path("required")
        .forEach(
            key -> {
              if (!value.has(key.asText())) {
                misfits.add(path + "." + key.asText() + " is missing");
              }
            });
    JsonNode others = schema.path("additionalProperties");
    value
        .properties()
        .forEach(
            field -> {
              String key = path + "." + field.getKey();
              if (schema.path("properties").has(field.getKey())) {
                compare(
                    schema.path("properties").path(field.getKey()), field.getValue(), key, misfits);
              } else if (others.isObject()) {
                compare(others, field.getValue(), key, misfits);
              } else if (others.isBoolean() && !others.asBoolean()) {
                misfits.add(key + " is not documented");
              }
            });
  }

  private static boolean isOfType(JsonNode type, JsonNode value) {
    if (type.isTextual()) {
      return isOfType(type.asText(), value);
    }
    boolean fits = false;
    for (JsonNode each : type) {
      fits = fits || isOfType(each.asText(), value);
    }
    return fits;
  }

  private static boolean isOfType(String type, JsonNode value) {
    return switch (type) {
      case "string" -> value.isTextual();
      case "integer" -> value.isIntegralNumber();
      case "number" -> value.isNumber();
      case "boolean" -> value.isBoolean();
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "null" -> value.isNull();
      default -> throw new IllegalArgumentException(type);
    };
  }

  private static boolean contains(JsonNode values, JsonNode value) {
    for (JsonNode each : values) {
      if (each.equals(value)) {
        return true;
      }
    }
    return false;
  }
}
