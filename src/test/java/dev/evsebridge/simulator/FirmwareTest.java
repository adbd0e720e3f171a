package dev.evsebridge.simulator;

import static dev.evsebridge.simulator.VirtualCharger.COLLECT_DATA;
import static dev.evsebridge.simulator.VirtualCharger.DATA;
import static dev.evsebridge.simulator.VirtualCharger.FIRMWARE;
import static dev.evsebridge.simulator.VirtualCharger.NOTIFICATION;
import static dev.evsebridge.simulator.VirtualCharger.PING;
import static dev.evsebridge.simulator.VirtualCharger.SET_CONTACTOR_STATE;
import static dev.evsebridge.simulator.VirtualCharger.SET_PWM_PERCENT;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.VirtualCharger.Sent;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The charger's loop with the firmware's own times, on a clock that only the test moves. */
class FirmwareTest {
  private static final long START_MILLIS = 1_000_000;
  private static final int UPTIME_OFFSET = 32;
  private static final int PILOT_ADC_OFFSET = 36;
  private static final int PROXIMITY_ADC_OFFSET = 40;

  private final VirtualCharger bridge = new VirtualCharger(SimulatorTiming.DEFAULT, Scenario.EMPTY);
  private final SimulatedCharger charger = bridge.charger();

  // One loop

  @Test
  void takesSixTenthsOfASecondToCollectData() {
    bridge.send(COLLECT_DATA);
    bridge.runMillis(600);
    assertEquals(List.of(), bridge.sent());

    bridge.runMillis(20);
    assertEquals(List.of(DATA), types(bridge.sent()));
  }

  @Test
  void handlesOneRequestATurnAndNoneWhileItCollects() {
    bridge.send(COLLECT_DATA);
    bridge.send(SET_CONTACTOR_STATE, (byte) 1);
    bridge.send(PING);
    bridge.runMillis(600);
    assertFalse(charger.isContactorClosed());

    bridge.runMillis(60);
    assertEquals(List.of(DATA, 4, 1), types(bridge.sent()));
    assertTrue(charger.isContactorClosed());
  }

  @Test
  void readingTellsThePilotAsItWasWhenTheCollectBegan() {
    bridge.send(COLLECT_DATA);
    bridge.runMillis(40);
    charger.plugIn();
    bridge.runMillis(640);

    List<Sent> sent = bridge.sent();
    assertEquals(List.of(DATA, NOTIFICATION), types(sent));
    assertEquals(0, sent.get(0).pilot());
    assertEquals(1, bridge.ask(COLLECT_DATA).pilot());
  }

  @Test
  void readingTellsContactorAndDutyCycleAsTheyWereToldToBe() {
    bridge.ask(SET_PWM_PERCENT, (byte) 26);
    bridge.ask(SET_CONTACTOR_STATE, (byte) 1);

    Sent reading = bridge.ask(COLLECT_DATA);

    assertEquals(1, reading.payload().get(0));
    assertEquals(26, reading.payload().get(1));
  }

  @Test
  void uptimeIsThatOfTheReadingsEnd() {
    bridge.runMillis(5_000);

    Sent reading = bridge.ask(COLLECT_DATA);

    assertEquals(reading.atMillis() - START_MILLIS, reading.intAt(UPTIME_OFFSET));
  }

  // Pilots

  @Test
  void tellsMostPilotChangesWithin40Millis() {
    charger.plugIn();
    bridge.runMillis(40);

    assertEquals(List.of(NOTIFICATION), types(bridge.sent()));
  }

  @Test
  void tellsACableAfterHalfASecond() {
    charger.plugIn(CarModel.ORDINARY.withCable(ProximityPilot.AMP_20));
    bridge.runMillis(40);
    bridge.sent();

    bridge.runMillis(440);
    assertEquals(List.of(), bridge.sent());
    bridge.runMillis(40);
    assertEquals(List.of(NOTIFICATION), types(bridge.sent()));
    assertEquals(1, bridge.ask(COLLECT_DATA).proximity());
  }

  @Test
  void tellsTheEndOfStateCAfterHalfASecond() {
    charge();

    charger.stopAsking();
    bridge.runMillis(480);
    assertEquals(List.of(), bridge.sent());
    bridge.runMillis(40);
    assertEquals(List.of(NOTIFICATION), types(bridge.sent()));
  }

  @Test
  void clockOfTheDebounceStartsAnewAtEachChange() {
    charge();

    charger.stopAsking();
    bridge.runMillis(400);
    charger.fault();
    bridge.runMillis(400);
    charger.endFault();
    bridge.runMillis(400);
    assertEquals(List.of(), bridge.sent());
    assertEquals(2, bridge.ask(COLLECT_DATA).pilot());
    bridge.runMillis(20);
    assertEquals(List.of(NOTIFICATION), types(bridge.sent()));
  }

  @Test
  void aShortInterruptionOfStateCIsNeverTold() {
    charge();

    charger.stopAsking();
    bridge.runMillis(400);
    charger.ask();
    bridge.runMillis(2_000);

    assertEquals(List.of(), bridge.sent());
  }

  @Test
  void readsStateFAsAFault() {
    bridge.ask(SET_PWM_PERCENT, (byte) 0);
    bridge.runMillis(40);

    assertEquals(List.of(NOTIFICATION), types(bridge.sent()));
    assertEquals(4, bridge.ask(COLLECT_DATA).pilot());
  }

  @Test
  void pilotPeaksAreThoseOfTheLastChangeAndZeroBefore() {
    Sent before = bridge.ask(COLLECT_DATA);
    assertEquals(0, before.intAt(PILOT_ADC_OFFSET));
    assertEquals(0, before.intAt(PROXIMITY_ADC_OFFSET));

    charger.plugIn();
    bridge.runMillis(600);
    Sent after = bridge.ask(COLLECT_DATA);
    assertEquals(PilotVoltage.VOLT_9.adcPeak, after.intAt(PILOT_ADC_OFFSET));
    assertEquals(ProximityPilot.AMP_32.adcPeak, after.intAt(PROXIMITY_ADC_OFFSET));
  }

  @Test
  void doesNotTellWhatChangedWhileItWasNotConnected() {
    bridge.setBridgeIsThere(false);
    bridge.channel().close();
    charger.plugIn();
    bridge.runMillis(1_000);
    bridge.setBridgeIsThere(true);
    bridge.runMillis(10_000);

    assertTrue(charger.isConnected());
    assertEquals(List.of(), bridge.sent());
    assertEquals(1, bridge.ask(COLLECT_DATA).pilot());
  }

  @Test
  void versionTwoTellsNoPilotPeaks() {
    charger.setFirmwareVersion(2);

    Sent reading = bridge.ask(COLLECT_DATA);

    String log = new String(reading.payload().array(), 36, 2, US_ASCII);
    assertEquals("0:", log);
  }

  // Timeouts

  @Test
  void reconnectsAtOnceAfterTenSecondsWithoutARequest() {
    bridge.runMillis(10_000);
    assertEquals(1, bridge.connections());

    bridge.runMillis(60);
    assertEquals(2, bridge.connections());
    assertFalse(bridge.channel(0).isActive());
  }

  @Test
  void collectingDataCountsUntilItsEnd() {
    bridge.runMillis(9_500);
    bridge.send(COLLECT_DATA);
    bridge.runMillis(620 + 10_000);
    assertEquals(1, bridge.connections());

    bridge.runMillis(60);
    assertEquals(2, bridge.connections());
  }

  @Test
  void triesToConnectEveryFiveSeconds() {
    bridge.setBridgeIsThere(false);
    bridge.channel().close();
    bridge.runMillis(20_100);

    List<Long> attempts = bridge.attempts();
    assertEquals(5, attempts.size());
    for (int i = 1; i < attempts.size(); i++) {
      assertEquals(5_000, attempts.get(i) - attempts.get(i - 1));
    }
  }

  @Test
  void opensFirstAndThenWithdrawsTheOfferAfter300SecondsWithoutABridge() {
    charge();
    charger.recordEvents();
    bridge.setBridgeIsThere(false);
    bridge.channel().close();
    bridge.runMillis(299_900);
    assertTrue(charger.isContactorClosed());

    bridge.runMillis(200);

    assertFalse(charger.isContactorClosed());
    assertEquals(100, charger.dutyCyclePercent());
    assertEquals(1, charger.openingsUnderLoad());
    assertEquals(
        List.of(Event.Kind.CONTACTOR, Event.Kind.DUTY_CYCLE),
        charger.events().stream()
            .map(Event::kind)
            .filter(kind -> kind != Event.Kind.PILOT && kind != Event.Kind.CONNECTION)
            .toList());
  }

  @Test
  void everyConnectionRestartsThe300Seconds() {
    charge();

    bridge.runMillis(900_000);

    assertTrue(bridge.connections() > 80);
    assertTrue(charger.isContactorClosed());
  }

  @Test
  void hangsOnALengthThatItTakesForNegative() {
    bridge.sendRaw((byte) PING, (byte) 0x80, (byte) 0, (byte) 0, (byte) 0);
    bridge.send(PING);
    bridge.runMillis(10_000);
    assertEquals(List.of(), bridge.sent());
    assertEquals(1, bridge.connections());

    bridge.runMillis(60);
    assertEquals(2, bridge.connections());
    bridge.ask(PING);
  }

  // Resets

  @Test
  void isBackAfterItsBootAndJoiningTheWifi() {
    charger.reset();
    bridge.runMillis(12_980);
    assertFalse(charger.isConnected());

    bridge.runMillis(40);
    assertTrue(charger.isConnected());
    assertEquals(2, bridge.connections());
  }

  @Test
  void resetOpensTheContactorAndLeavesTheSocketBehind() {
    charge();

    charger.reset();

    assertFalse(charger.isContactorClosed());
    assertEquals(1, charger.openingsUnderLoad());
    assertEquals(100, charger.dutyCyclePercent());
    bridge.runMillis(12_000);
    assertTrue(bridge.channel(0).isActive());
  }

  @Test
  void takesA32AmpCableForGrantedUntilHalfASecondAfterItsReturn() {
    charger.reset();
    bridge.runMillis(13_040);

    assertEquals(List.of(NOTIFICATION), types(bridge.sent()));
    assertEquals(3, bridge.ask(COLLECT_DATA).proximity());
  }

  @Test
  void watchdogResetsALoopThatHasStoodStillFor32Seconds() {
    charge();
    charger.hang();
    bridge.send(PING);
    bridge.runMillis(32_000);
    assertTrue(charger.isContactorClosed());
    assertEquals(List.of(), bridge.sent());

    bridge.runMillis(60);
    assertFalse(charger.isContactorClosed());
    bridge.runMillis(13_100);
    assertEquals(2, bridge.connections());
    bridge.ask(PING);
  }

  @Test
  void watchdogResetsTheChargerAgainAndAgainWhileTheWifiIsAway() {
    charge();
    charger.recordEvents();
    charger.loseWifi();
    bridge.runMillis(100_000);

    assertEquals(
        3, charger.events().stream().filter(event -> event.kind() == Event.Kind.RESET).count());
    assertFalse(charger.isContactorClosed());
    charger.restoreWifi();
    bridge.runMillis(13_040);
    assertTrue(charger.isConnected());
  }

  @Test
  void aShortLossOfWifiDoesNotOpenTheContactor() {
    charge();
    charger.loseWifi();
    bridge.runMillis(15_000);
    charger.restoreWifi();
    bridge.runMillis(13_040);

    assertTrue(charger.isConnected());
    assertTrue(charger.isContactorClosed());
    assertEquals(2, bridge.connections());
  }

  @Test
  void closesAConnectionThatCameAboutAfterAReset() {
    bridge.setBridgeIsSlow(true);
    bridge.channel().close();
    bridge.runMillis(6_000);
    charger.reset();
    bridge.accept();

    assertFalse(bridge.channel().isActive());
    assertFalse(charger.isConnected());
    bridge.setBridgeIsSlow(false);
    bridge.runMillis(13_040);
    bridge.ask(PING);
  }

  @Test
  void seesNothingWhileItConnects() {
    bridge.setBridgeIsSlow(true);
    bridge.channel().close();
    bridge.runMillis(6_000);
    charger.plugIn();
    bridge.runMillis(1_000);
    bridge.accept();

    bridge.runMillis(20);
    assertEquals(List.of(NOTIFICATION), types(bridge.sent()));
  }

  // Firmware

  @Test
  void aFullSizeImageTakesNineSecondsAndMoreThan30UntilItIsBack() {
    byte[] image = SimulatedFirmware.of(10, SimulatedFirmware.MAX_BYTES);
    sendFirmware(image, crc32Of(image));
    bridge.runMillis(9_000 + 1_000 + 8_000 + 13_000 - 100);
    assertEquals(1, bridge.connections());
    assertTrue(bridge.channel(0).isActive());

    bridge.runMillis(200);
    assertEquals(2, bridge.connections());
    assertEquals(10, charger.firmwareVersion());
    assertTrue(bridge.ask(COLLECT_DATA).intAt(UPTIME_OFFSET) < 14_000);
  }

  @Test
  void contactorStaysClosedUntilTheResetAfterAnUpload() {
    bridge.ask(SET_CONTACTOR_STATE, (byte) 1);
    byte[] image = SimulatedFirmware.of(10, 64);
    sendFirmware(image, crc32Of(image));
    bridge.runMillis(1_000);
    assertTrue(charger.isContactorClosed());

    bridge.runMillis(100);
    assertFalse(charger.isContactorClosed());
  }

  @ParameterizedTest
  @CsvSource({"500, true", "2000, false"})
  void allDataMustHaveComeTenSecondsAfterTheRequestBefore(int waitMillis, boolean taken) {
    bridge.ask(PING);
    bridge.runMillis(waitMillis);
    byte[] image = SimulatedFirmware.of(10, SimulatedFirmware.MAX_BYTES);
    sendFirmware(image, crc32Of(image));
    bridge.runMillis(60_000);

    assertEquals(taken ? 10 : 9, charger.firmwareVersion());
    if (!taken) {
      assertFalse(bridge.channel(0).isActive());
    }
  }

  @Test
  void refusesADamagedImageSaysSoInItsLogAndComesBackWithItsOldProgram() {
    bridge.ask(COLLECT_DATA);
    byte[] image = SimulatedFirmware.of(10, 1_024);
    sendFirmware(image, crc32Of(image) + 1);
    bridge.runMillis(11_000);

    assertEquals(2, bridge.connections());
    assertFalse(bridge.channel(0).isActive());
    Sent reading = bridge.ask(COLLECT_DATA);
    assertTrue(reading.log().contains("refused: CRC-32"), reading.log());
    assertTrue(reading.intAt(UPTIME_OFFSET) > 11_000);
    assertEquals(9, charger.firmwareVersion());
  }

  @Test
  void imageThatNamesNoVersionRunsAsTheOldOne() {
    byte[] image = new byte[640];
    sendFirmware(image, crc32Of(image));
    bridge.runMillis(16_000);

    assertEquals(2, bridge.connections());
    assertEquals(9, charger.firmwareVersion());
  }

  // The link

  @Test
  void losesNotificationsWhenToldTo() {
    charger.loseNotifications(1);
    charger.plugIn();
    bridge.runMillis(100);
    assertEquals(List.of(), bridge.sent());

    bridge.runMillis(600);
    assertEquals(List.of(NOTIFICATION), types(bridge.sent()));
  }

  @Test
  void losesResponsesOfOneKindWhenToldTo() {
    charger.loseResponses(4, 1);
    bridge.send(SET_CONTACTOR_STATE, (byte) 1);
    bridge.send(PING);
    bridge.runMillis(100);

    assertTrue(charger.isContactorClosed());
    assertEquals(List.of(1), types(bridge.sent()));
  }

  @Test
  void delaysPacketsInBothDirectionsAndKeepsTheirOrder() {
    charger.setLinkDelay(Duration.ofMillis(400));
    bridge.send(SET_PWM_PERCENT, (byte) 26);
    bridge.send(PING);
    bridge.runMillis(380);
    assertEquals(100, charger.dutyCyclePercent());
    bridge.runMillis(400);
    assertEquals(26, charger.dutyCyclePercent());
    assertEquals(List.of(), bridge.sent());
    bridge.runMillis(40);
    assertEquals(List.of(3, 1), types(bridge.sent()));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aWeakLinkKeepsTheOrder(long seed) {
    VirtualCharger weak = new VirtualCharger(SimulatorTiming.DEFAULT, Scenario.EMPTY, 1, seed);
    weak.charger().setWeakLink(true);
    for (int i = 0; i < 50; i++) {
      weak.send(PING);
      weak.send(SET_PWM_PERCENT, (byte) 26);
    }
    weak.runMillis(20_000);

    List<Sent> sent = weak.sent();
    assertEquals(100, sent.size());
    for (int i = 0; i < 100; i++) {
      assertEquals(i % 2 == 0 ? 1 : 3, sent.get(i).type());
    }
    assertNotEquals(sent.get(0).atMillis(), sent.get(99).atMillis());
  }

  // Helpers

  /** An ordinary car that draws 15.6 A. */
  private void charge() {
    charger.plugIn();
    charger.ask();
    bridge.ask(SET_PWM_PERCENT, (byte) 26);
    bridge.runMillis(1_000);
    bridge.ask(SET_CONTACTOR_STATE, (byte) 1);
    bridge.runMillis(5_000);
    bridge.ask(PING);
    assertEquals(15.6, charger.amps(1), 0.001);
    bridge.sent();
  }

  private void sendFirmware(byte[] image, long crc32) {
    bridge.send(
        FIRMWARE, ByteBuffer.allocate(4 + image.length).putInt((int) crc32).put(image).array());
  }

  private static long crc32Of(byte[] image) {
    CRC32 crc32 = new CRC32();
    crc32.update(image);
    return crc32.getValue();
  }

  private static List<Integer> types(List<Sent> sent) {
    return sent.stream().map(Sent::type).toList();
  }
}
