package dev.evsebridge.request;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.ChargerRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;

/** The steps of the route that reads requests, without the route. */
final class RequestReading {
  private static final ObjectMapper JSON = BridgeJson.mapper();
  private static final CamelContext CAMEL = new DefaultCamelContext();

  static final OwnTopics OWN_TOPICS =
      new OwnTopics("from", Set.of("to", "homeassistant"), Set.of("evcc/status"));

  private RequestReading() {}

  static Exchange exchange() {
    return new DefaultExchange(CAMEL);
  }

  static ChargerRequest read(RequestReader reader, String json) throws JacksonException {
    return read(reader, json.getBytes(StandardCharsets.UTF_8));
  }

  static ChargerRequest read(RequestReader reader, byte[] json) throws JacksonException {
    Exchange exchange = exchange();
    reader.admit(exchange);
    Map<?, ?> body;
    try {
      body = JSON.readValue(json, Map.class);
    } catch (JacksonException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    exchange.getMessage().setBody(body);
    reader.identify(exchange);
    return switch (String.valueOf(body.get("message_type"))) {
      case "request_ping" -> reader.ping(body);
      case "request_data_collection" -> reader.dataCollection(body);
      case "request_set_contactor_state" -> reader.setContactorState(body);
      case "request_set_pwm_percent" -> reader.setPwmPercent(body);
      case "request_firmware" -> reader.firmware(body);
      default -> {
        reader.unknown(body);
        throw new AssertionError("an unknown request was not refused");
      }
    };
  }
}
