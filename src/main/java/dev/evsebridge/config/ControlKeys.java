package dev.evsebridge.config;

import java.time.Duration;
import java.util.OptionalDouble;

/**
 * What is set under {@code control.} for one charger, or for all.
 *
 * @param on whether the charge controller has this charger; then {@code maxAmps} is there
 * @param maxAmps the rating of circuit and contactor, 6 to 80
 * @param minAmps 6 to 16; below it charging pauses
 * @param fixedCableAmps the rating of a tethered cable; empty where the proximity pilot tells it
 * @param initialEnabled whether charging is allowed where nothing is remembered
 * @param initialLimitAmps the limit where nothing is remembered; empty for maxAmps
 * @param fallbackAmps what is offered while the control is silent; 0 stops charging
 * @param whenBrokerIsLost what holds after {@code bridge.broker_loss_grace}
 * @param onStop what becomes of a charging car when the bridge stops
 * @param poll how often a reading is taken, 2 s to 8 s
 * @param stopTimeout how long a car may take to stop drawing, 3 s to 30 s
 * @param openOnNotify whether a notification opens a closed contactor before a reading is taken
 * @param minOff the shortest time between opening and closing, 10 s to 10 min
 * @param restartDelay the shortest time between a stop by the limit and a start, up to 1 h
 * @param startsPerHour 1 to 60; 0 for no limit
 * @param pwmInterval the shortest time between two changes of the offer, 5 s to 60 s
 * @param rampUpAmps how much the offer may rise in one pwmInterval, up to 16; 0 for no limit
 * @param ventilationAllowed whether a car that asks for ventilation is charged
 * @param wakeup what is done about a car that does not ask
 * @param wakeupAfter how long it may not ask before that, 30 s to 10 min
 * @param faultWait how long a fault of the pilot must be over, 10 s to 10 min
 * @param overcurrentPercent by how much the offer may be exceeded, 5 to 30
 * @param overcurrentAmps what is added to the offer before that, 0 to 2
 * @param overcurrentTime for how long it may be exceeded, 7 s to 60 s
 * @param voltageMinVolts the lowest supply voltage
 * @param voltageMaxVolts the highest supply voltage
 */
public record ControlKeys(
    boolean on,
    OptionalDouble maxAmps,
    double minAmps,
    OptionalDouble fixedCableAmps,
    boolean initialEnabled,
    OptionalDouble initialLimitAmps,
    double fallbackAmps,
    WhenBrokerIsLost whenBrokerIsLost,
    OnStop onStop,
    Duration poll,
    Duration stopTimeout,
    boolean openOnNotify,
    Duration minOff,
    Duration restartDelay,
    int startsPerHour,
    Duration pwmInterval,
    double rampUpAmps,
    boolean ventilationAllowed,
    Wakeup wakeup,
    Duration wakeupAfter,
    Duration faultWait,
    int overcurrentPercent,
    double overcurrentAmps,
    Duration overcurrentTime,
    int voltageMinVolts,
    int voltageMaxVolts) {

  /** {@code control.broker_loss}. */
  public enum WhenBrokerIsLost {
    FALLBACK,
    KEEP
  }

  /** {@code control.on_stop}. */
  public enum OnStop {
    STOP,
    LEAVE
  }

  /** {@code control.wakeup}. */
  public enum Wakeup {
    OFF,
    TOGGLE,
    PULSE
  }
}
