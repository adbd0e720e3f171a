package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A charger that breaks the protocol loses its connection, and nobody else notices. */
@RequiresMosquitto
class ProtocolViolationsIT {
  private static final int FRAME_LIMIT = 2_048;

  @RegisterExtension
  static final Installation installation =
      Installation.with(bridge -> bridge.environment("EVSE_REQUEST_TIMEOUT", "2s"));

  private final String serial = Serials.next();

  record Violation(String what, int firmwareVersion, Consumer<RawCharger> send) {
    @Override
    public String toString() {
      return what;
    }
  }

  static Stream<Violation> violations() {
    return Stream.of(
            unknownTypes(), payloadsThatMustBeEmpty(), forbiddenLengths(), impossibleReadings())
        .flatMap(each -> each);
  }

  private static Stream<Violation> unknownTypes() {
    return Stream.of(0, 5, 6, 99, 101, 127, 128, 255)
        .map(
            type ->
                new Violation(
                    "unknown type " + type, 9, charger -> charger.send(WireFrame.of(type))));
  }

  private static Stream<Violation> payloadsThatMustBeEmpty() {
    return Stream.of(
            WireFrame.ANSWER_TO_PING,
            WireFrame.ANSWER_TO_PWM,
            WireFrame.ANSWER_TO_CONTACTOR,
            WireFrame.NOTIFY)
        .flatMap(
            type ->
                Stream.of(1, 44, FRAME_LIMIT)
                    .map(
                        length ->
                            new Violation(
                                "type %d with %d bytes".formatted(type, length),
                                9,
                                charger -> charger.send(WireFrame.of(type, new byte[length])))));
  }

  /** Only the head is sent: the bridge must not wait for what will never come. */
  private static Stream<Violation> forbiddenLengths() {
    return Stream.of(2, 1, 100)
        .flatMap(
            type ->
                Stream.of(FRAME_LIMIT + 1L, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL)
                    .map(
                        length ->
                            new Violation(
                                "type %d of length %d".formatted(type, length),
                                9,
                                charger -> charger.sendHead(type, length))));
  }

  private static Stream<Violation> impossibleReadings() {
    byte[] old = ChargerReading.typical().firmwareVersion(2).payload();
    byte[] current = ChargerReading.typical().payload();
    return Stream.of(
        reading("an empty reading", 9, new byte[0]),
        reading("a reading of 43 bytes from version 9", 9, Arrays.copyOf(current, 43)),
        reading("a reading of 43 bytes from version 3", 3, Arrays.copyOf(current, 43)),
        reading("a reading of version 2 from version 9", 9, old),
        reading("a reading of 35 bytes from version 2", 2, Arrays.copyOf(old, 35)),
        reading("a reading of one byte", 2, new byte[1]),
        reading("pilot code 5", 9, ChargerReading.typical().pilotVoltage(5).payload()),
        reading("pilot code 255", 9, ChargerReading.typical().pilotVoltage(255).payload()),
        reading(
            "pilot code 5 from version 2",
            2,
            ChargerReading.typical().firmwareVersion(2).pilotVoltage(5).payload()),
        reading("proximity code 4", 9, ChargerReading.typical().proximityPilot(4).payload()),
        reading("proximity code 255", 9, ChargerReading.typical().proximityPilot(255).payload()),
        reading("contactor code 2", 9, ChargerReading.typical().contactor(2).payload()));
  }

  private static Violation reading(String what, int firmwareVersion, byte[] payload) {
    return new Violation(
        what, firmwareVersion, charger -> charger.send(WireFrame.of(WireFrame.READING, payload)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("violations")
  void closesTheConnectionReportsItOnceAndLeavesTheOthersAlone(Violation violation) {
    String other = Serials.next();
    RawCharger bystander = installation.charger(other).answerLikeFirmware();
    RawCharger charger = installation.charger(serial, serial, violation.firmwareVersion());
    violation.send().accept(charger);
    charger.awaitClosed();
    assertProtocolError();
    installation.probe().request(Messages.ping(other));
    installation.probe().take(message("response_ping", other));
    assertEquals(WireFrame.ping(), bystander.takeFrame());
    assertTrue(bystander.isOpen());
    assertEquals(List.of(), installation.probe().untaken(MqttProbe.messageOrError()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void refusesFirmwareThatSpeaksAnotherProtocol(int version) {
    RawCharger charger = installation.connect().hello(serial, version);
    charger.awaitClosed();
    assertProtocolError();
    installation.probe().request(Messages.ping(serial));
    assertEquals("not_connected", installation.probe().take(errorOf(serial)).field("error"));
    assertEquals(List.of(), installation.probe().untaken(MqttProbe.messageOrError()));
  }

  @Test
  void publishesWhatCameBeforeTheViolation() {
    RawCharger charger = installation.charger(serial);
    charger.send(
        WireFrame.glued(
            ChargerReading.typical().uptime(1).frame().bytes(),
            WireFrame.of(WireFrame.NOTIFY).bytes(),
            WireFrame.of(77).bytes(),
            ChargerReading.typical().uptime(2).frame().bytes()));
    charger.awaitClosed();
    assertProtocolError();
    Message reading = installation.probe().take(message("response_collect_data", serial));
    assertEquals(ChargerReading.typical().uptime(1).json(serial), reading.text());
    installation.probe().take(message("notify", serial));
    installation.awaitRequestsDone();
    assertEquals(List.of(), installation.probe().untaken(MqttProbe.messageOrError()));
  }

  @Test
  void aChargerThatBrokeTheProtocolMayConnectAgain() {
    RawCharger charger = installation.charger(serial).send(WireFrame.of(77));
    charger.awaitClosed();
    installation.charger(serial).answerLikeFirmware();
    installation.probe().request(Messages.ping(serial));
    installation.probe().take(message("response_ping", serial));
  }

  @Test
  void failsTheRequestThatWasOutstanding() {
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.ping(serial));
    charger.takeFrame();
    charger.send(WireFrame.of(77)).awaitClosed();
    Set<String> codes =
        Set.copyOf(
            installation.probe().take(2, errorOf(serial)).stream()
                .map(error -> error.field("error") + " " + error.field("request_type"))
                .toList());
    assertEquals(Set.of("protocol_error ", "disconnected request_ping"), codes);
    installation.awaitRequestsDone();
    assertEquals(List.of(), installation.probe().untaken(errorOf(serial)));
  }

  @Test
  void neverTakesAnAnswerOfAnotherKindForTheResponse() {
    RawCharger charger = installation.charger(serial);
    installation.probe().request(Messages.ping(serial));
    charger.takeFrame();
    charger.send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));
    Message failure =
        installation
            .probe()
            .take(
                each ->
                    each.topic().equals(MqttProbe.ERROR_TOPIC)
                        && each.field("request_type").equals("request_ping"));
    assertTrue(
        Set.of("timeout", "disconnected").contains(failure.field("error")), failure::toString);
    installation.awaitRequestsDone();
    assertEquals(List.of(), installation.probe().untaken(message("response_ping", serial)));
  }

  @Test
  void garbageInsteadOfAHelloHarmsNobody() {
    String other = Serials.next();
    RawCharger bystander = installation.charger(other).answerLikeFirmware();
    byte[] garbage =
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    installation.connect().send(garbage).awaitClosed();
    installation.probe().request(Messages.ping(other));
    installation.probe().take(message("response_ping", other));
    assertTrue(bystander.isOpen());
  }

  /** One error, without a request, that names the charger. */
  private void assertProtocolError() {
    Message error = installation.probe().take(errorOf(serial));
    assertEquals("protocol_error", error.field("error"), error::toString);
    assertTrue(error.json().path("request_type").isMissingNode(), error::toString);
  }
}
