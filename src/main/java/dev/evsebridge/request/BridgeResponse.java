package dev.evsebridge.request;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.evsebridge.message.ErrorCode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the bridge responds to a request to itself; the order of the components is the order of the
 * JSON keys. What is null is left out.
 *
 * @param status {@code ok} or {@code error}
 * @param data what was asked for; empty with an error
 * @param error the code of an {@link ErrorCode}
 * @param detail one plain sentence on the error
 * @param transaction as the request has it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BridgeResponse(
    @JsonProperty("status") String status,
    @JsonProperty("data") Object data,
    @JsonProperty("error") @Nullable String error,
    @JsonProperty("detail") @Nullable String detail,
    @JsonProperty("transaction") @Nullable Object transaction) {

  static BridgeResponse ok(Object data, @Nullable Object transaction) {
    return new BridgeResponse("ok", data, null, null, transaction);
  }

  static BridgeResponse error(ErrorCode code, String detail, @Nullable Object transaction) {
    return new BridgeResponse("error", Map.of(), code.code(), detail, transaction);
  }
}
