package dev.evsebridge.control;

import java.time.Duration;

/**
 * What one charger's controller is held to. Currents are in tenths of an ampere. Whatever is out of
 * range or does not fit together ends in an {@link InvalidControlSettingException} naming the key.
 *
 * @param maxDeciamps rating of circuit and contactor: 6 to 80 A
 * @param minDeciamps the least current that this car takes: 6 to 16 A
 * @param fixedCableDeciamps rating of a tethered cable, or 0 to go by the proximity pilot
 * @param initialEnabled used when nothing is remembered
 * @param initialLimitDeciamps used when nothing is remembered
 * @param fallbackDeciamps what is allowed without control or broker: 0, or minimum to maximum
 * @param brokerLoss what the loss of the broker means
 * @param onStop what becomes of a charging car when the bridge stops
 * @param poll how often a reading is asked for: 2 to 8 s
 * @param requestTimeout how long the charger may take to respond
 * @param stopTimeout how long the car may take to stop drawing: 3 to 30 s
 * @param openOnNotify whether a notification while closed opens before the reading is in
 * @param minOff the least time between opening and closing: 10 s to 10 min
 * @param restartDelay the least time between a stop by the limit and the next start: up to 1 h
 * @param startsPerHour how many starts an hour may see, 0 for no limit, up to 60
 * @param pwmInterval the least time between two duty cycles for set-points: 5 to 60 s
 * @param rampUpDeciamps by how much an offer may rise per interval, 0 for no ramp, up to 16 A
 * @param ventilationAllowed whether state D counts as C
 * @param wakeUp how a sleeping car is woken
 * @param wakeUpAfter how long an offer is ignored before that: 30 s to 10 min
 * @param faultWait how long a pilot fault must be gone: 10 s to 10 min
 * @param overcurrentPercent tolerance of the overcurrent protection: 5 to 30
 * @param overcurrentDeciamps tolerance of the overcurrent protection: 0 to 2 A
 * @param overcurrentTime how long it tolerates more: 7 to 60 s
 * @param voltageMinVolts supply voltage, calibrated phases only
 * @param voltageMaxVolts supply voltage, calibrated phases only
 * @param current calibration of the current sensors
 * @param voltage calibration of the voltage sensors
 * @param aliveTimeout after which silence of the control means that it is gone; 0 for never
 * @param aliveTopic whether a topic tells that the control lives
 */
public record ControlSettings(
    int maxDeciamps,
    int minDeciamps,
    int fixedCableDeciamps,
    boolean initialEnabled,
    int initialLimitDeciamps,
    int fallbackDeciamps,
    BrokerLoss brokerLoss,
    OnStop onStop,
    Duration poll,
    Duration requestTimeout,
    Duration stopTimeout,
    boolean openOnNotify,
    Duration minOff,
    Duration restartDelay,
    int startsPerHour,
    Duration pwmInterval,
    int rampUpDeciamps,
    boolean ventilationAllowed,
    WakeUp wakeUp,
    Duration wakeUpAfter,
    Duration faultWait,
    int overcurrentPercent,
    int overcurrentDeciamps,
    Duration overcurrentTime,
    int voltageMinVolts,
    int voltageMaxVolts,
    PhaseCalibration current,
    PhaseCalibration voltage,
    Duration aliveTimeout,
    boolean aliveTopic) {

  /** What the loss of the broker means. */
  public enum BrokerLoss {
    FALLBACK,
    KEEP
  }

  /** What becomes of a charging car when the bridge stops. */
  public enum OnStop {
    STOP,
    LEAVE
  }

  /** How a car that does not ask for power is woken. */
  public enum WakeUp {
    OFF,
    TOGGLE,
    PULSE
  }

  private static final int HIGHEST_DECIAMPS = 800;
  private static final int LOWEST_DECIAMPS = 60;

  public ControlSettings {
    amps("max_amps", maxDeciamps, LOWEST_DECIAMPS, HIGHEST_DECIAMPS);
    amps("min_amps", minDeciamps, LOWEST_DECIAMPS, Math.min(160, maxDeciamps));
    if (fixedCableDeciamps != 0
        && (fixedCableDeciamps < LOWEST_DECIAMPS || fixedCableDeciamps > HIGHEST_DECIAMPS)) {
      throw new InvalidControlSettingException(
          "cable",
          "fixed:" + written(fixedCableDeciamps),
          "it must be proximity, or fixed:6 to fixed:80");
    }
    amps0("initial_limit_amps", initialLimitDeciamps, LOWEST_DECIAMPS, HIGHEST_DECIAMPS);
    amps0("fallback_amps", fallbackDeciamps, minDeciamps, maxDeciamps);
    time("poll", poll, Duration.ofSeconds(2), Duration.ofSeconds(8));
    time("stop_timeout", stopTimeout, Duration.ofSeconds(3), Duration.ofSeconds(30));
    time("min_off", minOff, Duration.ofSeconds(10), Duration.ofMinutes(10));
    time("restart_delay", restartDelay, Duration.ZERO, Duration.ofHours(1));
    number("starts_per_hour", startsPerHour, 0, 60, "it must be 0 for no limit, or 1 to 60");
    time("pwm_interval", pwmInterval, Duration.ofSeconds(5), Duration.ofSeconds(60));
    amps("ramp_up_amps", rampUpDeciamps, 0, 160);
    time("wakeup_after", wakeUpAfter, Duration.ofSeconds(30), Duration.ofMinutes(10));
    time("fault_wait", faultWait, Duration.ofSeconds(10), Duration.ofMinutes(10));
    number("overcurrent_percent", overcurrentPercent, 5, 30, "it must be 5 to 30");
    amps("overcurrent_amps", overcurrentDeciamps, 0, 20);
    time("overcurrent_time", overcurrentTime, Duration.ofSeconds(7), Duration.ofSeconds(60));
    number("voltage_min", voltageMinVolts, 1, 999, "it must be 1 to 999");
    number(
        "voltage_max",
        voltageMaxVolts,
        voltageMinVolts + 1,
        1000,
        "it must be above control.voltage_min, and at most 1000");
    if (requestTimeout.isNegative() || requestTimeout.isZero() || aliveTimeout.isNegative()) {
      throw new IllegalArgumentException("timeouts of requests and life must not be negative");
    }
  }

  /** Settings with their defaults, all but the maximum, which has none. */
  public static Builder builder(int maxDeciamps) {
    return new Builder(maxDeciamps);
  }

  /** Whether anything watches that the control lives. */
  boolean supervisesControl() {
    return aliveTopic || !aliveTimeout.isZero();
  }

  private static void amps(String key, int deciamps, int least, int most) {
    if (deciamps < least || deciamps > most) {
      throw new InvalidControlSettingException(
          key, written(deciamps), "it must be %s to %s".formatted(written(least), written(most)));
    }
  }

  private static void amps0(String key, int deciamps, int least, int most) {
    if (deciamps != 0 && (deciamps < least || deciamps > most)) {
      throw new InvalidControlSettingException(
          key,
          written(deciamps),
          "it must be 0, or %s to %s".formatted(written(least), written(most)));
    }
  }

  private static void time(String key, Duration duration, Duration least, Duration most) {
    if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
      throw new InvalidControlSettingException(
          key, written(duration), "it must be %s to %s".formatted(written(least), written(most)));
    }
  }

  private static void number(String key, int number, int least, int most, String allowed) {
    if (number < least || number > most) {
      throw new InvalidControlSettingException(key, number, allowed);
    }
  }

  private static String written(int deciamps) {
    return deciamps % 10 == 0
        ? Integer.toString(deciamps / 10)
        : "%d.%d".formatted(deciamps / 10, Math.abs(deciamps % 10));
  }

  private static String written(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    if (millis != 0 && millis % 3_600_000 == 0) {
      return duration.toHours() + "h";
    }
    return millis != 0 && millis % 60_000 == 0
        ? duration.toMinutes() + "m"
        : duration.toSeconds() + "s";
  }

  /** Collects settings; what is not set has its default. */
  @SuppressWarnings("MissingJavadocMethod") // each method is the component of the same name
  public static final class Builder {
    private final int maxDeciamps;
    private int minDeciamps = 60;
    private int fixedCableDeciamps;
    private boolean initialEnabled;
    private int initialLimitDeciamps;
    private int fallbackDeciamps;
    private BrokerLoss brokerLoss = BrokerLoss.FALLBACK;
    private OnStop onStop = OnStop.STOP;
    private Duration poll = Duration.ofSeconds(5);
    private Duration requestTimeout = Duration.ofSeconds(5);
    private Duration stopTimeout = Duration.ofSeconds(6);
    private boolean openOnNotify = true;
    private Duration minOff = Duration.ofSeconds(15);
    private Duration restartDelay = Duration.ofSeconds(60);
    private int startsPerHour = 12;
    private Duration pwmInterval = Duration.ofSeconds(5);
    private int rampUpDeciamps;
    private boolean ventilationAllowed;
    private WakeUp wakeUp = WakeUp.TOGGLE;
    private Duration wakeUpAfter = Duration.ofSeconds(60);
    private Duration faultWait = Duration.ofSeconds(30);
    private int overcurrentPercent = 10;
    private int overcurrentDeciamps = 5;
    private Duration overcurrentTime = Duration.ofSeconds(10);
    private int voltageMinVolts = 184;
    private int voltageMaxVolts = 265;
    private PhaseCalibration current = PhaseCalibration.NONE;
    private PhaseCalibration voltage = PhaseCalibration.NONE;
    private Duration aliveTimeout = Duration.ZERO;
    private boolean aliveTopic;

    private Builder(int maxDeciamps) {
      this.maxDeciamps = maxDeciamps;
      this.initialLimitDeciamps = maxDeciamps;
    }

    public Builder minDeciamps(int value) {
      minDeciamps = value;
      return this;
    }

    public Builder fixedCableDeciamps(int value) {
      fixedCableDeciamps = value;
      return this;
    }

    public Builder initialEnabled(boolean value) {
      initialEnabled = value;
      return this;
    }

    public Builder initialLimitDeciamps(int value) {
      initialLimitDeciamps = value;
      return this;
    }

    public Builder fallbackDeciamps(int value) {
      fallbackDeciamps = value;
      return this;
    }

    public Builder brokerLoss(BrokerLoss value) {
      brokerLoss = value;
      return this;
    }

    public Builder onStop(OnStop value) {
      onStop = value;
      return this;
    }

    public Builder poll(Duration value) {
      poll = value;
      return this;
    }

    public Builder requestTimeout(Duration value) {
      requestTimeout = value;
      return this;
    }

    public Builder stopTimeout(Duration value) {
      stopTimeout = value;
      return this;
    }

    public Builder openOnNotify(boolean value) {
      openOnNotify = value;
      return this;
    }

    public Builder minOff(Duration value) {
      minOff = value;
      return this;
    }

    public Builder restartDelay(Duration value) {
      restartDelay = value;
      return this;
    }

    public Builder startsPerHour(int value) {
      startsPerHour = value;
      return this;
    }

    public Builder pwmInterval(Duration value) {
      pwmInterval = value;
      return this;
    }

    public Builder rampUpDeciamps(int value) {
      rampUpDeciamps = value;
      return this;
    }

    public Builder ventilationAllowed(boolean value) {
      ventilationAllowed = value;
      return this;
    }

    public Builder wakeUp(WakeUp value) {
      wakeUp = value;
      return this;
    }

    public Builder wakeUpAfter(Duration value) {
      wakeUpAfter = value;
      return this;
    }

    public Builder faultWait(Duration value) {
      faultWait = value;
      return this;
    }

    public Builder overcurrentPercent(int value) {
      overcurrentPercent = value;
      return this;
    }

    public Builder overcurrentDeciamps(int value) {
      overcurrentDeciamps = value;
      return this;
    }

    public Builder overcurrentTime(Duration value) {
      overcurrentTime = value;
      return this;
    }

    public Builder voltageMinVolts(int value) {
      voltageMinVolts = value;
      return this;
    }

    public Builder voltageMaxVolts(int value) {
      voltageMaxVolts = value;
      return this;
    }

    public Builder current(PhaseCalibration value) {
      current = value;
      return this;
    }

    public Builder voltage(PhaseCalibration value) {
      voltage = value;
      return this;
    }

    public Builder aliveTimeout(Duration value) {
      aliveTimeout = value;
      return this;
    }

    public Builder aliveTopic(boolean value) {
      aliveTopic = value;
      return this;
    }

    /** Checks all of them. */
    public ControlSettings build() {
      return new ControlSettings(
          maxDeciamps,
          minDeciamps,
          fixedCableDeciamps,
          initialEnabled,
          initialLimitDeciamps,
          fallbackDeciamps,
          brokerLoss,
          onStop,
          poll,
          requestTimeout,
          stopTimeout,
          openOnNotify,
          minOff,
          restartDelay,
          startsPerHour,
          pwmInterval,
          rampUpDeciamps,
          ventilationAllowed,
          wakeUp,
          wakeUpAfter,
          faultWait,
          overcurrentPercent,
          overcurrentDeciamps,
          overcurrentTime,
          voltageMinVolts,
          voltageMaxVolts,
          current,
          voltage,
          aliveTimeout,
          aliveTopic);
    }
  }
}
