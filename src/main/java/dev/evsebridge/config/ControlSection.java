package dev.evsebridge.config;

import dev.evsebridge.config.ControlKeys.OnStop;
import dev.evsebridge.config.ControlKeys.Wakeup;
import dev.evsebridge.config.ControlKeys.WhenBrokerIsLost;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** Reads what is set under {@code control.} for one charger, or for all. */
final class ControlSection {

  static final String TABLE = "control";

  private static final double LEAST_AMPS = 6;
  private static final double MOST_AMPS = 80;
  private static final double MOST_MIN_AMPS = 16;
  private static final double MOST_RAMP_UP_AMPS = 16;
  private static final double MOST_OVERCURRENT_AMPS = 2;
  private static final int LEAST_VOLTS = 100;
  private static final int MOST_VOLTS = 300;
  private static final String PROXIMITY = "proximity";
  private static final String FIXED = "fixed:";
  private static final double NOT_FIXED = 0;

  private final SettingReader reader;

  private ControlSection(SettingReader reader) {
    this.reader = reader;
  }

  static ControlKeys read(SettingReader reader) throws ConfigurationException {
    return new ControlSection(reader).read();
  }

  private ControlKeys read() throws ConfigurationException {
    boolean on = reader.choice(Setting.CONTROL_MODE, "off", "on").equals("on");
    OptionalDouble maxAmps = maxAmps(on);
    double minAmps = minAmps(maxAmps);
    ControlKeys keys =
        new ControlKeys(
            on,
            maxAmps,
            minAmps,
            fixedCableAmps(),
            reader.flag(Setting.CONTROL_INITIAL_ENABLED),
            initialLimitAmps(minAmps, maxAmps),
            fallbackAmps(minAmps, maxAmps),
            WhenBrokerIsLost.valueOf(word(Setting.CONTROL_BROKER_LOSS, "fallback", "keep")),
            OnStop.valueOf(word(Setting.CONTROL_ON_STOP, "stop", "leave")),
            seconds(Setting.CONTROL_POLL, 2, 8),
            seconds(Setting.CONTROL_STOP_TIMEOUT, 3, 30),
            reader.flag(Setting.CONTROL_OPEN_ON_NOTIFY),
            seconds(Setting.CONTROL_MIN_OFF, 10, 600),
            seconds(Setting.CONTROL_RESTART_DELAY, 0, 3600),
            reader.number(Setting.CONTROL_STARTS_PER_HOUR, 0, 60),
            seconds(Setting.CONTROL_PWM_INTERVAL, 5, 60),
            reader.decimal(Setting.CONTROL_RAMP_UP_AMPS, 0, MOST_RAMP_UP_AMPS),
            word(Setting.CONTROL_VENTILATION, "refuse", "allow").equals("ALLOW"),
            Wakeup.valueOf(word(Setting.CONTROL_WAKEUP, "off", "toggle", "pulse")),
            seconds(Setting.CONTROL_WAKEUP_AFTER, 30, 600),
            seconds(Setting.CONTROL_FAULT_WAIT, 10, 600),
            reader.number(Setting.CONTROL_OVERCURRENT_PERCENT, 5, 30),
            reader.decimal(Setting.CONTROL_OVERCURRENT_AMPS, 0, MOST_OVERCURRENT_AMPS),
            seconds(Setting.CONTROL_OVERCURRENT_TIME, 7, 60),
            reader.number(Setting.CONTROL_VOLTAGE_MIN, LEAST_VOLTS, MOST_VOLTS),
            reader.number(Setting.CONTROL_VOLTAGE_MAX, LEAST_VOLTS, MOST_VOLTS));
    if (keys.voltageMinVolts() >= keys.voltageMaxVolts()) {
      throw inconsistent(
          Setting.CONTROL_VOLTAGE_MIN,
          Setting.CONTROL_VOLTAGE_MAX,
          "%s must be less than %s"
              .formatted(
                  reader.key(Setting.CONTROL_VOLTAGE_MIN),
                  reader.key(Setting.CONTROL_VOLTAGE_MAX)));
    }
    return keys;
  }

  private OptionalDouble maxAmps(boolean on) throws ConfigurationException {
    if (on && reader.text(Setting.CONTROL_MAX_AMPS).isEmpty()) {
      throw reader.refused(
          Setting.CONTROL_MAX_AMPS,
          "it must be set where %s is on, to the rating of circuit and contactor, 6 to 80 A"
              .formatted(reader.key(Setting.CONTROL_MODE)));
    }
    return reader.optionalDecimal(Setting.CONTROL_MAX_AMPS, LEAST_AMPS, MOST_AMPS);
  }

  private double minAmps(OptionalDouble maxAmps) throws ConfigurationException {
    double minAmps = reader.decimal(Setting.CONTROL_MIN_AMPS, LEAST_AMPS, MOST_MIN_AMPS);
    if (maxAmps.isPresent() && minAmps > maxAmps.getAsDouble()) {
      throw inconsistent(
          Setting.CONTROL_MIN_AMPS,
          Setting.CONTROL_MAX_AMPS,
          "%s must not be more than %s"
              .formatted(
                  reader.key(Setting.CONTROL_MIN_AMPS), reader.key(Setting.CONTROL_MAX_AMPS)));
    }
    return minAmps;
  }

  private OptionalDouble initialLimitAmps(double minAmps, OptionalDouble maxAmps)
      throws ConfigurationException {
    OptionalDouble amps = reader.optionalDecimal(Setting.CONTROL_INITIAL_LIMIT_AMPS, 0, MOST_AMPS);
    if (amps.isPresent()) {
      checkOffer(Setting.CONTROL_INITIAL_LIMIT_AMPS, amps.getAsDouble(), minAmps, maxAmps);
    }
    return amps;
  }

  private double fallbackAmps(double minAmps, OptionalDouble maxAmps)
      throws ConfigurationException {
    double amps = reader.decimal(Setting.CONTROL_FALLBACK_AMPS, 0, MOST_AMPS);
    checkOffer(Setting.CONTROL_FALLBACK_AMPS, amps, minAmps, maxAmps);
    return amps;
  }

  /** 0, or between the least and the most that is ever offered. */
  private void checkOffer(Setting setting, double amps, double minAmps, OptionalDouble maxAmps)
      throws ConfigurationException {
    if (amps != 0 && amps < minAmps) {
      throw inconsistent(
          setting,
          Setting.CONTROL_MIN_AMPS,
          "%s must be 0 or at least %s"
              .formatted(reader.key(setting), reader.key(Setting.CONTROL_MIN_AMPS)));
    }
    if (maxAmps.isPresent() && amps > maxAmps.getAsDouble()) {
      throw inconsistent(
          setting,
          Setting.CONTROL_MAX_AMPS,
          "%s must not be more than %s"
              .formatted(reader.key(setting), reader.key(Setting.CONTROL_MAX_AMPS)));
    }
  }

  private OptionalDouble fixedCableAmps() throws ConfigurationException {
    double amps =
        reader.parsed(
            Setting.CONTROL_CABLE,
            "it must be proximity, or fixed:A for a tethered cable, with A from 6 to 80",
            ControlSection::cableAmps);
    return amps == NOT_FIXED ? OptionalDouble.empty() : OptionalDouble.of(amps);
  }

  private static @Nullable Double cableAmps(String text) {
    if (text.equals(PROXIMITY)) {
      return NOT_FIXED;
    }
    Double amps =
        text.startsWith(FIXED)
            ? SettingReader.decimal(text.substring(FIXED.length()).strip())
            : null;
    return amps == null || amps < LEAST_AMPS || amps > MOST_AMPS ? null : amps;
  }

  private String word(Setting setting, String... words) throws ConfigurationException {
    return reader.choice(setting, words).toUpperCase(Locale.ROOT);
  }

  private Duration seconds(Setting setting, int least, int most) throws ConfigurationException {
    return reader.duration(setting, Duration.ofSeconds(least), Duration.ofSeconds(most));
  }

  /** Two values that do not go together: the complaint is about one that somebody has set. */
  private ConfigurationException inconsistent(Setting first, Setting second, String allowed) {
    return reader.refused(reader.isSet(first) ? first : second, allowed);
  }
}
