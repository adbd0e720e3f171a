package dev.evsebridge.app.reload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.app.IdleBridge;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.Configuration;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.testkit.RecordingMqtt;
import dev.evsebridge.testkit.RecordingMqtt.Published;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.StartupSummaryLevel;
import org.apache.camel.main.Main;
import org.apache.camel.main.SimpleMainShutdownStrategy;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A copy of the real routes is edited while it runs; nothing is replaced but the broker. */
class RouteReloadTest {
  private static final String SERIAL = "000102030405060708090A0B0C0D0E0F";
  private static final String TO_MQTT = "charger-to-mqtt.yaml";
  private static final String ERRORS = "errors.yaml";
  private static final String AVAILABILITY = "availability.yaml";

  private static final SortedMap<String, String> DELIVERED = delivered();

  private final Main main = new Main();
  private final RecordingMqtt mqtt = new RecordingMqtt();
  private final List<Set<String>> paused = new ArrayList<>();
  private final List<Set<String>> reloaded = new ArrayList<>();
  private final Path folder;
  private final Supplier<Map<String, Object>> beans;
  private int trials;
  private @Nullable ProducerTemplate template;
  private @Nullable RouteReload reload;
  private @Nullable FolderWatch watch;

  RouteReloadTest(@TempDir Path temporary) throws Exception {
    folder = Files.createDirectory(temporary.resolve("routes"));
    for (Map.Entry<String, String> file : DELIVERED.entrySet()) {
      write(file.getKey(), file.getValue());
    }
    Path unused = Files.createFile(temporary.resolve("application.properties"));
    BridgeSettings settings = Configuration.read(temporary, null, Map.of(), Map.of());
    main.setShutdownStrategy(new SimpleMainShutdownStrategy());
    main.setDefaultPropertyPlaceholderLocation("false");
    settings.placeholders().forEach(main::addOverrideProperty);
    main.configure().withShutdownTimeout(1).withJmxEnabled(false);
    main.configure().setStartupSummaryLevel(StartupSummaryLevel.Off);
    main.configure().routeControllerConfig().withEnabled(true);
    main.bind("paho-mqtt5", mqtt);
    main.bind("direct", new ReloadableDirect());
    beans = () -> new HashMap<>(IdleBridge.beans(settings));
    beans.get().forEach(main::bind);
    main.init();
  }

  private static SortedMap<String, String> delivered() {
    SortedMap<String, String> texts = new TreeMap<>();
    try (Stream<Path> files = Files.list(Path.of("routes"))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        texts.put(file.getFileName().toString(), Files.readString(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return texts;
  }

  private RouteFolder routeFolder() {
    return new RouteFolder(folder, new DeliveredRoutes(() -> DELIVERED));
  }

  private Map<String, Object> trialBeans() {
    trials++;
    Map<String, Object> fresh = beans.get();
    fresh.put("paho-mqtt5", new RecordingMqtt());
    return fresh;
  }

  @BeforeEach
  void theRoutesRun() throws Exception {
    begin();
  }

  private void begin() throws Exception {
    RouteReload fresh =
        new RouteReload(
            main.getCamelContext(),
            this::trialBeans,
            Announcements.targets(false),
            "charger-listener",
            new Pauses(),
            reloaded::add);
    fresh.start(routeFolder());
    main.start();
    reload = fresh;
    watch = new FolderWatch(routeFolder(), fresh);
    // Begins with what runs; here the test itself looks.
    watch.start();
    watch.close();
    template = main.getCamelContext().createProducerTemplate();
  }

  @AfterEach
  void stop() throws Exception {
    template().close();
    main.stop();
  }

  @Test
  void loadsTheFilesOfTheFolder() {
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
        routes());
  }

  @Test
  void triesTheDeliveredFilesNotBeforeTheFirstEdit() throws IOException {
    assertEquals(0, trials);

    write("ticks.yaml", timer("ticks", "log:ticks"));
    reload();

    assertTrue(trials > 0);
    assertEquals(List.of(Set.of("ticks")), reloaded);
  }

  @Test
  void takesAnEditedFile() throws IOException {
    edit(TO_MQTT, "uri: paho-mqtt5:{{mqtt.topic_publish}}", "uri: paho-mqtt5:elsewhere");
    reload();
    assertEquals(List.of("elsewhere"), topicsOfAPing());
    assertEquals(List.of(Set.of("charger-to-mqtt")), paused);
    assertEquals(List.of(Set.of("charger-to-mqtt")), reloaded);
  }

  @Test
  void doesNotPauseAnythingForRoutesThatCarryNoTraffic() throws IOException {
    write("ticks.yaml", timer("ticks", "log:ticks"));
    reload();
    write("ticks.yaml", timer("ticks", "log:tocks"));
    reload();
    Files.delete(folder.resolve("ticks.yaml"));
    reload();
    assertFalse(routes().contains("ticks"));
    assertEquals(List.of(), paused);
  }

  @Test
  void pausesTrafficForARouteThatTheOthersReach() throws IOException {
    addTap();
    write("tap.yaml", route("tap", "direct:tap", "log:tap"));
    reload();
    paused.clear();
    write("tap.yaml", route("tap", "direct:tap", "log:tapped"));
    reload();
    assertEquals(List.of(Set.of("tap")), paused);
  }

  @Test
  void keepsAllThatRanWhenAnEditOfTheErrorsFailsHalfWay() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      edit(ERRORS, "uri: direct:report-error\n      - on", "uri: paho-mqtt5:changed\n      - on");
      edit(ERRORS, "uri: direct:report-error\n\n", "uri: paho-mqtt5:changed\n\n");
      write(
          ERRORS,
          read(ERRORS)
              + "\n"
              + route("port", "netty:tcp://127.0.0.1:" + taken.getLocalPort(), "log:x"));
      reload();
      assertFalse(routes().contains("port"));
      assertEquals(List.of("from_dehneEVSE/error"), topicsOfABrokenRequest());
      // What is loaded afterwards is not configured by the refused file either.
      write(TO_MQTT, read(TO_MQTT) + "# edited\n");
      reload();
    }
    mqtt.breakTopics("from_dehneEVSE"::equals);
    assertEquals(List.of("from_dehneEVSE/error"), topicsOfAPing());
  }

  @Test
  void forgetsConfigurationsOfDeletedFiles() throws IOException {
    write(
        "more-errors.yaml",
        """
        - routeConfiguration:
            onException:
              - onException:
                  exception:
                    - java.lang.IllegalStateException
                  handled:
                    constant: "true"
                  steps:
                    - to:
                        uri: paho-mqtt5:my-errors
        """);
    reload();
    mqtt.breakTopics("from_dehneEVSE"::equals);
    assertEquals(List.of("my-errors"), topicsOfAPing());
    Files.delete(folder.resolve("more-errors.yaml"));
    reload();
    assertEquals(List.of("from_dehneEVSE/error"), topicsOfAPing());
    write(TO_MQTT, read(TO_MQTT) + "# edited\n");
    reload();
    assertEquals(List.of("from_dehneEVSE/error"), topicsOfAPing());
  }

  @ParameterizedTest
  @ValueSource(strings = {ERRORS, AVAILABILITY, TO_MQTT, "charger-listener.yaml"})
  void keepsTheRoutesOfADeletedFileThatTheOthersNeed(String name) throws IOException {
    Set<String> before = routes();
    Files.delete(folder.resolve(name));
    reload();
    assertEquals(before, routes());
    assertEquals(List.of("from_dehneEVSE"), topicsOfAPing());
    assertEquals(List.of("from_dehneEVSE/error"), topicsOfABrokenRequest());
    assertEquals(List.of(), reloaded);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "direct:nobody",
        "direct:{{mqtt.topic_publish}}",
        "direct:nobody?timeout=5",
        "wireTap"
      })
  void refusesAFileThatSendsWhereNobodyIs(String uri) throws IOException {
    String step =
        uri.equals("wireTap")
            ? "        - wireTap:\n            uri: direct:nobody\n"
            : "        - to:\n            uri: " + uri + "\n";
    edit(TO_MQTT, "steps:\n", "steps:\n" + step);
    reload();
    assertEquals(List.of("from_dehneEVSE"), topicsOfAPing());
    assertEquals(List.of(), reloaded);
  }

  @Test
  void refusesAnEditThatTakesTheTargetOfOthersAway() throws IOException {
    edit(AVAILABILITY, "uri: direct:availability", "uri: direct:renamed");
    reload();
    template().sendBodyAndHeader("direct:availability", "online", "clientId", "x");
    assertEquals(1, mqtt.published().size());
  }

  @Test
  void takesFilesThatNeedEachOtherTogetherThoughAThirdIsBroken() throws IOException {
    addTap();
    write("tap.yaml", route("tap", "direct:tap", "paho-mqtt5:tap"));
    write("broken.yaml", "- route: [");
    reload();
    assertEquals(List.of("tap", "from_dehneEVSE"), topicsOfAPing());
  }

  @Test
  void takesARefusedFileOnceWhatItNeedsIsThere() throws IOException {
    addTap();
    reload();
    assertEquals(List.of("from_dehneEVSE"), topicsOfAPing());
    write("tap.yaml", route("tap", "direct:tap", "paho-mqtt5:tap"));
    reload();
    assertEquals(List.of("tap", "from_dehneEVSE"), topicsOfAPing());
  }

  @Test
  void movesARouteFromOneFileToAnother() throws IOException {
    write("first.yaml", timer("moved", "log:x"));
    reload();
    Files.delete(folder.resolve("first.yaml"));
    write("second.yaml", timer("moved", "log:y"));
    reload();
    assertTrue(routes().contains("moved"));
    assertEquals(2, reloaded.size());
  }

  @Test
  void refusesWhateverAFileDoesToTheParserAndTakesTheNext() throws IOException {
    write("deep.yaml", "[".repeat(20_000));
    reload();
    write("ticks.yaml", timer("ticks", "log:x"));
    reload();
    assertTrue(routes().contains("ticks"));
  }

  @Test
  void refusesAMethodThatABeanDoesNotHave() throws IOException {
    edit("mqtt-to-charger.yaml", "method: admit", "method: admitt");
    reload();
    assertEquals(List.of(), reloaded);
  }

  @Test
  void refusesWhatIsNotUtf8OrTooLong() throws IOException {
    Files.write(folder.resolve("latin.yaml"), new byte[] {'#', (byte) 0xE4, '\n'});
    write("long.yaml", "# " + "x".repeat(1024 * 1024));
    reload();
    assertEquals(List.of(), reloaded);
  }

  @ParameterizedTest
  @ValueSource(strings = {"<routes/>", "route: x", "just words", "- rout:\n    id: x"})
  void refusesAFileThatHoldsNoRoutes(String text) throws IOException {
    write("zz.yaml", text);
    reload();
    assertEquals(List.of(), reloaded);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# - route:\n#     id: x\n", "---\n"})
  void takesAFileInWhichAllIsCommentedOut(String text) throws IOException {
    write("zz.yaml", timer("ticks", "log:x"));
    reload();
    write("zz.yaml", text);
    reload();
    assertFalse(routes().contains("ticks"));
  }

  @Test
  void refusesASecondRouteFromTheSameName() throws IOException {
    write("zz.yaml", route("zz", "direct:reply", "log:x"));
    reload();
    assertEquals(List.of(), reloaded);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "setProperty:\n            name: x\n            simple: ${body.measurements.pilotVoltage}",
        "setBody:\n            simple: ${body.clientld}",
        "log: a ${body.messageTyp}",
        "toD:\n            uri: log:${body.nobody}",
        "filter:\n            simple: ${body.nothing} == 1\n            steps:\n              - log: x"
      })
  void refusesAnExpressionThatFailsOnAnyKindOfMessage(String step) throws IOException {
    edit(TO_MQTT, "steps:\n", "steps:\n        - " + step + "\n");
    reload();
    assertEquals(List.of(), reloaded);
    assertEquals(List.of("from_dehneEVSE"), topicsOfAPing());
  }

  @Test
  void refusesAMisspeltFieldWithinAChoiceByMessageType() throws IOException {
    edit(TO_MQTT, "steps:\n", "steps:\n" + onReadings("${body.measurements.pilotVoltag}"));
    reload();
    assertEquals(List.of(), reloaded);
  }

  @Test
  void takesAnExpressionThatHoldsForTheMessagesItSees() throws IOException {
    edit(TO_MQTT, "steps:\n", "steps:\n" + onReadings("${body.measurements.pilotVoltage}"));
    reload();
    assertEquals(1, reloaded.size());
  }

  @Test
  void triesExpressionsOnRequestsAndOnWhatTheBridgeSays() throws IOException {
    edit(AVAILABILITY, "steps:\n", "steps:\n        - log: ${body.nothing}\n");
    reload();
    edit(
        "mqtt-to-charger.yaml",
        "        - filter:\n            id: reply-wanted",
        "        - log: ${body.nothing}\n        - filter:\n            id: reply-wanted");
    reload();
    assertEquals(List.of(), reloaded);
  }

  @Test
  void triesExpressionsWithoutSendingWritingOrGoingInCircles() throws IOException {
    Path written = folder.resolve("written");
    edit(
        TO_MQTT,
        "steps:\n",
        """
        steps:
                - wireTap:
                    uri: direct:round
                - to:
                    uri: direct:round
        """);
    write(
        "round.yaml",
        """
        - route:
            id: round
            from:
              uri: direct:round
              steps:
                - toD:
                    uri: file:%s?fileName=${body.clientId}
                - to:
                    uri: direct:round
        """
            .formatted(written));
    reload();
    assertEquals(1, reloaded.size());
    assertFalse(Files.exists(written));
    assertEquals(List.of(), mqtt.published());
  }

  private static String onReadings(String expression) {
    String indent = "        ";
    return indent
        + "- filter:\n"
        + indent
        + "    simple: ${body.messageType} == 'response_collect_data'\n"
        + indent
        + "    steps:\n"
        + indent
        + "      - log: "
        + expression
        + "\n";
  }

  @Test
  void readsPastAByteOrderMark() throws IOException {
    write("ticks.yaml", "\uFEFF" + timer("ticks", "log:x"));
    reload();
    assertTrue(routes().contains("ticks"));
  }

  @Test
  void ignoresHiddenFilesAndThoseOfAnotherName() throws IOException {
    write("._ticks.yaml", "\u0000\u0005\u0016\u0007");
    write(".ticks.yaml.swp", timer("ticks", "log:x"));
    write("ticks.yml", timer("ticks", "log:x"));
    reload();
    assertFalse(routes().contains("ticks"));
    assertEquals(List.of(), reloaded);
  }

  @Test
  void goesOnWithAFileInWhosePlaceIsAFolderNow() throws IOException {
    write("ticks.yaml", timer("ticks", "log:x"));
    look(2);
    Files.delete(folder.resolve("ticks.yaml"));
    Path unused = Files.createDirectory(folder.resolve("ticks.yaml"));
    write("more.yaml", timer("more", "log:x"));
    look(5);
    assertTrue(routes().containsAll(Set.of("ticks", "more")), routes()::toString);
  }

  @Test
  void noticesAnEditThatLeavesLengthAndTimeAsTheyWere() throws IOException {
    Path file = folder.resolve(TO_MQTT);
    FileTime time = Files.getLastModifiedTime(file);
    edit(TO_MQTT, "id: publish-message", "id: publish-massage");
    Path unused = Files.setLastModifiedTime(file, time);
    look(2);
    assertEquals(1, reloaded.size());
  }

  @Test
  void takesAnEditOnceTwoLooksHaveFoundItTheSame() throws IOException {
    edit(TO_MQTT, "id: publish-message", "id: one");
    look(1);
    edit(TO_MQTT, "id: one", "id: two");
    look(1);
    assertEquals(List.of(), reloaded);
    look(1);
    assertEquals(1, reloaded.size());
  }

  @Test
  void believesADeletionAfterSeveralLooks() throws IOException {
    write("ticks.yaml", timer("ticks", "log:x"));
    look(2);
    Files.delete(folder.resolve("ticks.yaml"));
    look(4);
    assertTrue(routes().contains("ticks"));
    look(1);
    assertFalse(routes().contains("ticks"));
  }

  @Test
  void changesNothingForAFileThatIsBackAtOnce() throws IOException {
    String text = read(TO_MQTT);
    Files.delete(folder.resolve(TO_MQTT));
    look(3);
    write(TO_MQTT, text);
    look(5);
    assertEquals(List.of(), paused);
    assertEquals(List.of(), reloaded);
  }

  @Test
  void doesNotWaitForAFileThatIsWrittenAllTheTime() throws IOException {
    write("ticks.yaml", timer("ticks", "log:x"));
    for (int i = 0; i < 25; i++) {
      write("busy.yaml", "# " + i);
      look(1);
    }
    assertTrue(routes().contains("ticks"));
  }

  @Test
  void runsOnWithoutTheFolder() throws IOException {
    Set<String> before = routes();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
    look(10);
    assertEquals(before, routes());
  }

  @Test
  void saysAtTheStartWhichFileCannotBeUsed() throws Exception {
    write(TO_MQTT, read(TO_MQTT).replace("direct:charger-to-mqtt", "direct:else"));
    RouteReload fresh =
        new RouteReload(
            main.getCamelContext(),
            this::trialBeans,
            Announcements.targets(false),
            "charger-listener",
            new Pauses(),
            reloaded::add);
    RouteFolder files = new RouteFolder(folder);
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> fresh.start(files));
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains("charger-listener.yaml, line "), message);
    assertTrue(message.contains("direct:charger-to-mqtt"), message);
  }

  private List<String> topicsOfAPing() {
    return topics(() -> template().sendBody("direct:charger-to-mqtt", new PingResponse(SERIAL)));
  }

  private List<String> topicsOfABrokenRequest() {
    return topics(
        () -> mqtt.deliver("to_dehneEVSE", "{}".getBytes(StandardCharsets.UTF_8), Map.of()));
  }

  private List<String> topics(Runnable what) {
    mqtt.published();
    what.run();
    return mqtt.published().stream().map(Published::topic).toList();
  }

  private Set<String> routes() {
    ModelCamelContext model = (ModelCamelContext) main.getCamelContext();
    return new TreeSet<>(
        model.getRouteDefinitions().stream().map(RouteDefinition::getRouteId).toList());
  }

  private void reload() throws IOException {
    started(reload).reload(new RouteFolder(folder).read());
  }

  private void look(int times) {
    for (int i = 0; i < times; i++) {
      started(watch).look();
    }
  }

  private ProducerTemplate template() {
    return started(template);
  }

  private static <T> T started(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("not started");
    }
    return part;
  }

  private String read(String name) throws IOException {
    return Files.readString(folder.resolve(name));
  }

  private void write(String name, String text) throws IOException {
    Path unused = Files.writeString(folder.resolve(name), text);
  }

  private void edit(String name, String from, String to) throws IOException {
    String text = read(name);
    assertTrue(text.contains(from), () -> name + " holds no " + from);
    write(name, text.replace(from, to));
  }

  private void addTap() throws IOException {
    String publish = "        - to:\n            id: publish-message\n";
    edit(TO_MQTT, publish, "        - to:\n            uri: direct:tap\n" + publish);
  }

  private static String timer(String id, String to) {
    return route(id, "timer:" + id + "?delay=600000", to);
  }

  private static String route(String id, String from, String to) {
    return """
    - route:
        id: %s
        from:
          uri: %s
          steps:
            - to:
                uri: %s
    """
        .formatted(id, from, to);
  }

  private final class Pauses implements Traffic {
    @Override
    public void pause(Set<String> routeIds) {
      paused.add(new TreeSet<>(routeIds));
    }

    @Override
    public void resume() {}
  }
}
