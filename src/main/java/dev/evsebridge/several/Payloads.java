package dev.evsebridge.several;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Looks into a request just far enough to say which charger it is for. All bridges have to come to
 * the same; whether it is a good request is for the one to say that it belongs to.
 */
final class Payloads {

  private static final JsonFactory JSON = new JsonFactory();
  private static final String KEY = "client_id";

  private Payloads() {}

  /** The text under {@code client_id}; null when there is none, or no JSON before it. */
  static @Nullable String clientId(byte @Nullable [] payload) {
    if (payload == null) {
      return null;
    }
    try (JsonParser parser = JSON.createParser(payload)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean found = parser.currentName().equals(KEY);
        JsonToken value = parser.nextToken();
        if (found) {
          return value == JsonToken.VALUE_STRING ? parser.getText() : null;
        }
        parser.skipChildren();
      }
      return null;
    } catch (IOException e) {
      return null;
    }
  }
}
