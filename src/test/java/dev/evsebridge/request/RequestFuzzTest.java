package dev.evsebridge.request;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.testkit.KnownMessages;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever comes from MQTT: a checked request, or an error that says what is wrong. */
class RequestFuzzTest {
  private static final ObjectMapper JSON = BridgeJson.mapper();
  private static final RequestReader READER = new RequestReader(262_144, RequestReading.OWN_TOPICS);

  @Property
  void endsBytesInARequestOrAnError(@ForAll byte[] bytes) {
    read(bytes);
  }

  @Property
  void endsDamagedRequestsInARequestOrAnError(@ForAll("damagedRequests") byte[] bytes) {
    read(bytes);
  }

  @Property
  void endsJsonInARequestOrAnError(@ForAll("objects") Map<String, Object> json)
      throws JacksonException {
    read(JSON.writeValueAsBytes(json));
  }

  private static void read(byte[] bytes) {
    try {
      assertNotNull(RequestReading.read(READER, bytes));
    } catch (RequestFailedException e) {
      assertFalse(e.detail().isBlank());
      assertFalse(e.detail().chars().anyMatch(Character::isISOControl), e.detail());
    } catch (JacksonException e) {
      assertNotNull(e.getOriginalMessage());
    }
  }

  /** A good request in which a few bytes are changed, doubled or missing. */
  @Provide
  Arbitrary<byte[]> damagedRequests() {
    List<byte[]> requests =
        KnownMessages.toCharger().map(row -> row.json().getBytes(StandardCharsets.UTF_8)).toList();
    return Combinators.combine(
            Arbitraries.of(requests),
            Arbitraries.integers().between(0, 1_000),
            Arbitraries.integers().between(0, 4),
            Arbitraries.bytes().array(byte[].class).ofMaxSize(4))
        .as(
            (request, position, removed, inserted) -> {
              int at = position % request.length;
              int rest = Math.min(request.length, at + removed);
              byte[] damaged = new byte[at + inserted.length + request.length - rest];
              System.arraycopy(request, 0, damaged, 0, at);
              System.arraycopy(inserted, 0, damaged, at, inserted.length);
              System.arraycopy(request, rest, damaged, at + inserted.length, request.length - rest);
              return damaged;
            });
  }

  /** Objects that have the keys of requests, with values of every kind. */
  @Provide
  Arbitrary<Map<String, Object>> objects() {
    Arbitrary<String> keys =
        Arbitraries.of(
            "client_id",
            "message_type",
            "contactor_state",
            "pwm_percent",
            "firmware",
            "firmware_data_base64",
            "firmware_crc32");
    Arbitrary<String> types =
        Arbitraries.of(
            "request_ping",
            "request_data_collection",
            "request_set_contactor_state",
            "request_set_pwm_percent",
            "request_firmware",
            "request_unknown");
    Arbitrary<Map<String, Object>> any =
        Arbitraries.maps(keys, values(2)).ofMaxSize(7).map(Map::copyOf);
    return Combinators.combine(any, types, values(1))
        .as(
            (json, type, clientId) -> {
              Map<String, Object> request = new TreeMap<>(json);
              request.put("message_type", type);
              request.putIfAbsent("client_id", clientId);
              return request;
            });
  }

  private static Arbitrary<Object> values(int depth) {
    Arbitrary<Object> simple =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(12).asGeneric(),
            Arbitraries.integers().asGeneric(),
            Arbitraries.longs().asGeneric(),
            Arbitraries.bigDecimals().between(BigDecimal.TEN.negate(), BigDecimal.TEN).asGeneric(),
            Arbitraries.of(true, false).asGeneric(),
            Arbitraries.of("", "AA==", "MTIzNDU2Nzg5").asGeneric());
    if (depth == 0) {
      return simple;
    }
    Arbitrary<Object> inner = values(depth - 1);
    return Arbitraries.oneOf(
        simple,
        inner.list().ofMaxSize(3).asGeneric(),
        Arbitraries.maps(Arbitraries.of("firmware_data_base64", "firmware_crc32", "x"), inner)
            .ofMaxSize(3)
            .asGeneric());
  }
}
