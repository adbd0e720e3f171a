package dev.evsebridge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JacksonException;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SetPointRequest;
import dev.evsebridge.message.SetPointRequest.InstallFirmware;
import dev.evsebridge.message.SetPointRequest.Reset;
import dev.evsebridge.message.SetPointRequest.SetPoints;
import dev.evsebridge.runtime.Counts;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SetPointReaderTest {
  private static final DefaultCamelContext CONTEXT = new DefaultCamelContext();

  private final SetPointReader reader = new SetPointReader("to/here", new Counts(Set.of()));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"enabled\":true}                      | true  |",
        "{\"enabled\":false,\"limit_amps\":16}   | false | 160",
        "{\"limit_amps\":0}                      |       | 0",
        "{\"limit_amps\":0.0}                    |       | 0",
        "{\"limit_amps\":6.0}                    |       | 60",
        "{\"limit_amps\":80}                     |       | 800",
        "{\"limit_amps\":15.59,\"other\":[1]}    |       | 155"
      })
  void readsJson(String payload, Boolean enabled, Integer limitDeciamps) throws Exception {
    assertEquals(
        new SetPoints("Garage", enabled, limitDeciamps), read("to/here/Garage/set", payload));
  }

  @ParameterizedTest
  @CsvSource({
    "true,true", "1,true", "ON,true", "on,true",
    "false,false", "0,false", "OFF,false", "off,false"
  })
  void readsASwitch(String payload, boolean enabled) throws Exception {
    assertEquals(
        new SetPoints("Garage", enabled, null), read("to/here/Garage/set/enabled", payload));
  }

  @ParameterizedTest
  @CsvSource({"0,0", "6,60", "6.0,60", "16.000,160", "79.99,799", "80,800", "' 16 ',160"})
  void readsALimitAndRoundsItDown(String payload, int deciamps) throws Exception {
    assertEquals(
        new SetPoints("Garage", null, deciamps), read("to/here/Garage/set/limit_amps", payload));
  }

  @Test
  void readsAResetAndAnInstallation() throws Exception {
    assertEquals(new Reset("My car", "all"), read("to/here/My car/set/reset", "all"));
    assertEquals(new InstallFirmware("C"), read("to/here/C/set/firmware", "install"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "set            | {}                                   | MISSING_FIELD",
        "set            | {\"limit\":6}                        | MISSING_FIELD",
        "set            | {\"enabled\":\"true\"}               | INVALID_VALUE",
        "set            | {\"enabled\":null}                   | INVALID_VALUE",
        "set            | {\"enabled\":true,\"limit_amps\":5}  | INVALID_VALUE",
        "set            | {\"limit_amps\":\"16\"}              | INVALID_VALUE",
        "set            | {\"limit_amps\":-1}                  | INVALID_VALUE",
        "set            | {\"limit_amps\":0.01}                | INVALID_VALUE",
        "set            | {\"limit_amps\":5.99}                | INVALID_VALUE",
        "set            | {\"limit_amps\":80.01}               | INVALID_VALUE",
        "set            | {\"limit_amps\":1e999999999}         | INVALID_VALUE",
        "set            | {\"limit_amps\":1e-999999999}        | INVALID_VALUE",
        "set            | null                                 | INVALID_JSON",
        "set/enabled    | True                                 | INVALID_VALUE",
        "set/enabled    | yes                                  | INVALID_VALUE",
        "set/limit_amps | 5                                    | INVALID_VALUE",
        "set/limit_amps | 81                                   | INVALID_VALUE",
        "set/limit_amps | -6                                   | INVALID_VALUE",
        "set/limit_amps | 1e1                                  | INVALID_VALUE",
        "set/limit_amps | NaN                                  | INVALID_VALUE",
        "set/firmware   | now                                  | INVALID_VALUE",
        "set/amps       | 6                                    | UNKNOWN_MESSAGE_TYPE",
        "set/           | 6                                    | UNKNOWN_MESSAGE_TYPE",
        "set/enabled/x  | true                                 | UNKNOWN_MESSAGE_TYPE"
      })
  void refusesWhatIsNotAllowed(String topic, String payload, ErrorCode code) {
    assertEquals(code, refusal("to/here/Garage/" + topic, payload).code());
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{", "true", "16", "\"x\""})
  void refusesASetThatIsNoObject(String payload) {
    assertThrows(JacksonException.class, () -> read("to/here/Garage/set", payload));
  }

  @ParameterizedTest
  @ValueSource(strings = {"set", "set/enabled", "set/limit_amps", "set/reset", "set/firmware"})
  void refusesAnEmptyMessage(String topic) {
    assertEquals(ErrorCode.INVALID_VALUE, refusal("to/here/Garage/" + topic, "").code());
  }

  @Test
  void refusesWhatTheBrokerHasStored() {
    Exchange exchange = exchange("to/here/Garage/set/enabled", "true");
    new RequestContext(true).keepIn(exchange);

    RequestFailedException refusal =
        assertThrows(RequestFailedException.class, () -> reader.read(exchange));

    assertEquals(ErrorCode.RETAINED_REQUEST, refusal.code());
  }

  @Test
  void refusesWhatHasExpired() {
    Exchange exchange = exchange("to/here/Garage/set/enabled", "true");
    exchange.setProperty(Deadline.PROPERTY, Deadline.after(Duration.ZERO));

    RequestFailedException refusal =
        assertThrows(RequestFailedException.class, () -> reader.read(exchange));

    assertEquals(ErrorCode.TIMEOUT, refusal.code());
  }

  @Test
  void notesWhoIsMeantBeforeItRefuses() {
    Exchange exchange = exchange("to/here/Garage/set/limit_amps", "5");

    assertThrows(RequestFailedException.class, () -> reader.read(exchange));

    assertEquals("Garage", RequestContext.of(exchange).clientId());
    assertEquals("set_limit_amps", RequestContext.of(exchange).requestType());
  }

  private RequestFailedException refusal(String topic, String payload) {
    return assertThrows(RequestFailedException.class, () -> read(topic, payload));
  }

  private SetPointRequest read(String topic, String payload) throws Exception {
    return reader.read(exchange(topic, payload));
  }

  private static Exchange exchange(String topic, String payload) {
    Exchange exchange = new DefaultExchange(CONTEXT);
    new RequestContext(false).keepIn(exchange);
    exchange.getMessage().setHeader(PahoMqtt5Constants.MQTT_TOPIC, topic);
    exchange.getMessage().setBody(payload.getBytes(StandardCharsets.UTF_8));
    return exchange;
  }
}
