package dev.evsebridge.simulator;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One charging station as its firmware runs it, with the car in front of it: it keeps a connection
 * to the bridge, does as told, and gives up by itself on a bridge that says nothing.
 *
 * <p>All methods may be called from any thread, and have taken effect when they return. The first
 * one that does something to a car ends the comings and goings of the scenario at this charger.
 */
public final class SimulatedCharger {
  private static final Logger LOG = LoggerFactory.getLogger(SimulatedCharger.class);
  private static final int NOTIFICATION = 100;

  private final byte[] serialNumber;
  private final LongSupplier clockMillis;
  private final EventLog events = new EventLog();
  private final Calibration calibration;
  private final LinkQuality link;
  private final ChargePoint chargePoint;
  private final Firmware firmware;
  private final List<ChargerConnection> leftBehind = new ArrayList<>(0);
  private final Consumer<ChargerConnection> closer;

  private long nowMillis;
  private boolean failed;

  /**
   * @param number from 1; the last digits of the serial number, and a part of the seed
   * @param dialer tries to connect, and calls {@link #dialFailed} when it can't
   * @param closer closes a connection that a reset has left behind, some time after the charger is
   *     back
   */
  SimulatedCharger(
      int number,
      SimulatorTiming timing,
      Scenario scenario,
      long seed,
      LongSupplier clockMillis,
      Consumer<SimulatedCharger> dialer,
      Consumer<ChargerConnection> closer) {
    this.serialNumber = "SIMULATED%07d".formatted(number).getBytes(US_ASCII);
    this.clockMillis = clockMillis;
    this.closer = closer;
    this.nowMillis = clockMillis.getAsLong();
    SplittableRandom random = new SplittableRandom(1_000_003 * seed + number);
    Scenario own = scenario.ofCharger(number);
    this.calibration = new Calibration(random.split());
    this.link = new LinkQuality(random.split());
    this.chargePoint = new ChargePoint(calibration, random.split(), events, nowMillis);
    this.firmware =
        new Firmware(this, chargePoint, timing, link, events, () -> dialer.accept(this), nowMillis);
    link.setWeak(own.hasWeakWifi());
    chargePoint.setContactorFault(own.contactorFault());
    if (own != Scenario.EMPTY) {
      chargePoint.setVisits(new Visits(own, number, timing, random.split(), nowMillis));
    }
  }

  // Who it is

  /** The serial number as the bridge writes it: 32 upper-case hex digits. */
  public String serial() {
    return HexFormat.of().withUpperCase().formatHex(serialNumber);
  }

  /** The settings of a bridge that make mA and mV of this charger's raw readings, one a line. */
  public List<String> calibrationSettings() {
    return calibration.settings(serial());
  }

  // What the car and its driver do

  /** Plugs an ordinary car in, in place of the one that is there. */
  public void plugIn() {
    plugIn(CarModel.ORDINARY);
  }

  /** Plugs a car in, in place of the one that is there. It is in state B until it asks. */
  public void plugIn(CarModel model) {
    act(() -> chargePoint.plugIn(model, nowMillis));
  }

  /** The car wants to charge: it shows state C (or D) while it is offered enough. */
  public void ask() {
    act(() -> chargePoint.wantPower(true));
  }

  /** The car stops drawing and is in state B at once. */
  public void stopAsking() {
    act(() -> chargePoint.wantPower(false));
  }

  /** Whether the car asks for power with ventilation (D) instead of without (C). */
  public void needVentilation(boolean needed) {
    act(() -> chargePoint.needVentilation(needed));
  }

  /** Takes the car and its cable away at once, whatever flows. */
  public void unplug() {
    act(chargePoint::unplug);
  }

  /** Lets the pilot line be faulty, until {@link #endFault} or the car is changed. */
  public void fault() {
    act(() -> chargePoint.setPilotFault(true));
  }

  public void endFault() {
    act(() -> chargePoint.setPilotFault(false));
  }

  /** The cable's coding shows this, whatever the car has brought, until the car is changed. */
  public void showCable(ProximityPilot cable) {
    act(() -> chargePoint.showCable(cable));
  }

  /** Lets the car draw so much whenever the contacts are closed, in whatever state it is. */
  public void forceAmps(double amps) {
    act(() -> chargePoint.forceAmps(amps));
  }

  /** The car draws as its model does again. */
  public void endForcedAmps() {
    act(() -> chargePoint.forceAmps(null));
  }

  // What goes wrong at the charger

  public void setContactorFault(ContactorFault fault) {
    update(() -> chargePoint.setContactorFault(fault));
  }

  public void setSupplyVolts(double volts) {
    update(() -> chargePoint.setSupplyVolts(volts));
  }

  /** Somebody else than the bridge sets the duty cycle. */
  public void setDutyCyclePercent(int percent) {
    update(() -> chargePoint.setDutyCyclePercent(percent));
  }

  /** A reset of the board: opens the contactor, leaves the socket behind, and takes a while. */
  public void reset() {
    update(() -> firmware.reset(nowMillis));
  }

  /** The loop stands still, until the watchdog resets the board. */
  public void hang() {
    update(() -> firmware.hang(nowMillis));
  }

  public void loseWifi() {
    update(() -> firmware.loseWifi(nowMillis));
  }

  public void restoreWifi() {
    update(() -> firmware.restoreWifi(nowMillis));
  }

  /** Ends the connection; the charger dials again 5 s after its last attempt. */
  public void dropConnection() {
    update(
        () -> {
          ChargerConnection current = firmware.connection();
          if (current != null) {
            current.close();
          }
        });
  }

  /** What the charger runs from the next connection on. */
  public void setFirmwareVersion(int version) {
    update(() -> firmware.setVersion(version));
  }

  // What goes wrong on the way to the bridge

  /** Loses the next notifications, so many. */
  public void loseNotifications(int count) {
    update(() -> link.lose(NOTIFICATION, count));
  }

  /**
   * Loses the next responses of one kind, so many.
   *
   * @param responseType on the wire: 1 ping, 2 reading, 3 PWM, 4 contactor
   */
  public void loseResponses(int responseType, int count) {
    update(() -> link.lose(responseType, count));
  }

  public void loseNothing() {
    update(link::loseNothing);
  }

  /** Delays every packet, in both directions. */
  public void setLinkDelay(Duration delay) {
    update(() -> link.setDelayMillis(delay.toMillis()));
  }

  /** A link of 3 to 30 ms that delays each twentieth packet by 100 to 400 ms more. */
  public void setWeakLink(boolean weak) {
    update(() -> link.setWeak(weak));
  }

  // What can be seen

  public synchronized boolean isConnected() {
    return firmware.isConnected();
  }

  /** The pin that drives the contactor, which is what a reading tells. */
  public synchronized boolean isContactorClosed() {
    return chargePoint.isPinClosed();
  }

  public synchronized int dutyCyclePercent() {
    return chargePoint.dutyCyclePercent();
  }

  /** The control pilot's line, as it is now and before the charger has noticed. */
  public synchronized PilotVoltage pilotVoltage() {
    return chargePoint.pilotLine();
  }

  public synchronized boolean isPluggedIn() {
    return chargePoint.isPluggedIn();
  }

  /**
   * What truly flows through a phase.
   *
   * @param phase 1 to 3
   */
  public synchronized double amps(int phase) {
    return chargePoint.amps(phase - 1);
  }

  /** What has truly flowed, since the beginning. */
  public synchronized double energyKilowattHours() {
    update();
    return chargePoint.record().kilowattHours();
  }

  /** How often the contactor was closed, since the beginning. */
  public synchronized int closings() {
    return chargePoint.record().closings();
  }

  public synchronized int openings() {
    return chargePoint.record().openings();
  }

  /** How often it was opened with more than 1 A on the first phase. */
  public synchronized int openingsUnderLoad() {
    return chargePoint.record().openingsUnderLoad();
  }

  /** How long the contactor has been closed while the car was in none of the states C and D. */
  public synchronized Duration closedOutsideCharging() {
    update();
    return Duration.ofMillis(chargePoint.record().closedOutsideMillis());
  }

  /** The longest of these times. */
  public synchronized Duration longestClosedOutsideCharging() {
    update();
    return Duration.ofMillis(chargePoint.record().longestClosedOutsideMillis());
  }

  public synchronized int firmwareVersion() {
    return firmware.version();
  }

  /** Whether firmware without an image has ended its life. */
  public synchronized boolean isBricked() {
    return firmware.isBricked();
  }

  /** From now on {@link #events} has something to tell. */
  public synchronized void recordEvents() {
    events.startRecording();
  }

  /** The newest 10 000 events since {@link #recordEvents}, oldest first. */
  public synchronized List<Event> events() {
    return events.toList();
  }

  // For the simulator

  byte[] serialNumber() {
    return serialNumber;
  }

  /** The time of the turn that is running. */
  long nowMillis() {
    return nowMillis;
  }

  /** One turn of the charger's loop. */
  synchronized void tick() {
    if (failed) {
      return;
    }
    try {
      update();
      ChargerConnection current = firmware.connection();
      if (current != null) {
        current.deliver(nowMillis);
      }
      firmware.turn(nowMillis);
    } catch (RuntimeException e) {
      failed = true;
      LOG.error("Simulated charger {} has failed", serial(), e);
    }
  }

  ChargerConnection newConnection() {
    return new ChargerConnection(this, link);
  }

  synchronized void connected(ChargerConnection newConnection) {
    update();
    firmware.connected(newConnection, nowMillis);
    leftBehind.forEach(closer);
    leftBehind.clear();
  }

  synchronized void dialFailed() {
    update();
    firmware.dialFailed(nowMillis);
  }

  synchronized void disconnected(ChargerConnection closedConnection) {
    update();
    firmware.disconnected(closedConnection, nowMillis);
  }

  /** A reset doesn't close the socket. */
  void leaveBehind(ChargerConnection connection) {
    LOG.info("Simulated charger {} leaves its socket behind", serial());
    leftBehind.add(connection);
  }

  private void act(Runnable action) {
    update(
        () -> {
          chargePoint.setVisits(null);
          action.run();
        });
  }

  private synchronized void update(Runnable action) {
    update();
    action.run();
    update();
  }

  /** Lets the car and the contactor come to the present. */
  private void update() {
    nowMillis = Math.max(nowMillis, clockMillis.getAsLong());
    chargePoint.advance(nowMillis);
  }
}
