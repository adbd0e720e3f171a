package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import org.jspecify.annotations.Nullable;

/**
 * Why a request did not end in its response, or why a charger was disconnected.
 *
 * @param clientId the charger, where known
 * @param requestType the request's {@code message_type}, where known
 * @param error one of {@link ErrorCode}
 * @param detail one plain sentence
 */
@JsonPropertyOrder({"message_type", "client_id", "request_type", "error", "detail"})
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ErrorMessage(
    @JsonProperty("client_id") @Nullable String clientId,
    @JsonProperty("request_type") @Nullable String requestType,
    String error,
    String detail) {

  /** The JSON value of {@code message_type}. */
  @JsonProperty("message_type")
  public String messageType() {
    return "error";
  }
}
