package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.Unwatched;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FirmwareStatesTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final SessionLimits LIMITS = new SessionLimits(LONG, LONG, LONG, LONG, 1, 10, 100);
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00.9Z");
  private static final int MOST_KNOWN = 2;

  private final List<FirmwareStatus> said = new ArrayList<>();
  private final SessionRegistry registry = Unwatched.registry(LIMITS);
  private FirmwareStates states = states(Optional.of("10"));
  private long nowNanos;

  private FirmwareStates states(Optional<String> imageVersion) {
    return new FirmwareStates(
        imageVersion,
        Duration.ofSeconds(125),
        (clientId, status) -> said.add(status),
        Clock.fixed(NOON, ZoneOffset.UTC),
        () -> nowNanos,
        MOST_KNOWN);
  }

  private ChargerSession session(String id, int version) {
    SerialNumber serial = new SerialNumber(id.repeat(16));
    return registry.add(new EmbeddedChannel(), new Hello(serial, version), id);
  }

  private ChargerSession connect(String id, int version) {
    ChargerSession session = session(id, version);
    states.connected(session, null);
    states.proven(session);
    return session;
  }

  @BeforeEach
  void theBrokerIsThere() {
    states.brokerConnected();
  }

  @Test
  void saysWhatRunsAndWhatCouldBeInstalledFromTheFirstValidFrameOn() throws Exception {
    ChargerSession session = session("AB", 9);
    states.connected(session, null);
    assertEquals(List.of(), said);

    states.proven(session);

    assertEquals(
        "{\"state\":\"idle\",\"installed_version\":\"9\",\"latest_version\":\"10\",\"in_progress\":false,"
            + "\"update_percentage\":null,\"image_bytes\":null,\"error\":null,\"detail\":null,"
            + "\"started\":null,\"finished\":null}",
        json(last()));
    assertEquals(OptionalLong.empty(), last().messageExpirySeconds());
  }

  private static String json(FirmwareStatus status) throws JsonProcessingException {
    return BridgeJson.mapper().writeValueAsString(status);
  }

  @Test
  void takesTheInstalledVersionForTheLatestWithoutAnImage() {
    states = states(Optional.empty());
    states.brokerConnected();
    connect("AB", 7);

    assertEquals("7", last().latestVersion());
  }

  @Test
  void followsAnUploadToItsEnd() {
    ChargerSession session = connect("AB", 9);
    states.checking(session, 1000);
    assertEquals("checking true null null", brief());
    assertEquals(OptionalLong.of(185), last().messageExpirySeconds());
    states.uploading(session, 0, 1009);
    assertEquals("uploading true 0 null", brief());
    pass(600);
    states.uploading(session, 505, 1009);
    assertEquals("uploading true 50 null", brief());
    states.restarting(session);
    assertEquals("restarting true 100 null", brief());
    assertEquals(1000, last().imageBytes());
    ChargerSession after = session("AB", 10);
    states.connected(after, session);
    states.done(after);

    assertEquals("done false null null", brief());
    assertEquals("10", last().installedVersion());
    assertEquals("2026-11-26T12:00:00Z", last().started());
    assertEquals("2026-11-26T12:00:00Z", last().finished());
    assertEquals(OptionalLong.empty(), last().messageExpirySeconds());
  }

  @Test
  void tellsItsWatcherWhileTheBrokerIsAwayToo() {
    RecordingWatcher watcher = new RecordingWatcher();
    states.watch(watcher);
    states.brokerLost();
    ChargerSession stranger = session("CD", 9);
    states.connected(stranger, null);
    ChargerSession session = connect("AB", 9);
    states.checking(session, 1000);
    states.failed(session, ErrorCode.CONTACTOR_CLOSED, "It is closed.");

    assertEquals(
        List.of("firmware of AB: idle", "firmware of AB: checking", "firmware of AB: failed"),
        watcher.told());
    assertEquals(List.of(), said);
  }

  @Test
  void saysProgressTwiceASecondAtMost() {
    ChargerSession session = connect("AB", 9);
    states.checking(session, 1000);
    said.clear();
    for (int taken = 0; taken < 1000; taken += 5) {
      states.uploading(session, taken, 1009);
      pass(10);
    }

    assertEquals(4, said.size());
  }

  @Test
  void saysWhyAnUploadHasFailedAndBeginsTheNextOneAfresh() {
    ChargerSession session = connect("AB", 9);
    states.checking(session, 1000);
    states.failed(session, ErrorCode.CONTACTOR_CLOSED, "It is closed.");
    assertEquals("failed false null contactor_closed", brief());
    assertEquals("It is closed.", last().detail());

    states.checking(session, 2000);
    assertEquals("checking true null null", brief());
    assertEquals(null, last().finished());
  }

  @Test
  void saysThatAnUploadWasRefusedBeforeItBegan() {
    connect("AB", 9);
    states.refused("AB", ErrorCode.CHECKSUM_MISMATCH, "Wrong.");

    assertEquals("failed false null checksum_mismatch", brief());
    assertEquals(null, last().imageBytes());
  }

  @Test
  void takesTheReportOfAFailureForTheSameFailure() {
    ChargerSession session = connect("AB", 9);
    states.checking(session, 1000);
    states.failed(session, ErrorCode.TIMEOUT, "Late.");
    int before = said.size();

    states.refused("AB", ErrorCode.TIMEOUT, "Late.");
    assertEquals(before, said.size());
    pass(5_000);
    states.refused("AB", ErrorCode.TIMEOUT, "Late.");
    assertEquals(before + 1, said.size());
    assertEquals(null, last().imageBytes());
  }

  @Test
  void isNotDisturbedByAnotherRequestWhileAnUploadGoesOn() {
    ChargerSession session = connect("AB", 9);
    states.checking(session, 1000);
    states.refused("AB", ErrorCode.BUSY, "It takes in firmware.");

    assertEquals("checking true null null", brief());
  }

  @Test
  void saysNothingOfStrangersAndOfMoreThanItMayRemember() {
    ChargerSession stranger = session("AB", 9);
    states.connected(stranger, null);
    states.refused("AB", ErrorCode.BUSY, "No.");
    states.refused("nobody", ErrorCode.NOT_CONNECTED, "No.");
    states.disconnected(stranger);
    states.brokerConnected();
    assertEquals(List.of(), said);

    connect("01", 9);
    connect("02", 9);
    connect("03", 9);
    assertEquals(MOST_KNOWN, said.size());
  }

  @Test
  void saysAllAgainWhenTheBrokerIsBackAndNothingMeanwhile() {
    ChargerSession session = connect("AB", 9);
    said.clear();
    states.brokerLost();
    states.checking(session, 1000);
    assertEquals(List.of(), said);

    states.brokerConnected();
    assertEquals("checking true null null", brief());
  }

  @Test
  void forgetsWhoIsNotConnected() {
    ChargerSession session = connect("AB", 9);
    states.forget("AB");
    states.refused("AB", ErrorCode.BUSY, "No.");
    assertEquals("failed false null busy", brief());

    states.disconnected(session);
    states.forget("AB");
    said.clear();
    states.brokerConnected();
    assertEquals(List.of(), said);
  }

  private void pass(long millis) {
    nowNanos += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private FirmwareStatus last() {
    return said.get(said.size() - 1);
  }

  private String brief() {
    FirmwareStatus last = last();
    return "%s %s %s %s"
        .formatted(last.state(), last.inProgress(), last.updatePercentage(), last.error());
  }
}
