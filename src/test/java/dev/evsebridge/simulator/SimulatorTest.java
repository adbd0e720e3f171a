package dev.evsebridge.simulator;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.PlainBridge.Frame;
import dev.evsebridge.simulator.PlainBridge.Wire;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One simulated charger on a real socket, with a clock that only the test moves. */
class SimulatorTest {
  private static final int PING = 1;
  private static final int FIRMWARE = 2;
  private static final int COLLECT_DATA = 3;
  private static final int SET_PWM_PERCENT = 4;
  private static final int SET_CONTACTOR_STATE = 5;
  private static final int NOTIFICATION = 100;

  private static final int PILOT_VOLTAGE_OFFSET = 2;
  private static final int PROXIMITY_PILOT_OFFSET = 3;
  private static final int VOLTAGES_OFFSET = 4;
  private static final int CURRENTS_OFFSET = 16;
  private static final int UPTIME_OFFSET = 32;
  private static final int LOG_OFFSET = 44;

  private static final Duration FOREVER = Duration.ofDays(1);

  private final AtomicLong clockMillis = new AtomicLong(1_000_000);
  private PlainBridge bridge;
  private @Nullable Simulator simulator;

  @BeforeEach
  void openBridge() throws IOException {
    bridge = new PlainBridge();
  }

  @AfterEach
  void closeBoth() throws IOException {
    if (simulator != null) {
      simulator.close();
    }
    bridge.close();
  }

  @Test
  void saysHelloWithSerialNumberAndFirmwareVersion() throws IOException {
    Wire wire = connect();

    assertArrayEquals("SIMULATED0000001\u0009".getBytes(US_ASCII), wire.hello());
    assertEquals("53494D554C4154454430303030303031", charger().serial());
  }

  @Test
  void everyChargerHasASerialNumberOfItsOwn() throws IOException {
    simulator = new Simulator(bridge.address(), 3);
    simulator.start();

    Set<String> serials = new TreeSet<>();
    for (int i = 0; i < 3; i++) {
      serials.add(new String(bridge.accept().hello(), 0, 16, US_ASCII));
    }
    assertEquals(Set.of("SIMULATED0000001", "SIMULATED0000002", "SIMULATED0000003"), serials);
  }

  @Test
  void answersPipelinedRequestsInOrder() throws IOException {
    Wire wire = connect();

    wire.send(SET_PWM_PERCENT, (byte) 26);
    wire.send(PING);
    wire.send(SET_CONTACTOR_STATE, (byte) 1);
    wire.send(COLLECT_DATA);

    assertEquals(new Frame(3, ByteBuffer.allocate(0)), wire.read());
    assertEquals(new Frame(1, ByteBuffer.allocate(0)), wire.read());
    assertEquals(new Frame(4, ByteBuffer.allocate(0)), wire.read());
    Frame data = wire.read();
    assertEquals(2, data.type());
    assertEquals(1, data.payload().get(0));
    assertEquals(26, data.payload().get(1));
  }

  @Test
  void answersRequestThatArrivesInSingleBytes() throws IOException {
    Wire wire = connect();

    for (byte single : PlainBridge.frame(SET_PWM_PERCENT, (byte) 50)) {
      wire.sendRaw(single);
    }

    assertEquals(3, wire.read().type());
    assertEquals(50, charger().dutyCyclePercent());
  }

  @Test
  void reportsAnEmptyPlaceUntilACarComes() throws IOException {
    Wire wire = connect();

    clockMillis.addAndGet(1_234);
    ByteBuffer data = wire.ask(COLLECT_DATA).payload();

    assertEquals(0, data.get(0));
    assertEquals(100, data.get(1));
    assertEquals(0, data.get(PILOT_VOLTAGE_OFFSET));
    assertEquals(3, data.get(PROXIMITY_PILOT_OFFSET));
    for (int phase = 0; phase < 3; phase++) {
      assertEquals(230_000, milliunits("voltage", phase, data), 2_000);
      assertEquals(0, milliunits("current", phase, data), 100);
    }
    assertEquals(1_234, data.getInt(UPTIME_OFFSET));
  }

  @Test
  void logIsClearedOnceRead() throws IOException {
    Wire wire = connect();

    byte[] log = logOf(wire.ask(COLLECT_DATA));

    assertEquals(0, log[log.length - 1]);
    assertEquals(0, logOf(wire.ask(COLLECT_DATA)).length);
  }

  @Test
  void keepsConnectionWhileRequestsCome() throws IOException {
    Wire wire = connect();

    for (int i = 0; i < 5; i++) {
      clockMillis.addAndGet(9_000);
      assertEquals(1, wire.ask(PING).type());
    }
  }

  @Test
  void dropsConnectionWithoutCompleteRequest() throws IOException {
    Wire wire = connect();

    wire.sendRaw((byte) PING, (byte) 0, (byte) 0);
    clockMillis.addAndGet(10_001);

    wire.awaitEnd();
    assertArrayEquals(wire.hello(), bridge.accept().hello());
  }

  @Test
  void waitsBetweenAttemptsToConnect() throws IOException {
    Wire wire = connect();
    clockMillis.addAndGet(4_999);

    wire.close();
    assertFalse(bridge.hasVisitorWithin(100));
    clockMillis.addAndGet(1);

    bridge.accept();
  }

  @Test
  void disablesChargingWhenBridgeIsSilentForTooLong() throws IOException {
    Wire wire = connect();
    enableCharging(wire);

    bridge.close();
    await().until(() -> !charger().isConnected());
    assertTrue(charger().isContactorClosed());
    clockMillis.addAndGet(300_001);

    await().until(() -> !charger().isContactorClosed());
    assertEquals(100, charger().dutyCyclePercent());
  }

  @Test
  void everyConnectionKeepsChargingEnabledForLonger() throws IOException {
    Wire wire = connect();
    enableCharging(wire);

    for (int reconnects = 0; reconnects < 40; reconnects++) {
      clockMillis.addAndGet(10_001);
      wire.awaitEnd();
      wire = bridge.accept();
    }

    assertTrue(charger().isContactorClosed());
    assertEquals(26, charger().dutyCyclePercent());
  }

  @Test
  void rebootsIntoFirmwareLeavingItsOldSocketBehind() throws IOException {
    Wire wire = connect();
    enableCharging(wire);
    clockMillis.addAndGet(1_000);

    byte[] image = new byte[126_976];
    wire.send(FIRMWARE, withCrc32(image, crc32Of(image)));
    Wire newWire = bridge.accept();

    assertTrue(wire.isSilentFor(100));
    assertArrayEquals(wire.hello(), newWire.hello());
    ByteBuffer data = newWire.ask(COLLECT_DATA).payload();
    assertEquals(0, data.get(0));
    assertEquals(100, data.get(1));
    assertEquals(0, data.getInt(UPTIME_OFFSET));
    wire.awaitEnd();
    assertEquals(1, newWire.ask(PING).type());
  }

  @Test
  void mentionsFirmwareWithWrongChecksumInItsLogOnly() throws IOException {
    Wire wire = connect();
    enableCharging(wire);
    wire.ask(COLLECT_DATA);

    byte[] image = new byte[256];
    wire.send(FIRMWARE, withCrc32(image, crc32Of(image) + 1));
    Frame data = wire.ask(COLLECT_DATA);

    assertTrue(charger().isContactorClosed());
    assertNotEquals(0, logOf(data).length);
    assertFalse(bridge.hasVisitorWithin(50));
  }

  @Test
  void losesTheLastBytesOfFirmwareThatIsNotPadded() throws IOException {
    Wire wire = connect();
    enableCharging(wire);

    byte[] image = new byte[64 + 3];
    wire.send(FIRMWARE, withCrc32(image, crc32Of(image)));

    assertEquals(1, wire.ask(PING).type());
    assertTrue(charger().isContactorClosed());
  }

  @Test
  void firmwareWithoutImageIsItsEnd() throws IOException {
    Wire wire = connect();

    wire.send(FIRMWARE, new byte[4]);
    await().until(charger()::isBricked);
    wire.send(PING);
    clockMillis.addAndGet(10_001);

    assertTrue(wire.isSilentFor(100));
    assertFalse(bridge.hasVisitorWithin(50));
  }

  @Test
  void crashesOnPayloadLargerThanItsMemory() throws IOException {
    Wire wire = connect();
    enableCharging(wire);

    wire.send(PING, new byte[1_025]);
    bridge.accept();

    assertFalse(charger().isContactorClosed());
  }

  @Test
  void appliesByteOfPreviousRequestWhenItsOwnIsMissing() throws IOException {
    Wire wire = connect();

    wire.ask(SET_CONTACTOR_STATE, (byte) 1);
    wire.ask(SET_PWM_PERCENT);

    assertEquals(1, charger().dutyCyclePercent());
  }

  @Test
  void notifiesWhenACarPlugsIn() throws IOException {
    Wire wire = connectForLong();

    clockMillis.addAndGet(25_001);

    assertEquals(new Frame(NOTIFICATION, ByteBuffer.allocate(0)), wire.read());
    ByteBuffer data = wire.ask(COLLECT_DATA).payload();
    assertEquals(1, data.get(PILOT_VOLTAGE_OFFSET));
    assertNotEquals(3, data.get(PROXIMITY_PILOT_OFFSET));
  }

  @Test
  void carDrawsCurrentOnlyThroughAClosedContactor() throws IOException {
    Wire wire = connectForLong();
    clockMillis.addAndGet(25_001);
    assertEquals(NOTIFICATION, wire.read().type());
    wire.ask(SET_PWM_PERCENT, (byte) 26);
    clockMillis.addAndGet(12_501);
    assertEquals(NOTIFICATION, wire.read().type());

    ByteBuffer whileOpen = wire.ask(COLLECT_DATA).payload();
    wire.ask(SET_CONTACTOR_STATE, (byte) 1);
    clockMillis.addAndGet(10_000);
    ByteBuffer whileClosed = wire.ask(COLLECT_DATA).payload();

    assertEquals(2, whileOpen.get(PILOT_VOLTAGE_OFFSET));
    for (int phase = 0; phase < 3; phase++) {
      assertEquals(0, milliunits("current", phase, whileOpen), 100);
      assertEquals(15_600, milliunits("current", phase, whileClosed), 234);
    }
  }

  private Wire connect() throws IOException {
    return connect(SimulatorTiming.DEFAULT.requestTimeout());
  }

  /** A charger that does not mind a clock which jumps. */
  private Wire connectForLong() throws IOException {
    return connect(FOREVER);
  }

  private Wire connect(Duration requestTimeout) throws IOException {
    SimulatorTiming standard = SimulatorTiming.DEFAULT;
    SimulatorTiming timing =
        standard
            .withLoop(Duration.ofMillis(5), Duration.ZERO, Duration.ZERO)
            .withTimeouts(requestTimeout, standard.connectBackoff(), standard.chargingTimeout())
            .withBoot(Duration.ZERO)
            .withFirmware(Duration.ZERO, Duration.ZERO, Duration.ZERO);
    simulator = new Simulator(bridge.address(), 1, timing, Scenario.CHARGING, 1, clockMillis::get);
    simulator.start();
    return bridge.accept();
  }

  private SimulatedCharger charger() {
    return Objects.requireNonNull(simulator).chargers().get(0);
  }

  private static void enableCharging(Wire wire) throws IOException {
    wire.ask(SET_PWM_PERCENT, (byte) 26);
    wire.ask(SET_CONTACTOR_STATE, (byte) 1);
  }

  /** A raw peak in mA or mV, by the calibration that the charger tells. */
  private double milliunits(String quantity, int phase, ByteBuffer data) {
    String key = "%s_l%d = ".formatted(quantity, phase + 1);
    String line =
        charger().calibrationSettings().stream()
            .filter(setting -> setting.contains(key))
            .findFirst()
            .orElseThrow();
    String[] numbers = line.substring(line.indexOf('=') + 2).split(",", -1);
    int offset = quantity.equals("voltage") ? VOLTAGES_OFFSET : CURRENTS_OFFSET;
    int adc = data.getInt(offset + 4 * phase);
    return Math.max(0, (adc - Double.parseDouble(numbers[0])) * Double.parseDouble(numbers[1]))
        / Double.parseDouble(numbers[2]);
  }

  private static byte[] logOf(Frame data) {
    byte[] log = new byte[data.payload().capacity() - LOG_OFFSET];
    data.payload().get(LOG_OFFSET, log);
    return log;
  }

  private static long crc32Of(byte[] image) {
    CRC32 crc32 = new CRC32();
    crc32.update(image);
    return crc32.getValue();
  }

  private static byte[] withCrc32(byte[] image, long crc32) {
    return ByteBuffer.allocate(4 + image.length).putInt((int) crc32).put(image).array();
  }
}
