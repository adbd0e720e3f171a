package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mqtt311Publisher;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked for on MQTT reaches the right charger, in the right bytes and the right order. */
@RequiresMosquitto
class RequestsIT {
  private static final String NAMED_SERIAL = "10BA23AB50534D53302E3120FF162332";
  private static final String NAME = "Ladeboks øst, garasje 2 – “Ørnulf”";
  private static final String OTHER_NAMED_SERIAL = "795AF52150534D53302E3120FF16112E";
  private static final String OTHER_NAME = "Charger 1";

  @RegisterExtension
  static final Installation installation =
      Installation.with(
          bridge ->
              bridge
                  .environment("EVSE_REQUEST_TIMEOUT", "30s")
                  .toml(
                      "",
                      "[ evse ]",
                      "# bind_address = \"[::]\"",
                      "# bind_port = 9091",
                      "",
                      "[ mqtt ]",
                      "# broker = \"tcp://localhost:1883\"",
                      "",
                      "# Mappes the serial number of the DehneEVSE to a usable name",
                      "[ evse_name ]",
                      "id_" + NAMED_SERIAL + " = \"" + NAME + "\"",
                      "id_" + OTHER_NAMED_SERIAL + " = \"" + OTHER_NAME + "\""));

  private final String serial = Serials.next();

  static Stream<Arguments> requests() {
    return Stream.concat(
        Stream.of(
            Arguments.of("request_ping", "", WireFrame.ping()),
            Arguments.of("request_data_collection", "", WireFrame.collect()),
            Arguments.of(
                "request_set_contactor_state",
                "\"contactor_state\":true",
                WireFrame.setContactor(true)),
            Arguments.of(
                "request_set_contactor_state",
                "\"contactor_state\":false",
                WireFrame.setContactor(false))),
        Stream.of(0, 1, 9, 10, 50, 53, 99, 100)
            .map(
                percent ->
                    Arguments.of(
                        "request_set_pwm_percent",
                        "\"pwm_percent\":" + percent,
                        WireFrame.setPwm(percent))));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("requests")
  void sendsExactlyTheBytesOfTheRequestAndPublishesItsResponse(
      String type, String keys, WireFrame expected) {
    ChargerReading reading = ChargerReading.typical();
    String readingText = reading.json(serial);
    RawCharger charger = installation.charger(serial).answerLikeFirmware(reading, 9);
    installation.probe().request(Messages.with(type, serial, keys));
    assertEquals(expected, charger.takeFrame());
    Message response = installation.probe().take(message -> message.isOf(serial));
    String responseType =
        type.equals("request_data_collection")
            ? "response_collect_data"
            : type.replace("request", "response");
    assertEquals(
        responseType.equals("response_collect_data")
            ? readingText
            : Messages.plain(responseType, serial),
        response.text());
    assertEquals("from_dehneEVSE", response.topic());
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
    assertEquals(List.of(), installation.probe().untaken(message -> message.isOf(serial)));
  }

  @Test
  void knowsChargersByTheirConfiguredNames() {
    RawCharger named = installation.charger(NAMED_SERIAL, NAME, 9).answerLikeFirmware();
    RawCharger other = installation.charger(OTHER_NAMED_SERIAL, OTHER_NAME, 9).answerLikeFirmware();
    MqttProbe probe = installation.probe();
    probe.request(Messages.setPwm(NAME, 26));
    assertEquals(
        Messages.plain("response_set_pwm_percent", NAME),
        probe.take(message -> message.isOf(NAME)).text());
    assertEquals(WireFrame.setPwm(26), named.takeFrame());
    probe.request(Messages.collect(OTHER_NAME));
    assertEquals(
        ChargerReading.typical().json(OTHER_NAME),
        probe.take(message -> message.isOf(OTHER_NAME)).text());
    assertEquals(WireFrame.collect(), other.takeFrame());
    named.send(WireFrame.of(WireFrame.NOTIFY));
    assertEquals(Messages.plain("notify", NAME), probe.take(message -> message.isOf(NAME)).text());
  }

  @Test
  void acceptsANameThatIsWrittenWithJsonEscapes() {
    RawCharger named = installation.charger(NAMED_SERIAL, NAME, 9).answerLikeFirmware();
    StringBuilder escaped = new StringBuilder();
    NAME.chars().forEach(unit -> escaped.append("\\u%04x".formatted(unit)));
    installation
        .probe()
        .request("{\"message_type\":\"request_ping\",\"client_id\":\"" + escaped + "\"}");
    assertEquals(WireFrame.ping(), named.takeFrame());
  }

  @Test
  void givesEachOfFiftyChargersOnlyItsOwnRequestsInOrder() {
    int rounds = 6;
    List<String> serials = Stream.generate(Serials::next).limit(50).toList();
    List<RawCharger> chargers =
        serials.stream().map(each -> installation.charger(each).answerLikeFirmware()).toList();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < chargers.size(); i++) {
      order.add(i);
    }
    for (int round = 0; round < rounds; round++) {
      Collections.shuffle(order);
      for (int i : order) {
        installation.probe().request(Messages.setPwm(serials.get(i), (i + round) % 101));
      }
    }
    for (int i = 0; i < chargers.size(); i++) {
      for (int round = 0; round < rounds; round++) {
        assertEquals(WireFrame.setPwm((i + round) % 101), chargers.get(i).takeFrame());
      }
      installation.probe().take(rounds, message("response_set_pwm_percent", serials.get(i)));
    }
    installation.awaitRequestsDone();
    for (RawCharger charger : chargers) {
      assertEquals(List.of(), charger.untakenFrames());
    }
    assertEquals(List.of(), installation.probe().untaken(MqttProbe.messageOrError()));
  }

  @Test
  void addsNothingAndChangesNothingInManyMixedRequests() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    MqttProbe probe = installation.probe();
    Random random = new Random(1);
    for (int i = 0; i < 200; i++) {
      switch (random.nextInt(5)) {
        case 0 -> carriesOut(charger, Messages.ping(serial), WireFrame.ping(), "response_ping");
        case 1 ->
            carriesOut(
                charger, Messages.collect(serial), WireFrame.collect(), "response_collect_data");
        case 2 -> {
          boolean closed = random.nextBoolean();
          carriesOut(
              charger,
              Messages.setContactor(serial, closed),
              WireFrame.setContactor(closed),
              "response_set_contactor_state");
        }
        case 3 -> {
          int percent = random.nextInt(101);
          carriesOut(
              charger,
              Messages.setPwm(serial, percent),
              WireFrame.setPwm(percent),
              "response_set_pwm_percent");
        }
        default -> {
          charger.send(WireFrame.of(WireFrame.NOTIFY));
          probe.take(message("notify", serial));
        }
      }
    }
    assertNothingElseOnTheWire(charger);
    assertEquals(List.of(), probe.untaken(MqttProbe.messageOrError()));
  }

  private static void carriesOut(
      RawCharger charger, String request, WireFrame expected, String response) {
    installation.probe().request(request);
    assertEquals(expected, charger.takeFrame());
    assertEquals(
        response, installation.probe().take(MqttProbe.messageOrError()).field("message_type"));
  }

  @Test
  void sendsTheNextRequestOnlyAfterTheAnswerToTheOneBefore() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.setPwm(serial, 10));
    probe.request(Messages.setPwm(serial, 20));
    probe.request(Messages.collect(serial));
    probe.request(Messages.setContactor(serial, true));

    assertEquals(WireFrame.setPwm(10), charger.takeFrame());
    assertNothingElseOnTheWire(charger);
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    assertEquals(WireFrame.setPwm(20), charger.takeFrame());
    assertNothingElseOnTheWire(charger);
    charger.send(WireFrame.of(WireFrame.NOTIFY));
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    assertEquals(WireFrame.collect(), charger.takeFrame());
    assertNothingElseOnTheWire(charger);
    charger.send(ChargerReading.typical().frame());
    assertEquals(WireFrame.setContactor(true), charger.takeFrame());
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));

    List<String> published =
        probe.take(5, message -> message.isOf(serial)).stream()
            .map(message -> message.field("message_type"))
            .toList();
    assertEquals(
        List.of(
            "response_set_pwm_percent",
            "notify",
            "response_set_pwm_percent",
            "response_collect_data",
            "response_set_contactor_state"),
        published);
  }

  @Test
  void oneChargerThatDoesNotAnswerHoldsUpNoOther() {
    String silent = Serials.next();
    RawCharger waiting = installation.charger(silent);
    installation.probe().request(Messages.ping(silent));
    waiting.takeFrame();
    installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.ping(serial));
    installation.probe().take(message("response_ping", serial));
  }

  @Test
  void answersBusyToWhatDoesNotFitIntoTheQueueAndCarriesOutTheRest() {
    int queue = 16;
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    for (int i = 0; i < 1 + queue + 3; i++) {
      probe.request(Messages.setPwm(serial, i));
    }
    for (Message error : probe.take(3, errorOf(serial))) {
      assertEquals("busy", error.field("error"));
      assertEquals("request_set_pwm_percent", error.field("request_type"));
    }
    for (int i = 0; i <= queue; i++) {
      assertEquals(WireFrame.setPwm(i), charger.takeFrame());
      charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
    }
    probe.take(1 + queue, message("response_set_pwm_percent", serial));
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
    assertEquals(List.of(), probe.untaken(message -> message.isOf(serial)));
  }

  @Test
  void sendsTheResponseToTheResponseTopicAsWellWithItsCorrelationData() {
    installation.charger(serial).answerLikeFirmware();
    MqttProbe probe = installation.probe();
    String topic = "replies/" + serial;
    probe.subscribe(topic);
    probe.request(Messages.ping(serial), topic, "c-1");
    probe.request(Messages.setPwm(serial, 16), topic, "c-2");

    List<Message> replies = probe.take(2, onTopic(topic));
    assertEquals(Messages.plain("response_ping", serial), replies.get(0).text());
    assertEquals("c-1", replies.get(0).correlation());
    assertEquals(Messages.plain("response_set_pwm_percent", serial), replies.get(1).text());
    assertEquals("c-2", replies.get(1).correlation());
    assertEquals(
        Messages.plain("response_ping", serial),
        probe.take(message("response_ping", serial)).text());
    probe.take(message("response_set_pwm_percent", serial));
  }

  @Test
  void sendsAReadingToTheResponseTopicAsWell() {
    installation.charger(serial).answerLikeFirmware();
    MqttProbe probe = installation.probe();
    String topic = "replies/" + serial;
    probe.subscribe(topic);
    probe.request(Messages.collect(serial), topic, "reading");
    Message reply = probe.take(onTopic(topic));
    assertEquals(ChargerReading.typical().json(serial), reply.text());
    assertEquals("reading", reply.correlation());
  }

  @Test
  void sendsTheErrorToTheResponseTopicAsWellWithItsCorrelationData() {
    MqttProbe probe = installation.probe();
    String topic = "replies/" + serial;
    probe.subscribe(topic);
    probe.request(Messages.ping(serial), topic, "c-3");
    Message reply = probe.take(onTopic(topic));
    assertEquals("not_connected", reply.field("error"));
    assertEquals("c-3", reply.correlation());
    Message error = probe.take(errorOf(serial));
    assertEquals("not_connected", error.field("error"));
    assertEquals(error.text(), reply.text());
  }

  @Test
  void sendsTheErrorOfAnUnreadableRequestToTheResponseTopicAsWell() {
    MqttProbe probe = installation.probe();
    String topic = "replies/" + serial;
    probe.subscribe(topic);
    probe.request("{", topic, "c-4");
    Message reply = probe.take(onTopic(topic));
    assertEquals("invalid_json", reply.field("error"));
    assertEquals("c-4", reply.correlation());
    assertEquals("invalid_json", probe.take(MqttProbe.error()).field("error"));
  }

  @Test
  void givesTheResponseTopicOnlyItsOwnResponses() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    String topic = "replies/" + serial;
    probe.subscribe(topic);
    probe.request(Messages.ping(serial));
    probe.request(Messages.ping(serial), topic, "mine");
    charger.takeFrame();
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PING));
    charger.takeFrame();
    probe.take(message("response_ping", serial));
    assertEquals(List.of(), probe.untaken(onTopic(topic)));
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_PING));
    assertEquals("mine", probe.take(onTopic(topic)).correlation());
    probe.take(message("response_ping", serial));
  }

  @Test
  void acceptsARequestFromAClientOfMqtt311() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    Mqtt311Publisher.publish(
        installation.mosquitto().port(), MqttProbe.REQUEST_TOPIC, Messages.setPwm(serial, 41));
    assertEquals(WireFrame.setPwm(41), charger.takeFrame());
    installation.probe().take(message("response_set_pwm_percent", serial));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"message_type\":\"request_ping\",\"client_id\":\"%s\",\"colour\":\"red\"}",
        "{\"handshake\":{\"a\":[1,null,{}]},\"client_id\":\"%s\",\"message_type\":\"request_ping\"}",
        "{\"message_type\":\"request_ping\",\"client_id\":\"%s\",\"pwm_percent\":\"all of it\"}",
        "{\"message_type\":\"request_ping\",\"client_id\":\"%s\",\"contactor_state\":null}",
        " \r\n\t{ \"client_id\" :\n\"%s\" , \"message_type\" : \"request_ping\" }\n"
      })
  void ignoresKeysThatTheRequestDoesNotKnowAndTakesKeysInAnyOrder(String json) {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    installation.probe().request(json.formatted(serial));
    assertEquals(WireFrame.ping(), charger.takeFrame());
    installation.probe().take(message("response_ping", serial));
  }

  @Test
  void acceptsARequestAsLongAsTheLimit() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    String request = Messages.ping(serial);
    installation.probe().request(request + " ".repeat(262_144 - request.length()));
    assertEquals(WireFrame.ping(), charger.takeFrame());
  }

  @Test
  void failsEveryOutstandingRequestExactlyOnceWhenTheChargerDisconnects() {
    RawCharger charger = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    charger.takeFrame();
    probe.request(Messages.setPwm(serial, 16));
    probe.request(Messages.collect(serial));
    installation.awaitRequestsDone();
    charger.close();
    List<String> failed =
        probe.take(3, errorOf(serial)).stream()
            .map(error -> error.field("error") + " " + error.field("request_type"))
            .sorted()
            .toList();
    assertEquals(
        List.of(
            "disconnected request_data_collection",
            "disconnected request_ping",
            "disconnected request_set_pwm_percent"),
        failed);
    installation.awaitRequestsDone();
    assertEquals(List.of(), probe.untaken(message -> message.isOf(serial)));
  }

  @Test
  void aNewConnectionOfTheSameChargerReplacesTheOldOne() {
    RawCharger before = installation.charger(serial);
    MqttProbe probe = installation.probe();
    probe.request(Messages.ping(serial));
    before.takeFrame();

    RawCharger after = installation.charger(serial).answerLikeFirmware();
    before.awaitClosed();
    Message error = probe.take(errorOf(serial));
    assertEquals("disconnected", error.field("error"));
    assertEquals("request_ping", error.field("request_type"));
    probe.request(Messages.setPwm(serial, 33));
    assertEquals(WireFrame.setPwm(33), after.takeFrame());
    probe.take(message("response_set_pwm_percent", serial));
    assertTrue(after.isOpen());
  }

  @Test
  void manyReconnectionsInARowLeaveTheLastOneInCharge() {
    RawCharger last = null;
    for (int i = 0; i < 20; i++) {
      RawCharger previous = last;
      last = installation.charger(serial);
      if (previous != null) {
        previous.awaitClosed();
      }
    }
    last.answerLikeFirmware();
    installation.probe().request(Messages.ping(serial));
    assertEquals(WireFrame.ping(), last.takeFrame());
    installation.probe().take(message("response_ping", serial));
  }

  /**
   * A later request of another charger was carried out, so this one's were seen and are waiting.
   */
  private static void assertNothingElseOnTheWire(RawCharger charger) {
    installation.awaitRequestsDone();
    assertEquals(List.of(), charger.untakenFrames());
  }
}
