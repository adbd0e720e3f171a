package dev.evsebridge.app;

import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.ControlKeys;
import dev.evsebridge.config.SensorKeys;
import dev.evsebridge.config.SupervisionKeys;
import dev.evsebridge.control.Calibration;
import dev.evsebridge.control.ChargeControl;
import dev.evsebridge.control.ControlJournal;
import dev.evsebridge.control.ControlSettings;
import dev.evsebridge.control.InterlockRules;
import dev.evsebridge.control.OpeningJournal;
import dev.evsebridge.control.PhaseCalibration;
import dev.evsebridge.control.Supervision;
import dev.evsebridge.message.InterlockAction;
import dev.evsebridge.message.SerialNumber;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the settings of charge controllers of the configuration's keys. */
final class ControlSetup {

  private static final Logger LOG = LoggerFactory.getLogger(ControlSetup.class);

  private static final int DECIAMPS_PER_AMP = 10;

  /** What a car is offered that asked for power without having been in state B. */
  private static final int SIMPLIFIED_AMPS = 10;

  private ControlSetup() {}

  /** Creates the charge controllers' room; nobody is controlled yet. */
  static ChargeControl create(
      BridgeSettings settings, SessionRegistry registry, ChargeControl.StatusListener listener) {
    return new ChargeControl(
        serial -> of(settings, serial),
        settings.names()::clientId,
        clientId -> registry.find(clientId) != null,
        new ControlJournal(settings.stateDir().resolve("control"), Clock.systemUTC()),
        listener);
  }

  /**
   * Creates what watches over chargers that are commanded with raw requests.
   *
   * @return null when nothing of it is set
   */
  static @Nullable Supervision supervision(
      BridgeSettings settings, BiConsumer<String, InterlockAction> announcer) {
    SupervisionKeys keys = settings.supervision();
    if (!keys.interlock() && keys.poll().isZero()) {
      return null;
    }
    return new Supervision(
        serial -> interlockRules(settings, serial),
        keys.poll(),
        longestRawStop(settings),
        announcer,
        new OpeningJournal(settings.stateDir().resolve("openings.txt"), Clock.systemUTC()));
  }

  private static @Nullable InterlockRules interlockRules(
      BridgeSettings settings, SerialNumber serial) {
    ControlKeys keys = settings.control().of(serial);
    if (keys.on()) {
      return null;
    }
    return new InterlockRules(
        settings.supervision().interlock(),
        keys.ventilationAllowed(),
        keys.fixedCableAmps().isPresent() ? deciamps(keys.fixedCableAmps().getAsDouble()) : 0,
        keys.stopTimeout());
  }

  /** Says in the log what is set against the advice. */
  static void warn(BridgeSettings settings) {
    Stream.concat(
            Stream.of(settings.control().general()), settings.control().own().values().stream())
        .filter(ControlKeys::on)
        .flatMap(ControlSetup::warnings)
        .distinct()
        .forEach(LOG::warn);
    if (isOn(settings) && !isOnForAll(settings)) {
      LOG.warn(
          settings.supervision().interlock()
              ? "Chargers with and without the charge controller share this bridge: while the broker is away, the port stays open for the former, and each attempt of the latter to connect restarts their 300 s. The interlock opens their contactors before"
              : "Chargers with and without the charge controller share this bridge: while the broker is away, the port stays open for the former, and each attempt of the latter to connect restarts their 300 s: a closed contactor stays closed. evse.interlock = on opens it before");
    }
  }

  private static Stream<String> warnings(ControlKeys keys) {
    Stream.Builder<String> warnings = Stream.builder();
    if (keys.onStop() == ControlKeys.OnStop.LEAVE) {
      warnings.add(
          "control.on_stop = leave: for up to 300 s after a stop of the bridge nobody opens the contactor of a car that is unplugged");
    }
    if (keys.whenBrokerIsLost() == ControlKeys.WhenBrokerIsLost.KEEP) {
      warnings.add(
          "control.broker_loss = keep: charging goes on at the last limit while nobody can change it");
    }
    if (keys.minAmps() > SIMPLIFIED_AMPS) {
      warnings.add(
          "control.min_amps above 10: a car that asks for power before it was offered any, as after a power cut, may draw 10 A at most and is not charged until it is unplugged and plugged in again");
    }
    return warnings.build();
  }

  /** The longest time that chargers may take to stop; zero when they are not stopped. */
  static Duration longestStop(BridgeSettings settings) {
    Duration raw = settings.supervision().interlock() ? longestRawStop(settings) : Duration.ZERO;
    Duration controlled = longestStop(settings, ControlKeys::on);
    return raw.compareTo(controlled) > 0 ? raw : controlled;
  }

  private static Duration longestRawStop(BridgeSettings settings) {
    return longestStop(settings, keys -> !keys.on());
  }

  private static Duration longestStop(BridgeSettings settings, Predicate<ControlKeys> those) {
    return Stream.concat(
            Stream.of(settings.control().general()), settings.control().own().values().stream())
        .filter(those)
        .map(ControlKeys::stopTimeout)
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  /** Whether any charger is under control, or may come to be. */
  static boolean isOn(BridgeSettings settings) {
    return settings.control().general().on()
        || settings.control().own().values().stream().anyMatch(ControlKeys::on);
  }

  /** Whether every charger that connects is under control. */
  static boolean isOnForAll(BridgeSettings settings) {
    return settings.control().general().on()
        && settings.control().own().values().stream().allMatch(ControlKeys::on);
  }

  /** The settings of a charger under control; null for others. */
  static @Nullable ControlSettings of(BridgeSettings settings, SerialNumber serial) {
    ControlKeys keys = settings.control().of(serial);
    if (!keys.on()) {
      return null;
    }
    SensorKeys sensors = settings.sensors().of(serial);
    SupervisionKeys supervision = settings.supervision();
    int maxDeciamps = deciamps(keys.maxAmps().orElseThrow());
    ControlSettings.Builder builder =
        ControlSettings.builder(maxDeciamps)
            .minDeciamps(deciamps(keys.minAmps()))
            .initialEnabled(keys.initialEnabled())
            .initialLimitDeciamps(
                keys.initialLimitAmps().isPresent()
                    ? deciamps(keys.initialLimitAmps().getAsDouble())
                    : maxDeciamps)
            .fallbackDeciamps(deciamps(keys.fallbackAmps()))
            .brokerLoss(
                switch (keys.whenBrokerIsLost()) {
                  case FALLBACK -> ControlSettings.BrokerLoss.FALLBACK;
                  case KEEP -> ControlSettings.BrokerLoss.KEEP;
                })
            .onStop(
                switch (keys.onStop()) {
                  case STOP -> ControlSettings.OnStop.STOP;
                  case LEAVE -> ControlSettings.OnStop.LEAVE;
                })
            .poll(keys.poll())
            .requestTimeout(settings.limits().requestTimeout())
            .stopTimeout(keys.stopTimeout())
            .openOnNotify(keys.openOnNotify())
            .minOff(keys.minOff())
            .restartDelay(keys.restartDelay())
            .startsPerHour(keys.startsPerHour())
            .pwmInterval(keys.pwmInterval())
            .rampUpDeciamps(deciamps(keys.rampUpAmps()))
            .ventilationAllowed(keys.ventilationAllowed())
            .wakeUp(
                switch (keys.wakeup()) {
                  case OFF -> ControlSettings.WakeUp.OFF;
                  case TOGGLE -> ControlSettings.WakeUp.TOGGLE;
                  case PULSE -> ControlSettings.WakeUp.PULSE;
                })
            .wakeUpAfter(keys.wakeupAfter())
            .faultWait(keys.faultWait())
            .overcurrentPercent(keys.overcurrentPercent())
            .overcurrentDeciamps(deciamps(keys.overcurrentAmps()))
            .overcurrentTime(keys.overcurrentTime())
            .voltageMinVolts(keys.voltageMinVolts())
            .voltageMaxVolts(keys.voltageMaxVolts())
            .current(phases(sensors.currents()))
            .voltage(phases(sensors.voltages()))
            .aliveTimeout(supervision.aliveTimeout())
            .aliveTopic(supervision.aliveTopic().isPresent());
    if (keys.fixedCableAmps().isPresent()) {
      builder.fixedCableDeciamps(deciamps(keys.fixedCableAmps().getAsDouble()));
    }
    return builder.build();
  }

  static int deciamps(double amps) {
    return (int) Math.round(amps * DECIAMPS_PER_AMP);
  }

  private static PhaseCalibration phases(List<Optional<SensorKeys.Line>> lines) {
    return new PhaseCalibration(
        calibration(lines.get(0)), calibration(lines.get(1)), calibration(lines.get(2)));
  }

  private static @Nullable Calibration calibration(Optional<SensorKeys.Line> line) {
    return line.map(each -> new Calibration(each.offset(), each.slope(), each.divider()))
        .orElse(null);
  }
}
