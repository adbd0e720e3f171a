package dev.evsebridge.state;

import static dev.evsebridge.state.ChargerStateExamples.reading;
import static dev.evsebridge.state.ChargerStateExamples.status;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ConnectionHandler;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.PerCharger;
import dev.evsebridge.config.SensorKeys;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.control.ControlState;
import dev.evsebridge.control.Why;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.state.ChargerStates.Forgotten;
import dev.evsebridge.testkit.Unwatched;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The states of chargers whose connections are real but for their sockets. */
class ChargerStatesTest {
  private static final SerialNumber SERIAL = new SerialNumber("01".repeat(16));
  private static final Duration LONG = Duration.ofHours(1);
  private static final SessionLimits LIMITS = new SessionLimits(LONG, LONG, LONG, LONG, 1, 10, 100);
  private static final SensorKeys NOT_CALIBRATED =
      new SensorKeys(
          Collections.nCopies(3, Optional.empty()), Collections.nCopies(3, Optional.empty()));

  private final BlockingQueue<ChargerState> said = new LinkedBlockingQueue<>();
  private final BlockingQueue<SessionReport> reports = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> cleared = new LinkedBlockingQueue<>();
  private final Availability availability;
  private final ChargerStates states;
  private final SessionRegistry registry = Unwatched.registry(LIMITS);

  ChargerStatesTest(@TempDir Path folder) {
    availability =
        new Availability(folder.resolve("online.txt"), (clientId, state) -> cleared.add(state));
    states =
        new ChargerStates(
            new PerCharger<>(NOT_CALIBRATED, Map.of()),
            SerialNumber::hex,
            "root",
            folder.resolve("chargers.txt"),
            new Said(),
            availability);
  }

  private final class Said implements StatePublisher {
    @Override
    public void state(String clientId, ChargerState state) {
      said.add(state);
    }

    @Override
    public void session(String clientId, SessionReport report) {
      reports.add(report);
    }

    @Override
    public void log(String clientId, LogLine line) {
      lines.add(line.uptimeMilliseconds() + " " + line.text());
    }

    @Override
    public void clear(String topic) {
      cleared.add(topic);
    }
  }

  @BeforeEach
  void follow() {
    registry.addListener(states);
    states.brokerConnected();
  }

  @AfterEach
  void stop() {
    states.stop();
    availability.stop();
  }

  @Test
  void followsAChargerFromItsFirstReadingUntilItIsGone() throws InterruptedException {
    EmbeddedChannel charger = connect();
    charger.writeInbound(reading(26, false, PilotVoltage.VOLT_9));
    assertEquals("B car_not_asking", next());

    charger.writeInbound(reading(26, true, PilotVoltage.VOLT_6));
    assertEquals("C null", next());

    charger.close();
    assertEquals("F offline", next());
  }

  @Test
  void hearsNothingOfTheEndOfAConnectionThatWasReplaced() throws InterruptedException {
    EmbeddedChannel first = connect();
    first.writeInbound(reading(26, false, PilotVoltage.VOLT_9));
    assertEquals("B car_not_asking", next());

    EmbeddedChannel second = connect();
    first.close();
    assertEquals("F no_reading", next());
    second.writeInbound(reading(100, false, PilotVoltage.VOLT_12));

    assertEquals("A no_vehicle", next());
  }

  @Test
  void saysTheNewestAtTheEndOfTheSecondByItself() throws InterruptedException {
    EmbeddedChannel charger = connect();
    charger.writeInbound(reading(26, false, PilotVoltage.VOLT_9));
    next();

    charger.writeInbound(reading(25, false, PilotVoltage.VOLT_12));
    assertEquals("A no_vehicle", next());
    charger.writeInbound(reading(25, false, PilotVoltage.VOLT_12, 7_200_000));

    assertEquals("A no_vehicle", next());
  }

  @Test
  void takesTheControllersWordForAChargerUnderControl() throws InterruptedException {
    EmbeddedChannel charger = connect();
    states.controlled(
        SERIAL,
        SERIAL.hex(),
        status(ControlState.WAITING, Why.RESTART_DELAY, PilotVoltage.VOLT_9, false));
    charger.writeInbound(reading(100, false, PilotVoltage.VOLT_9));

    assertEquals("B restart_delay", next());
  }

  @Test
  void tellsOfFirmwareThatIsOnItsWayAndOfItsFailure() throws InterruptedException {
    EmbeddedChannel charger = connect();
    charger.writeInbound(reading(100, false, PilotVoltage.VOLT_12));
    assertEquals("A no_vehicle", next());
    ChargerSession session = registry.sessions().iterator().next();

    states.uploading(session, 1, 100);
    states.uploading(session, 2, 100);
    assertEquals("F firmware_update", next());
    states.failed(session, ErrorCode.TIMEOUT, "It took too long.");

    assertEquals("A no_vehicle", next());
  }

  @Test
  void saysOfEverybodyAtTheStopThatItIsGone() throws InterruptedException {
    connect().writeInbound(reading(100, false, PilotVoltage.VOLT_12));
    next();

    states.stop();

    assertEquals(List.of("offline"), said.stream().map(ChargerState::why).toList());
  }

  @Test
  void forgetsAChargerThatIsNotConnectedAndClearsItsTopics() throws Exception {
    List<String> forgotten = new CopyOnWriteArrayList<>();
    states.addForgetListener((serial, clientId) -> forgotten.add(serial + " " + clientId));
    EmbeddedChannel charger = connect();
    charger.writeInbound(reading(100, false, PilotVoltage.VOLT_12));
    next();

    assertEquals(Forgotten.CONNECTED, forget());
    charger.close();
    assertEquals("F offline", next());
    assertEquals(Forgotten.DONE, forget());

    assertEquals("root/" + SERIAL + "/availability", cleared.poll(10, TimeUnit.SECONDS));
    assertEquals("root/" + SERIAL + "/state", cleared.poll(10, TimeUnit.SECONDS));
    assertEquals(List.of(SERIAL + " " + SERIAL), forgotten);
    assertEquals(Forgotten.UNKNOWN, forget());
    states.brokerLost();
    states.brokerConnected();
    assertEquals(Forgotten.UNKNOWN, forget());
    assertEquals(List.of(), List.copyOf(said));
  }

  @Test
  void tellsTheLinesOfALogAndWhatWasCutOffWhenTheChargerIsGone() throws Exception {
    EmbeddedChannel charger = connect();
    charger.writeInbound(withLog("1: one\0002: tw"));
    charger.writeInbound(withLog("o\0003: thr"));
    charger.close();

    for (String line : List.of("1 one", "2 two", "3 thr")) {
      assertEquals(line, lines.poll(10, TimeUnit.SECONDS));
    }
  }

  private static Reading withLog(String log) {
    Measurements raw = reading(100, false, PilotVoltage.VOLT_12).measurements();
    return new Reading(
        "Garage",
        100,
        false,
        new Measurements(
            raw.pilotVoltage(),
            raw.proximityPilotAmps(),
            0,
            0,
            0,
            0,
            0,
            0,
            -60,
            60_000,
            0,
            0,
            log));
  }

  private Forgotten forget() throws Exception {
    return states.forget(SERIAL.hex()).toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private EmbeddedChannel connect() {
    EmbeddedChannel charger =
        new EmbeddedChannel(
            new ConnectionHandler(
                registry,
                new Admission(LIMITS, SerialNumber::hex, Set.of()),
                new BackPressure(),
                error -> {}));
    charger.writeInbound(new Hello(SERIAL, 9));
    return charger;
  }

  private String next() throws InterruptedException {
    ChargerState state = said.poll(10, TimeUnit.SECONDS);
    assertNotNull(state, "nothing was said");
    return state.status() + " " + state.why();
  }
}
