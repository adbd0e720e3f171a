package dev.evsebridge.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.InterlockAction;
import dev.evsebridge.message.SetPointRequest;
import dev.evsebridge.message.SetResponse;
import dev.evsebridge.request.BridgeResponse;
import dev.evsebridge.state.BridgeHealth;
import dev.evsebridge.state.BridgeInfo;
import dev.evsebridge.state.ChargerState;
import dev.evsebridge.state.FirmwareStatus;
import dev.evsebridge.state.ListedCharger;
import dev.evsebridge.testkit.AsyncApi;
import dev.evsebridge.testkit.KnownMessages;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The AsyncAPI document names what the code has, and its examples are as its schemas say. */
class AsyncApiTest {
  private static final AsyncApi API = AsyncApi.read();

  @Test
  void namesEveryMessageOfChargers() {
    assertEquals(
        KnownMessages.fromCharger()
            .map(row -> row.message())
            .map(ChargerMessage::messageType)
            .collect(Collectors.toCollection(TreeSet::new)),
        API.messagesOf("messages"));
  }

  @Test
  void namesEveryRequest() {
    assertEquals(new TreeSet<>(ChargerRequest.MESSAGE_TYPES), API.messagesOf("requests"));
  }

  @Test
  void namesEverySetPoint() {
    Set<String> named =
        API.keys("channels").stream()
            .filter(channel -> channel.matches("set[A-Z]?.*"))
            .flatMap(channel -> API.messagesOf(channel).stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(SetPointRequest.REQUEST_TYPES), named);
  }

  @Test
  void namesEveryErrorCode() {
    Set<String> codes = new TreeSet<>();
    API.at("components/schemas/error_code/enum").forEach(code -> codes.add(code.asText()));
    assertEquals(
        Arrays.stream(ErrorCode.values())
            .map(ErrorCode::code)
            .collect(Collectors.toCollection(TreeSet::new)),
        codes);
  }

  @Test
  void namesEveryStateOfFirmware() {
    List<String> states = new ArrayList<>();
    API.at("components/schemas/firmware/properties/state/enum")
        .forEach(state -> states.add(state.asText()));
    assertEquals(
        Arrays.stream(FirmwareStatus.Phase.values())
            .map(phase -> phase.name().toLowerCase(Locale.ROOT))
            .toList(),
        states);
  }

  static Stream<Arguments> records() {
    return Stream.of(
        Arguments.of("state", ChargerState.class),
        Arguments.of("firmware", FirmwareStatus.class),
        Arguments.of("interlock", InterlockAction.class),
        Arguments.of("info", BridgeInfo.class),
        Arguments.of("health", BridgeHealth.class),
        Arguments.of("chargers/items", ListedCharger.class),
        Arguments.of("bridge_response", BridgeResponse.class),
        Arguments.of("error", ErrorMessage.class),
        Arguments.of("response_set", SetResponse.class));
  }

  @ParameterizedTest
  @MethodSource("records")
  void hasTheKeysOfEachMessageInTheirOrder(String schema, Class<?> type) {
    List<String> keys =
        Arrays.stream(type.getRecordComponents())
            .filter(component -> !component.getName().equals("staleAfterSeconds"))
            .map(AsyncApiTest::key)
            .collect(Collectors.toCollection(ArrayList::new));
    List<String> documented =
        API.keys("components/schemas/" + schema + "/properties").stream()
            .filter(key -> !key.equals("message_type"))
            .toList();
    assertEquals(keys, documented);
  }

  private static String key(RecordComponent component) {
    JsonProperty property = component.getAccessor().getAnnotation(JsonProperty.class);
    return property == null ? component.getName() : property.value();
  }

  static Stream<String> messages() {
    return API.keys("components/messages").stream();
  }

  @ParameterizedTest
  @MethodSource("messages")
  void givesExamplesThatFitTheirSchema(String message) {
    JsonNode described = API.at("components/messages/" + message);
    assertEquals(message, described.path("name").asText());
    for (JsonNode example : described.path("examples")) {
      assertEquals(List.of(), API.misfits(message, example.path("payload")));
    }
    assertFalse(
        described.path("examples").isEmpty() && !message.equals("alive"), "there is no example");
  }

  @Test
  void hasAnOperationForEachChannelButTheReplies() {
    Set<String> used = new TreeSet<>();
    for (String operation : API.keys("operations")) {
      String channel = API.at("operations/" + operation).path("channel").path("$ref").asText();
      used.add(channel.substring(channel.lastIndexOf('/') + 1));
    }
    Set<String> channels = new TreeSet<>(API.keys("channels"));
    channels.remove("replies");
    assertEquals(channels, used);
  }
}
