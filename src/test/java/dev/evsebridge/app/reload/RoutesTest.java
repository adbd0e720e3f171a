package dev.evsebridge.app.reload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.app.IdleBridge;
import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ConnectionHandler;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.Configuration;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.Counts;
import dev.evsebridge.state.BridgeHealth;
import dev.evsebridge.state.ChargerState;
import dev.evsebridge.state.ChargerStateExamples;
import dev.evsebridge.state.LogLine;
import dev.evsebridge.state.SessionReport;
import dev.evsebridge.testkit.KnownMessages;
import dev.evsebridge.testkit.RecordingMqtt;
import dev.evsebridge.testkit.RecordingMqtt.Published;
import dev.evsebridge.testkit.Unwatched;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.apache.camel.StartupSummaryLevel;
import org.apache.camel.component.netty.NettyEndpoint;
import org.apache.camel.component.paho.mqtt5.PahoMqtt5Constants;
import org.apache.camel.main.Main;
import org.apache.camel.main.SimpleMainShutdownStrategy;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real routes, with nothing replaced but the broker and the sockets. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoutesTest {
  private static final String PUBLISH = "from_dehneEVSE";
  private static final String SUBSCRIBE = "to_dehneEVSE";
  private static final String ERRORS = PUBLISH + "/error";
  private static final String SERIAL = KnownMessages.SERIAL;
  private static final String PING =
      """
      {"message_type":"request_ping","client_id":"%s"}"""
          .formatted(SERIAL);

  private final Main main = new Main();
  private final RecordingMqtt mqtt = new RecordingMqtt();
  private final SessionRegistry registry;
  private final Admission admission;
  private final CamelContext context;
  private final ProducerTemplate template;
  private EmbeddedChannel charger = new EmbeddedChannel();

  RoutesTest(@TempDir Path empty) throws Exception {
    BridgeSettings settings = settings(empty);
    registry = Unwatched.registry(settings.limits());
    admission = new Admission(settings.limits(), SerialNumber::hex, Set.of());
    main.setShutdownStrategy(new SimpleMainShutdownStrategy());
    main.setDefaultPropertyPlaceholderLocation("false");
    settings.placeholders().forEach(main::addOverrideProperty);
    main.configure()
        .withRoutesIncludePattern("file:routes/*.yaml")
        .withShutdownTimeout(3)
        .withJmxEnabled(false);
    main.configure().setStartupSummaryLevel(StartupSummaryLevel.Off);
    main.bind("paho-mqtt5", mqtt);
    IdleBridge.beans(settings, registry, admission).forEach(main::bind);
    main.start();
    context = main.getCamelContext();
    template = context.createProducerTemplate();
  }

  private static BridgeSettings settings(Path empty) throws Exception {
    Files.createFile(empty.resolve("application.properties"));
    return Configuration.read(empty, null, Map.of("EVSE_MAX_CONNECTIONS", "12345"), Map.of());
  }

  @AfterAll
  void stop() throws Exception {
    template.close();
    main.stop();
  }

  @BeforeEach
  void aChargerIsConnected() {
    charger =
        new EmbeddedChannel(
            new ConnectionHandler(registry, admission, new BackPressure(), error -> {}));
    charger.writeInbound(new Hello(new SerialNumber(SERIAL), 9));
    // Its contactor is open.
    charger.writeInbound(KnownMessages.reading("shortest reading, all zero"));
    charger.releaseInbound();
    mqtt.breakTopics(topic -> false);
    mqtt.published();
  }

  @AfterEach
  void itLeaves() {
    charger.finishAndReleaseAll();
  }

  /** All chargers may come back at once; a frozen process must not hold more than that. */
  @Test
  void letAsManyConnectionsWaitAsThereMayBe() {
    NettyEndpoint listener = (NettyEndpoint) context.getRoute("charger-listener").getEndpoint();

    assertEquals(12_345, listener.getConfiguration().getBacklog());
  }

  @Test
  void areAllThere() {
    assertEquals(
        Set.of(
            "alive-all",
            "alive-one",
            "availability",
            "bridge-chargers",
            "bridge-health",
            "bridge-info",
            "bridge-requests",
            "charger-firmware",
            "charger-listener",
            "charger-state",
            "charger-session",
            "charger-log",
            "clear-retained",
            "interlock",
            "charger-to-mqtt",
            "home-assistant",
            "mqtt-to-charger",
            "reply",
            "report-error",
            "set-points"),
        new TreeSet<>(context.getRoutes().stream().map(Route::getId).toList()));
  }

  @Test
  void sayWhatTheyAreFor() {
    for (Route route : context.getRoutes()) {
      assertNotNull(route.getDescription(), route.getId());
      assertFalse(route.getDescription().isBlank(), route.getId());
    }
  }

  @Test
  void doNotListenForChargersByThemselves() {
    assertTrue(
        context.getRouteController().getRouteStatus("charger-listener").isStopped(),
        "the fail-safe starts it");
  }

  @Test
  void subscribeBelowOneTopic() {
    assertEquals(
        Set.of(
            SUBSCRIBE,
            SUBSCRIBE + "/+/set/#",
            SUBSCRIBE + "/+/alive",
            SUBSCRIBE + "/alive",
            SUBSCRIBE + "/bridge/request/+"),
        Set.copyOf(mqtt.subscriptions()));
  }

  @Test
  void countRequestsByWhatBecameOfThem() {
    Map<Counts.Ended, Long> before = registry.counts().requests();
    deliver(PING);
    received();
    charger.writeInbound(new PingResponse(SERIAL));
    charger.runPendingTasks();
    deliver(PING.replace(SERIAL, "nobody"));
    mqtt.deliver(
        SUBSCRIBE + "/+/set/#",
        "true".getBytes(StandardCharsets.UTF_8),
        Map.of("CamelMqttTopic", SUBSCRIBE + "/" + SERIAL + "/set/enabled"));

    Map<Counts.Ended, Long> after = registry.counts().requests();
    before.forEach((ended, number) -> after.merge(ended, -number, Long::sum));
    after.values().removeIf(number -> number == 0);
    assertEquals(
        Map.of(
            new Counts.Ended("request_ping", Counts.OK), 1L,
            new Counts.Ended("request_ping", "not_connected"), 1L,
            new Counts.Ended("set_enabled", "not_connected"), 1L),
        after);
  }

  static Stream<KnownMessages.FromCharger> fromCharger() {
    return KnownMessages.fromCharger();
  }

  @ParameterizedTest
  @MethodSource("fromCharger")
  void publishWhatAChargerSays(KnownMessages.FromCharger row) {
    template.sendBody("direct:charger-to-mqtt", row.message());

    assertEquals(List.of(new Published(PUBLISH, row.json(), Map.of(), null)), mqtt.published());
  }

  static Stream<KnownMessages.ToCharger> toCharger() {
    return KnownMessages.toCharger();
  }

  @ParameterizedTest
  @MethodSource("toCharger")
  void bringEachRequestToItsCharger(KnownMessages.ToCharger row) {
    deliver(row.json());
    if (row.request() instanceof ChargerRequest.UploadFirmware) {
      // Before an upload the bridge asks whether the contactor is open.
      assertEquals(List.of(new ChargerRequest.CollectData(SERIAL)), received());
      charger.writeInbound(KnownMessages.reading("shortest reading, all zero"));
      charger.runPendingTasks();
    }

    List<ChargerRequest> received = received();
    assertEquals(1, received.size());
    assertEquals(row.request().getClass(), received.get(0).getClass());
    assertEquals(List.of(), mqtt.published());
  }

  @Test
  void replyToTheResponseTopicWithTheCorrelationData() {
    deliver(PING, Map.of(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, replyWanted()));
    assertEquals(1, received().size());
    assertEquals(List.of(), mqtt.published());

    charger.writeInbound(new PingResponse(SERIAL));

    assertEquals(
        List.of(
            new Published(
                "my/replies",
                """
                {"message_type":"response_ping","client_id":"%s"}"""
                    .formatted(SERIAL),
                Map.of(),
                "id 7")),
        mqtt.published());
  }

  /** Whoever may only send requests could otherwise have the bridge say what is not so. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                | ''                    | error",
        "/+/set/#          | /Garage/set/enabled   | error",
        "/+/alive          | /Garage/alive         | error",
        "/alive            | /alive                | error",
        "/bridge/request/+ | /bridge/request/health| bridge/response/health"
      })
  void replyToNoKindOfRequestOnATopicOfTheBridgesOwn(
      String filter, String topic, String errorTopic) {
    MqttProperties wanted = new MqttProperties();
    wanted.setResponseTopic(PUBLISH + "/Garage/availability");

    mqtt.deliver(
        SUBSCRIBE + filter,
        PING.getBytes(StandardCharsets.UTF_8),
        Map.of(
            "CamelMqttTopic",
            SUBSCRIBE + topic,
            PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES,
            wanted));

    assertEquals(List.of(), received());
    Published refusal = onlyOne(mqtt.published());
    assertEquals(PUBLISH + "/" + errorTopic, refusal.topic());
    assertTrue(refusal.text().contains("\"error\":\"invalid_value\""), refusal::text);
  }

  @ParameterizedTest
  @MethodSource("topicsOfRoutes")
  void replyOnNoTopicThatARoutePublishesOn(String topic) {
    MqttProperties wanted = new MqttProperties();
    wanted.setResponseTopic(topic);

    deliver(PING, Map.of(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, wanted));

    assertEquals(List.of(), received());
    assertEquals(ERRORS, onlyOne(mqtt.published()).topic());
  }

  static Set<String> topicsOfRoutes() throws IOException {
    Pattern topic = Pattern.compile("\\{\\{mqtt\\.topic_publish}}[^\\s\"]*");
    Set<String> topics = new TreeSet<>();
    try (Stream<Path> files = Files.list(Path.of("routes"))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        topic
            .matcher(Files.readString(file))
            .results()
            .map(MatchResult::group)
            .map(each -> each.replace("{{mqtt.topic_publish}}", PUBLISH))
            .map(each -> each.replace("${header.bridge}", "bridge/any"))
            .map(each -> each.replaceAll("\\$\\{[^}]*}", "any"))
            .forEach(topics::add);
      }
    }
    assertTrue(topics.size() > 8, topics::toString);
    return topics;
  }

  @Test
  void replyToNobodyWhoHasNotAsked() {
    deliver(PING);

    charger.writeInbound(new PingResponse(SERIAL));

    assertEquals(List.of(), mqtt.published());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                                                            | invalid_json
          ` `                                                           | invalid_json
          null                                                          | invalid_json
          []                                                            | invalid_json
          7                                                             | invalid_json
          "request_ping"                                                | invalid_json
          {"message_type":"request_ping"                                | invalid_json
          {"message_type":"request_ping","message_type":"request_ping"} | invalid_json
          {"message_type":"request_ping","client_id":"x"} {}            | invalid_json
          {}                                                            | missing_field
          {"message_type":null}                                         | invalid_value
          {"message_type":"request_ping"}                               | missing_field
          {"message_type":"request_ping","client_id":7}                 | invalid_value
          {"message_type":"request_ping","client_id":"nobody"}          | not_connected
          {"message_type":"request_pong","client_id":"nobody"}          | unknown_message_type
          {"message_type":"${body}","client_id":"nobody"}               | unknown_message_type
          {"message_type":"request_set_pwm_percent","client_id":"%s"}   | missing_field
          {"message_type":"request_set_pwm_percent","client_id":"%s","pwm_percent":101}        | invalid_value
          {"message_type":"request_set_pwm_percent","client_id":"%s","pwm_percent":"50"}       | invalid_value
          {"message_type":"request_set_contactor_state","client_id":"%s","contactor_state":1}  | invalid_value
          {"message_type":"request_firmware","client_id":"%s","firmware":{"firmware_data_base64":"","firmware_crc32":0}}     | invalid_value
          {"message_type":"request_firmware","client_id":"%s","firmware":{"firmware_data_base64":"AA==","firmware_crc32":0}} | checksum_mismatch
          """)
  void endEachBrokenRequestInOneError(String json, String code) {
    deliver(json.replace("%s", SERIAL));

    Published error = onlyOne(mqtt.published());
    assertEquals(ERRORS, error.topic());
    assertTrue(error.text().contains("\"error\":\"" + code + "\""), error.text());
    assertEquals(List.of(), received(), "nothing of it may reach the charger");
  }

  @Test
  void endAFailedRequestInOneErrorForEverybodyAndOneForItsSender() {
    deliver(
        "{\"message_type\":\"request_ping\",\"client_id\":\"nobody\"}",
        Map.of(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, replyWanted()));

    List<Published> published = mqtt.published();
    String error =
        """
        {"message_type":"error","client_id":"nobody","request_type":"request_ping",\
        "error":"not_connected","detail":"No charger of this client_id is connected. Connected now: '%s'."}"""
            .formatted(SERIAL);
    assertEquals(
        List.of(
            new Published(ERRORS, error, Map.of(), null),
            new Published("my/replies", error, Map.of(), "id 7")),
        published);
  }

  @Test
  void endARequestInOneErrorWhenTheChargerLeaves() {
    deliver(PING);
    charger.close();

    assertTrue(onlyOne(mqtt.published()).text().contains("\"error\":\"disconnected\""));
  }

  @Test
  void refuseARetainedRequest() {
    deliver(PING, Map.of(PahoMqtt5Constants.CAMEL_PAHO_MSG_RETAINED, true));

    assertTrue(onlyOne(mqtt.published()).text().contains("\"error\":\"retained_request\""));
    assertEquals(List.of(), received());
  }

  @Test
  void refuseAPayloadThatIsTooLong() {
    deliver(" ".repeat(262_144) + PING);

    assertTrue(onlyOne(mqtt.published()).text().contains("\"error\":\"invalid_json\""));
    assertEquals(List.of(), received());
  }

  @Test
  void reportAStepThatFails() {
    mqtt.breakTopics(PUBLISH::equals);

    template.sendBody("direct:charger-to-mqtt", new PingResponse(SERIAL));

    Published error = onlyOne(mqtt.published());
    assertEquals(ERRORS, error.topic());
    assertTrue(error.text().contains("\"error\":\"route_failed\""), error.text());
  }

  @Test
  void reportOneErrorForEverybodyWhenTheReplyFails() {
    mqtt.breakTopics("my/replies"::equals);
    deliver(PING, Map.of(PahoMqtt5Constants.CAMEL_PAHO_MSG_PROPERTIES, replyWanted()));

    charger.writeInbound(new PingResponse(SERIAL));

    assertEquals(List.of(ERRORS), mqtt.published().stream().map(Published::topic).toList());
  }

  @Test
  void doNotGoInCirclesWhenErrorsCannotBePublished() {
    mqtt.breakTopics(topic -> true);

    deliver("{}");

    assertEquals(List.of(), mqtt.published());
  }

  @Test
  void keepHeadersFromOutsideAwayFromCamel() {
    deliver(
        "{}", Map.of(PahoMqtt5Constants.CAMEL_PAHO_OVERRIDE_TOPIC, "stolen", "CamelPahoMsgQos", 2));

    assertEquals(ERRORS, onlyOne(mqtt.published()).topic());
  }

  @Test
  void publishErrorsThatBelongToNoRequest() {
    template.sendBody(
        "direct:report-error", new ErrorMessage(SERIAL, null, "protocol_error", "Why."));

    assertEquals(
        List.of(
            new Published(
                ERRORS,
                """
                {"message_type":"error","client_id":"%s","error":"protocol_error","detail":"Why."}"""
                    .formatted(SERIAL),
                Map.of(),
                null)),
        mqtt.published());
  }

  @Test
  void publishAvailabilityRetainedOnATopicPerCharger() {
    template.sendBodyAndHeader("direct:availability", "online", "clientId", "Garage 1");

    assertEquals(
        List.of(
            new Published(
                PUBLISH + "/Garage 1/availability",
                "online",
                Map.of("qos", "1", "retained", "true"),
                null)),
        mqtt.published());
  }

  @Test
  void publishTheStateOfAConnectedChargerRetainedAndExpiring() {
    template.sendBodyAndHeader("direct:charger-state", state(true), "clientId", "Garage 1");

    Published published = mqtt.published().get(0);
    assertEquals(PUBLISH + "/Garage 1/state", published.topic());
    assertEquals(Map.of("qos", "1", "retained", "true", "messageExpiry", 60L), published.options());
    assertTrue(published.text().startsWith("{\"client_id\":\"Garage 1\",\"serial\":"));
  }

  @Test
  void publishTheStateOfAChargerThatIsGoneForGood() {
    template.sendBodyAndHeader("direct:charger-state", state(false), "clientId", "Garage 1");

    assertEquals(Map.of("qos", "1", "retained", "true"), mqtt.published().get(0).options());
  }

  @Test
  void publishAFinishedSessionRetained() {
    template.sendBodyAndHeader(
        "direct:charger-session",
        new SessionReport(
            "2026-11-26T10:58:41Z",
            "2026-11-26T11:58:41Z",
            3.25,
            3_000,
            1.0,
            4.25,
            0L,
            "unplugged"),
        "clientId",
        "Garage 1");

    assertEquals(
        List.of(
            new Published(
                PUBLISH + "/Garage 1/session",
                """
                {"session_start":"2026-11-26T10:58:41Z","session_end":"2026-11-26T11:58:41Z",\
                "session_kwh":3.25,"charging_seconds":3000,"energy_kwh_start":1.0,\
                "energy_kwh_end":4.25,"energy_gap_seconds":0,"end_reason":"unplugged"}""",
                Map.of("qos", "1", "retained", "true"),
                null)),
        mqtt.published());
  }

  @Test
  void publishALineOfALogForThoseWhoListen() {
    template.sendBodyAndHeader(
        "direct:charger-log",
        new LogLine("2026-11-26T10:58:41.123Z", 28_012L, "PWM percent updated to 26"),
        "clientId",
        "Garage 1");

    assertEquals(
        List.of(
            new Published(
                PUBLISH + "/Garage 1/log",
                """
                {"time":"2026-11-26T10:58:41.123Z","uptime_milliseconds":28012,\
                "text":"PWM percent updated to 26"}""",
                Map.of("qos", "0"),
                null)),
        mqtt.published());
  }

  @Test
  void clearARetainedTopicWithNothing() {
    template.sendBodyAndHeader("direct:clear-retained", "", "topic", "old root/Garage 1/state");

    assertEquals(
        List.of(
            new Published(
                "old root/Garage 1/state", "", Map.of("qos", "1", "retained", "true"), null)),
        mqtt.published());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bridge", "bridge/one"})
  void publishTheHealthOfTheBridgeRetainedAndExpiring(String bridge) {
    template.sendBodyAndHeader(
        "direct:bridge-health",
        new BridgeHealth("t", "t", 1, 2, 3, 4, 5, 6, null),
        "bridge",
        bridge);

    Published published = onlyOne(mqtt.published());
    assertEquals(PUBLISH + "/" + bridge + "/health", published.topic());
    assertEquals(
        Map.of("qos", "1", "retained", "true", "messageExpiry", 180L), published.options());
  }

  @Test
  void answerRequestsToTheBridgeOnATopicOfTheVerbAndOnTheResponseTopic() {
    ask("health", "{\"transaction\":7}", Map.of("CamelPahoMqtt5MsgProperties", replyWanted()));

    String response = "{\"status\":\"ok\",\"data\":{\"buffered\":0},\"transaction\":7}";
    assertEquals(
        List.of(
            new Published(PUBLISH + "/bridge/response/health", response, Map.of("qos", "1"), null),
            new Published("my/replies", response, Map.of(), "id 7")),
        mqtt.published());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "health  | {                    | false | invalid_json",
        "health  | null                 | false | invalid_json",
        "health  | [1]                  | false | invalid_json",
        "health  | {}                   | true  | retained_request",
        "unheard | {\"transaction\":\"t\"} | false | unknown_message_type"
      })
  void answerRequestsToTheBridgeThatCannotBeCarriedOut(
      String verb, String payload, boolean retained, String error) {
    ask(verb, payload, Map.of("CamelPahoMqtt5Retained", retained));

    Published published = onlyOne(mqtt.published());
    assertEquals(PUBLISH + "/bridge/response/" + verb, published.topic());
    assertTrue(
        published
            .text()
            .startsWith(
                "{\"status\":\"error\",\"data\":{},\"error\":\"" + error + "\",\"detail\":"),
        published::text);
    assertEquals(verb.equals("unheard"), published.text().endsWith(",\"transaction\":\"t\"}"));
  }

  @Test
  void takeAnEmptyRequestToTheBridgeForOneWithoutKeys() {
    ask("health", "", Map.of());

    assertEquals("{\"status\":\"ok\",\"data\":{\"buffered\":0}}", onlyOne(mqtt.published()).text());
  }

  private void ask(String verb, String payload, Map<String, Object> headers) {
    Map<String, Object> all = new HashMap<>(headers);
    all.put("CamelMqttTopic", SUBSCRIBE + "/bridge/request/" + verb);
    mqtt.deliver(SUBSCRIBE + "/bridge/request/+", payload.getBytes(StandardCharsets.UTF_8), all);
  }

  private static ChargerState state(boolean connected) {
    return ChargerStateExamples.state("Garage 1", SERIAL, connected);
  }

  private void deliver(String json) {
    deliver(json, Map.of());
  }

  private void deliver(String json, Map<String, Object> headers) {
    mqtt.deliver(SUBSCRIBE, json.getBytes(StandardCharsets.UTF_8), headers);
  }

  private static MqttProperties replyWanted() {
    MqttProperties properties = new MqttProperties();
    properties.setResponseTopic("my/replies");
    properties.setCorrelationData("id 7".getBytes(StandardCharsets.UTF_8));
    return properties;
  }

  private static Published onlyOne(List<Published> published) {
    assertEquals(1, published.size(), published::toString);
    return published.get(0);
  }

  private List<ChargerRequest> received() {
    charger.runPendingTasks();
    List<ChargerRequest> requests = new ArrayList<>();
    for (ChargerRequest next = charger.readOutbound();
        next != null;
        next = charger.readOutbound()) {
      requests.add(next);
    }
    return requests;
  }
}
