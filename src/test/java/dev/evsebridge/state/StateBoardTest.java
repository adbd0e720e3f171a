package dev.evsebridge.state;

import static dev.evsebridge.state.ChargerStateExamples.reading;
import static dev.evsebridge.state.ChargerStateExamples.status;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.control.Calibration;
import dev.evsebridge.control.ControlState;
import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.control.PhaseCalibration;
import dev.evsebridge.control.Why;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.state.ChargerJournal.Batch;
import dev.evsebridge.state.ChargerJournal.Content;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StateBoardTest {
  private static final String ID = "Garage";
  private static final SerialNumber SERIAL = new SerialNumber("01".repeat(16));
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");

  /** So that comparisons of the clock are seen to bear its overflow. */
  private static final long BEGIN = Long.MAX_VALUE - Duration.ofSeconds(3).toNanos();

  private final List<ChargerState> said = new ArrayList<>();
  private final List<String> cleared = new ArrayList<>();
  private final List<String> published = new ArrayList<>();
  private final List<SessionReport> reports = new ArrayList<>();
  private final Set<String> becameKnown = new TreeSet<>();

  /** About 2 kW from the readings of the examples. */
  private static final Sensors SENSORS =
      new Sensors(
          new PhaseCalibration(new Calibration(0, 6, 1), null, null),
          new PhaseCalibration(new Calibration(0, 100, 1), null, null));

  private final List<Batch> disk = new ArrayList<>();
  private boolean writes = true;
  private Sensors sensors = Sensors.NONE;
  private final StateBoard board =
      new StateBoard(serial -> sensors, "root", 3, new Said(), becameKnown::add);
  private final Object connection = new Object();
  private long millis;

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
      published.add(clientId + ": " + line.text());
    }

    @Override
    public void clear(String topic) {
      cleared.add(topic);
    }
  }

  @BeforeEach
  void brokerIsThere() {
    board.brokerConnected(now());
  }

  @Test
  void saysNothingOfAChargerThatNobodyPolls() {
    connect();
    board.proven(connection, ID, now());
    board.disconnected(connection, ID, now());
    pass(400_000);

    assertEquals(List.of(), said);
  }

  @Test
  void saysAtOnceWhatTheFirstReadingShows() {
    connect();
    read(PilotVoltage.VOLT_9);

    assertEquals("car_not_asking", only().why());
  }

  @Test
  void saysAtOnceWhenSomethingUrgentChanges() {
    connect();
    read(PilotVoltage.VOLT_9);
    pass(10);
    read(PilotVoltage.VOLT_6);
    pass(10);
    read(PilotVoltage.VOLT_12);

    assertEquals(
        List.of("car_not_asking", "contactor_open", "no_vehicle"),
        said.stream().map(ChargerState::why).toList());
  }

  @Test
  void saysOtherwiseTheNewestAtTheEndOfTheSecond() {
    connect();
    read(PilotVoltage.VOLT_9);
    said.clear();
    for (int i = 0; i < 9; i++) {
      pass(100);
      read(PilotVoltage.VOLT_9);
    }
    pass(99);
    assertEquals(List.of(), said);

    pass(1);

    assertEquals("2026-11-26T12:00:00.900Z", only().time());
    said.clear();
    pass(60_000);
    assertEquals(List.of(), said, "nothing new has come");
  }

  @Test
  void saysEachOfReadingsThatComeSeldom() {
    connect();
    for (int i = 0; i < 5; i++) {
      read(PilotVoltage.VOLT_9);
      pass(1_000);
    }

    assertEquals(5, said.size());
  }

  @Test
  void neverSaysMoreThanOneASecondWhateverComes() {
    connect();
    for (int i = 0; i < 1_000; i++) {
      read(PilotVoltage.VOLT_9);
      pass(10);
    }

    assertEquals(11, said.size());
  }

  @Test
  void saysWhoHasGoneAndLaterThatTheContactorIsOpen() {
    connect();
    read(PilotVoltage.VOLT_6);
    said.clear();

    board.disconnected(connection, ID, now());
    pass(299_999);

    assertEquals("offline", only().why());
    assertNull(only().contactorState());
    said.clear();

    pass(1);

    assertEquals(false, only().contactorState());
    said.clear();
    pass(1_000_000);
    assertEquals(List.of(), said);
  }

  @Test
  void doesNotTakeAContactorForOpenWhoseChargerIsBack() {
    connect();
    read(PilotVoltage.VOLT_6);
    board.disconnected(connection, ID, now());
    pass(200_000);
    Object again = new Object();
    board.connected(again, ID, SERIAL, 10, now());
    assertEquals("no_reading", said.get(said.size() - 1).why());
    assertEquals(10, said.get(said.size() - 1).firmwareVersion());
    pass(200_000);
    assertNull(said.get(said.size() - 1).contactorState());
    board.disconnected(again, ID, now());
    pass(299_999);
    assertNull(said.get(said.size() - 1).contactorState());
    pass(1);
    assertEquals(false, said.get(said.size() - 1).contactorState());
  }

  @Test
  void hearsNothingOfAConnectionThatWasReplaced() {
    connect();
    read(PilotVoltage.VOLT_6);
    board.connected(new Object(), ID, SERIAL, 9, now());
    said.clear();

    board.reading(connection, ID, reading(26, true, PilotVoltage.VOLT_6), NOON, now(), now());
    board.firmware(connection, ID, true, now());
    board.disconnected(connection, ID, now());

    assertEquals(List.of(), said);
  }

  @Test
  void saysEverythingAgainWhenTheBrokerIsBackAndNothingBefore() {
    connect();
    read(PilotVoltage.VOLT_9);
    board.brokerLost();
    said.clear();
    pass(5_000);
    read(PilotVoltage.VOLT_6);
    pass(5_000);
    board.disconnected(connection, ID, now());
    pass(400_000);
    assertEquals(List.of(), said);

    board.brokerConnected(now());

    assertEquals("offline", only().why());
    assertEquals(false, only().contactorState());
  }

  @Test
  void saysOfAControlledChargerBeforeAReadingAfterItsFirstFrame() {
    controlled(waiting(OptionalLong.empty()), NOON);
    connect();
    assertEquals(List.of(), said, "any 17 bytes make a hello");

    board.proven(connection, ID, now());

    assertEquals("min_off", only().why());
  }

  @Test
  void saysTheSetPointsThatAnotherBridgeHasTakenFromTheFirstStateOn() {
    board.controlled(ID, SERIAL, waiting(OptionalLong.empty()), NOON, now());
    String last = "{\"serial\":\"%s\",\"enabled\":false,\"limit_amps\":8.0}".formatted(SERIAL);

    board.takeOver(
        ID, Objects.requireNonNull(LastState.read(last.getBytes(StandardCharsets.UTF_8))));
    connect();
    board.proven(connection, ID, now());

    assertEquals(false, only().enabled());
    assertEquals(8.0, only().limitAmps());
  }

  @Test
  void saysOfSetPointsThatChangeWhileTheChargerIsAway() {
    connect();
    controlled(waiting(OptionalLong.empty()), NOON);
    board.proven(connection, ID, now());
    board.disconnected(connection, ID, now());
    said.clear();

    controlled(
        status(
            ControlState.OFFLINE,
            Why.OFFLINE,
            null,
            false,
            false,
            80,
            List.of(),
            OptionalLong.empty()),
        NOON);

    assertEquals(8.0, only().limitAmps());
    assertEquals("offline", only().why());
  }

  @Test
  void tellsAReadingAndWhatTheControllerHasMadeOfItInOneState() {
    connect();
    controlled(waiting(OptionalLong.empty()), NOON);
    read(PilotVoltage.VOLT_9);
    said.clear();

    pass(100);
    board.controlled(
        ID,
        SERIAL,
        status(
            ControlState.OFFERED,
            Why.CAR_NOT_ASKING,
            PilotVoltage.VOLT_9,
            false,
            true,
            160,
            List.of(),
            OptionalLong.empty()),
        NOON,
        now());
    read(PilotVoltage.VOLT_9);
    board.considerControlled(ID, now());

    assertEquals("car_not_asking", only().why());
    assertEquals("2026-11-26T12:00:00.100Z", only().time());
    pass(10_000);
    assertEquals(1, said.size());
  }

  @Test
  void saysTheTimeOfADelayedStartWithoutTrembling() {
    connect();
    OptionalLong inAMinute = OptionalLong.of(now() + Duration.ofMinutes(1).toNanos());
    controlled(waiting(inAMinute), NOON);
    board.proven(connection, ID, now());
    assertEquals("2026-11-26T12:01:00Z", only().startAt());
    said.clear();

    pass(10_000);
    controlled(waiting(inAMinute), NOON.plusSeconds(12));
    assertEquals(List.of(), said);

    controlled(waiting(OptionalLong.empty()), NOON);
    assertNull(only().startAt());
  }

  @Test
  void saysWhenFirmwareIsTakenInAndWhenThatHasFailed() {
    connect();
    read(PilotVoltage.VOLT_9);
    said.clear();
    board.firmware(connection, ID, true, now());
    board.firmware(connection, ID, false, now());

    assertEquals(
        List.of("F firmware_update", "B car_not_asking"),
        said.stream().map(state -> state.status() + " " + state.why()).toList());
  }

  @Test
  void leavesNoMoreThanSoManyChargersRetained() {
    for (int i = 0; i < 5; i++) {
      Object another = new Object();
      String id = "charger " + i;
      board.connected(another, id, SERIAL, 9, now());
      board.reading(another, id, reading(26, false, PilotVoltage.VOLT_9), NOON, now(), now());
    }

    assertEquals(3, said.size());
  }

  @Test
  void saysOfEverybodyAtTheStopThatItIsGone() {
    connect();
    read(PilotVoltage.VOLT_9);
    said.clear();

    board.stop(now());

    assertEquals(false, only().connected());
  }

  @Test
  void publishesEnergyAndSessionOnlyWhenTheyAreOnTheDisk() {
    sensors = SENSORS;
    connect();
    readWatts(PilotVoltage.VOLT_9, false);
    assertNull(last().energyKwh(), "not on the disk yet");
    assertEquals("2026-11-26T12:00:00Z", last().sessionStart());
    pass(1_000);
    assertEquals(0.0, last().energyKwh());
    charge(300);
    double counted = energy();
    assertEquals(last().sessionKwh(), counted);
    disk.clear();
    writes = false;
    charge(60);
    readWatts(PilotVoltage.VOLT_12, false);
    assertEquals(counted, last().energyKwh());
    assertEquals(List.of(), reports);

    writes = true;
    pass(1_000);

    assertTrue(energy() > counted);
    assertEquals(last().sessionKwh(), only(reports).sessionKwh());
    assertEquals("unplugged", only(reports).endReason());
    assertEquals(last().sessionEnd(), only(reports).sessionEnd());
  }

  @Test
  void tellsWhatWasCountedOnWithTheNextReadingAndAloneOnlyWhenNoneComes() {
    sensors = SENSORS;
    connect();
    for (int i = 0; i < 10; i++) {
      readWatts(PilotVoltage.VOLT_6, true);
      pass(5_000);
    }
    double counted = energy();
    assertTrue(counted > 0);
    assertEquals(10, said.size(), "one for each reading");

    pass(20_000);

    assertEquals(11, said.size());
    assertTrue(energy() > counted);
  }

  @Test
  void writesEveryTenSecondsWhileItChargesAndWhenTheContactorOpens() {
    sensors = SENSORS;
    connect();
    readWatts(PilotVoltage.VOLT_6, false);
    pass(20_000);
    disk.clear();
    charge(100);
    assertEquals(11, disk.size(), 1);
    readWatts(PilotVoltage.VOLT_6, true);
    pass(0);
    disk.clear();

    readWatts(PilotVoltage.VOLT_6, false);
    pass(0);
    assertEquals(1, disk.size());
    disk.clear();
    for (int i = 0; i < 100; i++) {
      pass(5_000);
      readWatts(PilotVoltage.VOLT_9, false);
    }
    assertEquals(List.of(), disk, "nothing has changed");
  }

  @Test
  void goesOnWithWhatItRemembersOfThoseWhoAreAway() {
    sensors = SENSORS;
    connect();
    charge(100);
    readWatts(PilotVoltage.VOLT_12, false);
    pass(1_000);
    final ChargerState before = last();
    Remembered remembered = only(only(disk.subList(disk.size() - 1, disk.size())).changed());

    StateBoard next = restart(content(remembered), serial -> ID);

    ChargerState state = only(said);
    assertEquals(before.energyKwh(), state.energyKwh());
    assertEquals(before.sessionStart(), state.sessionStart());
    assertEquals(before.sessionEnd(), state.sessionEnd());
    assertEquals(before.time(), state.time());
    assertEquals(9, state.firmwareVersion());
    assertEquals("F offline", state.status() + " " + state.why());
    assertEquals(before.sessionKwh(), only(reports).sessionKwh());
    assertEquals(List.of(), cleared);
    assertEquals(Set.of(ID), next.known());
    assertNull(state.contactorState());
    said.clear();
    millis += 300_000;
    next.sweep(now());
    assertEquals(false, only(said).contactorState());
  }

  @Test
  void clearsWhatStandsUnderAFormerNameOrRootUntilTheBrokerHasIt() {
    Remembered renamed = remembered("01", "root", "Garage");
    Remembered moved = remembered("02", "old", "Carport");
    StateBoard next =
        restart(
            new Content("old", List.of(renamed, moved), Set.of(), false),
            serial -> serial.equals(renamed.serial()) ? "Barn" : "Carport");

    assertEquals(
        "old/Carport/availability old/Carport/firmware old/Carport/session old/Carport/state"
            + " old/bridge/availability old/bridge/chargers old/bridge/health old/bridge/info"
            + " root/Garage/availability root/Garage/firmware root/Garage/session"
            + " root/Garage/state",
        String.join(" ", new TreeSet<>(cleared)));
    assertEquals(
        Set.of("Barn", "Carport"), Set.copyOf(said.stream().map(ChargerState::clientId).toList()));
    assertEquals(3, only(write(next)).former().size());

    next.brokerLost();
    cleared.clear();
    next.brokerConnected(now());
    assertEquals(12, cleared.size());
    millis += 90_000;
    next.sweep(now());
    assertEquals(Set.of(), only(write(next)).former());
  }

  @Test
  void tellsItsWatcherOfEveryLineAndSubscribersWhileTheBrokerIsThere() {
    RecordingWatcher watcher = new RecordingWatcher();
    board.watch(watcher);
    connect();
    read(PilotVoltage.VOLT_9);
    watcher.told();

    board.log(ID, List.of(line("one"), line("two")));
    assertEquals(List.of("log of Garage: one", "log of Garage: two"), watcher.told());
    assertEquals(List.of("Garage: one", "Garage: two"), published);

    board.brokerLost();
    board.log(ID, List.of(line("three")));
    assertEquals(List.of("log of Garage: three"), watcher.told());
    assertEquals(2, published.size());
  }

  private static LogLine line(String text) {
    return new LogLine("2026-11-26T12:00:00.000Z", 1L, text);
  }

  @Test
  void publishesNoLineOfAChargerThatIsNotKnown() {
    connect();
    board.log(ID, List.of(line("one")));

    assertEquals(List.of(), published);
  }

  @Test
  void tellsOfThoseThatItRemembersWhereverTheyAre() {
    List<String> told = new ArrayList<>();
    Remembered renamed = remembered("01", "root", "Garage");
    StateBoard board =
        restart(new Content("root", List.of(renamed), Set.of(), false), serial -> "Carport");
    board.tellRemembered(
        (serial, clientId, version, lastSeen) ->
            told.add(serial.hex() + " " + clientId + " " + version + " " + lastSeen));

    assertEquals(
        List.of("01".repeat(16) + " Carport " + renamed.firmwareVersion() + " " + renamed.readAt()),
        told);
  }

  @Test
  void leavesNothingOfTheOtherWhenTwoChargersSwapNames() {
    Remembered one = remembered("01", "root", "Garage");
    Remembered two = remembered("02", "root", "Barn");

    restart(
        new Content("root", List.of(one, two), Set.of(), false),
        serial -> serial.equals(one.serial()) ? "Barn" : "Garage");

    assertEquals(
        "root/Barn/firmware root/Barn/session root/Garage/firmware root/Garage/session",
        String.join(" ", new TreeSet<>(cleared)));
    assertEquals(2, said.size());
  }

  @Test
  void endsTheSessionOfAForgottenChargerAndClearsItsTopics() {
    sensors = SENSORS;
    connect();
    charge(20);
    assertNull(board.forget(ID, NOON, now()), "it is connected");
    board.disconnected(connection, ID, now());
    pass(1_000);
    said.clear();

    assertEquals(SERIAL, board.forget(ID, NOON.plusMillis(millis), now()));

    assertEquals("forgotten", only(reports).endReason());
    assertTrue(cleared.contains("root/" + ID + "/session"));
    assertNull(board.clientIdOf(ID));
    assertEquals(Set.of(SERIAL), only(write(board)).forgotten());
    pass(400_000);
    assertEquals(List.of(), said);

    board.connected(connection, ID, SERIAL, 9, now());
    readWatts(PilotVoltage.VOLT_9, false);
    pass(1_000);
    assertEquals(0.0, last().energyKwh(), "it is a new one");
  }

  @Test
  void countsNothingForAChargerThatMayBeOneThatWasLost() {
    StateBoard next = restart(new Content("root", List.of(), Set.of(), true), SerialNumber::hex);
    next.connected(connection, ID, SERIAL, 9, now());
    for (int i = 0; i < 10; i++) {
      millis += 5_000;
      next.reading(connection, ID, reading(26, true, PilotVoltage.VOLT_6), NOON, now(), now());
      write(next);
    }
    assertNull(last().energyKwh());
    Long seconds = last().chargingSeconds();
    assertTrue(seconds != null && seconds > 20);
  }

  private Remembered remembered(String serial, String root, String clientId) {
    return new Remembered(
        new SerialNumber(serial.repeat(16)), root, clientId, 9, NOON, NOON, Metered.NOTHING);
  }

  private static Content content(Remembered charger) {
    return new Content("root", List.of(charger), Set.of(), false);
  }

  private StateBoard restart(Content content, Function<SerialNumber, String> names) {
    said.clear();
    reports.clear();
    cleared.clear();
    StateBoard next = new StateBoard(serial -> SENSORS, "root", 3, new Said(), becameKnown::add);
    Set<String> unused = next.open(content, names, now());
    next.brokerConnected(now());
    return next;
  }

  private List<Batch> write(StateBoard next) {
    Batch batch = next.beginBatch(now(), false);
    if (batch == null) {
      return List.of();
    }
    next.written(batch, now());
    return List.of(batch);
  }

  private void charge(int seconds) {
    for (int i = 0; i < seconds; i += 5) {
      readWatts(PilotVoltage.VOLT_6, true);
      pass(5_000);
    }
    readWatts(PilotVoltage.VOLT_9, false);
    pass(1_000);
  }

  private void readWatts(PilotVoltage pilot, boolean closed) {
    board.reading(
        connection,
        ID,
        reading(26, closed, pilot, 60_000 + millis),
        NOON.plusMillis(millis),
        now(),
        now());
  }

  private double energy() {
    return Objects.requireNonNull(last().energyKwh());
  }

  private ChargerState last() {
    return said.get(said.size() - 1);
  }

  private static <T> T only(List<T> all) {
    assertEquals(1, all.size(), all::toString);
    return all.get(0);
  }

  private void controlled(ControlStatus status, Instant at) {
    board.controlled(ID, SERIAL, status, at, now());
    board.considerControlled(ID, now());
  }

  private static ControlStatus waiting(OptionalLong startAtNanos) {
    return status(
        ControlState.WAITING,
        Why.MIN_OFF,
        PilotVoltage.VOLT_9,
        false,
        true,
        160,
        List.of(),
        startAtNanos);
  }

  private ChargerState only() {
    assertEquals(1, said.size(), said::toString);
    return said.get(0);
  }

  private void connect() {
    board.connected(connection, ID, SERIAL, 9, now());
  }

  private void read(PilotVoltage pilot) {
    board.reading(
        connection, ID, reading(26, false, pilot, millis), NOON.plusMillis(millis), now(), now());
  }

  /** As the timer would: sweeps whenever something is due. */
  private void pass(long passing) {
    long end = millis + passing;
    while (true) {
      write();
      Long due = board.sweep(now());
      if (due == null || (!writes && due - now() <= 0) || due - (BEGIN + end * 1_000_000) > 0) {
        millis = end;
        return;
      }
      millis = Math.max(millis, (due - BEGIN) / 1_000_000);
      board.sweep(now());
    }
  }

  /** To a disk that takes no time. */
  private void write() {
    Batch batch = writes ? board.beginBatch(now(), false) : null;
    if (batch != null) {
      disk.add(batch);
      board.written(batch, now());
    }
  }

  private long now() {
    return BEGIN + millis * 1_000_000;
  }
}
