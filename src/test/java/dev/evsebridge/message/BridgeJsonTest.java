package dev.evsebridge.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.evsebridge.testkit.KnownMessages;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BridgeJsonTest {
  private final ObjectMapper json = BridgeJson.mapper();

  static Stream<KnownMessages.FromCharger> messages() {
    return KnownMessages.fromCharger();
  }

  @ParameterizedTest
  @MethodSource("messages")
  void writesEveryMessageAsTheOriginalBridgeDid(KnownMessages.FromCharger row) throws IOException {
    assertEquals(row.json(), json.writeValueAsString(row.message()));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void losesNothingOfAMessage(KnownMessages.FromCharger row) throws IOException {
    ObjectReader reader =
        json.readerFor(row.message().getClass())
            .without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    assertEquals(row.message(), reader.readValue(row.json()));
  }

  @Test
  void leavesOutWhatAnErrorDoesNotKnow() throws IOException {
    assertEquals(
        """
        {"message_type":"error","client_id":"c","request_type":"t","error":"busy","detail":"d"}""",
        json.writeValueAsString(new ErrorMessage("c", "t", "busy", "d")));
    assertEquals(
        """
        {"message_type":"error","error":"invalid_json","detail":"d"}""",
        json.writeValueAsString(new ErrorMessage(null, null, "invalid_json", "d")));
  }

  @ParameterizedTest
  @EnumSource(ErrorCode.class)
  void writesErrorCodesInLowerCase(ErrorCode code) {
    assertEquals(code.name().toLowerCase(java.util.Locale.ROOT), code.code());
  }

  @Test
  void readsWhatItMayIgnore() throws IOException {
    assertEquals(
        Map.of("a", Map.of("b", 1)), read(" {\"a\":{\"b\":1}}\r\n", StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{\"a\":1",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":1}}",
        "{\"a\":1} {\"a\":1}",
        "{\"a\":1} x",
        "{\"a\":1,\"a\":1}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":\"\u0001\"}",
        "// {}\n{}",
        "[]",
        "1",
        "\"text\"",
        "true",
      })
  void refusesWhatIsNotOneJsonObject(String text) {
    assertThrows(JacksonException.class, () -> read(text, StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource({"UTF-16BE", "UTF-16LE", "UTF-32BE", "UTF-32LE"})
  void refusesEveryEncodingButUtf8(String charset) {
    assertThrows(JacksonException.class, () -> read("{\"a\":1}", Charset.forName(charset)));
    assertThrows(JacksonException.class, () -> read("{\"a\":\"ä\"}", StandardCharsets.ISO_8859_1));
  }

  @Test
  void refusesWhatIsNestedDeeply() {
    String deep = "{\"a\":".repeat(100_000);

    assertThrows(JacksonException.class, () -> read(deep, StandardCharsets.UTF_8));
  }

  @Test
  void refusesNumbersOfAnyNumberOfDigits() {
    assertThrows(
        JacksonException.class,
        () -> read("{\"a\":" + "9".repeat(200_000) + "}", StandardCharsets.UTF_8));
  }

  private Map<?, ?> read(String text, Charset charset) throws IOException {
    return json.readValue(text.getBytes(charset), Map.class);
  }
}
