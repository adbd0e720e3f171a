package dev.evsebridge.state;

import dev.evsebridge.control.ControlState;
import dev.evsebridge.control.ControlStatus;
import dev.evsebridge.control.ControlStatus.ProtectionStatus;
import dev.evsebridge.control.DutyCycle;
import dev.evsebridge.control.LatchedError;
import dev.evsebridge.control.PhaseValues;
import dev.evsebridge.control.Why;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a charger at one moment, and what its state says of that.
 *
 * @param clientId the charger
 * @param serial 32 upper-case hex digits
 * @param firmwareVersion from its last hello
 * @param connection how the bridge stands with it
 * @param reading the last one on this connection; null before, and after a disconnect
 * @param readAt when the last reading came, be it on an earlier connection
 * @param chargerStart when the charger started, as it is published
 * @param sensors its calibration
 * @param control what the charge controller says; null without it
 * @param startAt when a delayed start is due
 * @param consumption energy and session
 */
record ChargerFacts(
    String clientId,
    String serial,
    int firmwareVersion,
    Connection connection,
    @Nullable Reading reading,
    @Nullable Instant readAt,
    @Nullable String chargerStart,
    Sensors sensors,
    @Nullable ControlStatus control,
    @Nullable Instant startAt,
    Consumption consumption) {

  /** How the bridge stands with a charger. */
  enum Connection {
    OPEN,
    /** Open, and firmware goes over it. */
    FIRMWARE,
    LOST,
    /** Lost for so long that the charger's own fail-safe has opened the contactor. */
    LOST_AND_OPEN
  }

  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.", Locale.ROOT).withZone(ZoneOffset.UTC);

  private static final int NANOS_PER_MILLI = 1_000_000;

  /** All but the fraction of the second that was told last: most readings are of the same one. */
  private static volatile Second last = new Second(0, SECONDS.format(Instant.EPOCH));

  private record Second(long epochSecond, String text) {}

  private static final int CARRYING_MILLIAMPS = 1_000;

  /** Everything as it is published. */
  ChargerState state() {
    Reading seen = connected() ? reading : null;
    Why reason = why();
    PhaseValues amps = seen == null ? PhaseValues.NONE : sensors.currents(seen.measurements());
    PhaseValues volts = seen == null ? PhaseValues.NONE : sensors.voltages(seen.measurements());
    return new ChargerState(
        clientId,
        serial,
        connected(),
        readAt == null ? null : milliseconds(readAt),
        status(),
        reason == null ? null : reason.code(),
        reason == null ? null : sentence(reason),
        vehicle(),
        charging(),
        control == null ? null : control.enabled(),
        control == null ? null : amps(control.limitDeciamps()),
        offeredAmps(),
        maxAmps(),
        control == null ? null : control.limitedBy().code(),
        cableAmps(),
        pilotVoltage(),
        contactorClosed(),
        seen == null ? null : seen.pwmPercent(),
        power(amps, volts),
        volts(volts.l1()),
        volts(volts.l2()),
        volts(volts.l3()),
        hundredths(amps.l1()),
        hundredths(amps.l2()),
        hundredths(amps.l3()),
        phases(amps),
        consumption.energyKwh(),
        consumption.sessionKwh(),
        consumption.sessionStart(),
        consumption.sessionEnd(),
        consumption.chargingSeconds(),
        control == null ? null : control.errors().stream().map(LatchedError::code).toList(),
        control == null ? null : control.life().code(),
        control == null || startAt == null ? null : Consumption.seconds(startAt),
        seen == null ? null : seen.measurements().wifiRssiDbm(),
        chargerStart,
        firmwareVersion,
        control == null ? null : protection(control.protection()));
  }

  /** ISO 8601 in UTC. */
  static String milliseconds(Instant time) {
    Second second = last;
    if (second.epochSecond() != time.getEpochSecond()) {
      second = new Second(time.getEpochSecond(), SECONDS.format(time));
      last = second;
    }
    int millis = time.getNano() / NANOS_PER_MILLI;
    return second.text()
        + (char) ('0' + millis / 100)
        + (char) ('0' + millis / 10 % 10)
        + (char) ('0' + millis % 10)
        + 'Z';
  }

  private boolean connected() {
    return connection == Connection.OPEN || connection == Connection.FIRMWARE;
  }

  /** Whether the charge controller knows this connection already; it is told of it as well. */
  private boolean controlled() {
    return control != null && control.state() != ControlState.OFFLINE;
  }

  private boolean takesFirmware() {
    return connection == Connection.FIRMWARE
        || (connected() && control != null && control.state() == ControlState.FIRMWARE);
  }

  private String status() {
    if (!connected() || takesFirmware()) {
      return "F";
    }
    if (control != null) {
      return controlled() ? control.letter() : "F";
    }
    if (reading == null || notAvailable(reading)) {
      return "F";
    }
    return switch (reading.measurements().pilotVoltage()) {
      case VOLT_12 -> "A";
      case VOLT_9 -> "B";
      case VOLT_6, VOLT_3 -> reading.contactorClosed() ? "C" : "B";
      case FAULT -> "E";
    };
  }

  private @Nullable Why why() {
    if (!connected()) {
      return Why.OFFLINE;
    }
    if (control != null) {
      return controlled() ? control.why() : Why.NO_READING;
    }
    if (reading == null) {
      return Why.NO_READING;
    }
    return takesFirmware() ? Why.FIRMWARE_UPDATE : whyWithoutController(reading);
  }

  private static @Nullable Why whyWithoutController(Reading seen) {
    if (notAvailable(seen)) {
      return Why.NOT_OFFERED;
    }
    boolean offered = DutyCycle.offers(seen.pwmPercent());
    return switch (seen.measurements().pilotVoltage()) {
      case FAULT -> Why.PILOT_FAULT;
      case VOLT_12 -> Why.NO_VEHICLE;
      case VOLT_9 -> offered ? Why.CAR_NOT_ASKING : Why.NOT_OFFERED;
      case VOLT_6, VOLT_3 -> {
        if (seen.contactorClosed()) {
          yield null;
        }
        yield offered ? Why.CONTACTOR_OPEN : Why.NOT_OFFERED;
      }
    };
  }

  /**
   * At a duty cycle of 0 % the pilot is at a steady -12 V, which the charger reports as a fault: it
   * was told to be not available, and nothing is broken.
   */
  private static boolean notAvailable(Reading seen) {
    return seen.pwmPercent() == DutyCycle.NOT_AVAILABLE
        && seen.measurements().pilotVoltage() == PilotVoltage.FAULT;
  }

  private String sentence(Why reason) {
    String told = control == null || control.why() != reason ? null : control.whyText();
    return told == null ? reason.sentence(0) : told;
  }

  private @Nullable Boolean vehicle() {
    if (!connected()) {
      return null;
    }
    if (control != null) {
      return controlled() ? control.vehiclePresent() : null;
    }
    PilotVoltage pilot = reading == null ? null : reading.measurements().pilotVoltage();
    return (pilot == null || pilot == PilotVoltage.FAULT) ? null : pilot != PilotVoltage.VOLT_12;
  }

  private @Nullable Boolean charging() {
    if (!connected()) {
      return false;
    }
    if (control != null) {
      return controlled() && control.charging();
    }
    return reading == null ? null : status().equals("C");
  }

  /** As the controller knows it, so that it fits the reason; that comes a moment later. */
  private @Nullable PilotVoltage pilotVoltage() {
    if (!connected() || (control != null && !controlled())) {
      return null;
    }
    if (control != null) {
      return control.pilot();
    }
    return reading == null ? null : reading.measurements().pilotVoltage();
  }

  private @Nullable Boolean contactorClosed() {
    if (!connected()) {
      return connection == Connection.LOST_AND_OPEN ? false : null;
    }
    if (control != null) {
      return controlled() ? control.contactorClosed() : null;
    }
    return reading == null ? null : reading.contactorClosed();
  }

  private @Nullable Double offeredAmps() {
    if (!connected()) {
      return null;
    }
    if (control != null) {
      return controlled() && control.offeredDeciamps() != null
          ? amps(control.offeredDeciamps())
          : null;
    }
    return reading == null ? null : amps(DutyCycle.deciampsOffered(reading.pwmPercent()));
  }

  private @Nullable Double maxAmps() {
    if (control != null) {
      return amps(control.maxDeciamps());
    }
    Number cable = cableAmps();
    return cable == null ? null : cable.doubleValue();
  }

  private @Nullable Number cableAmps() {
    if (!connected()) {
      return null;
    }
    if (control != null) {
      Integer deciamps = controlled() ? control.cableDeciamps() : null;
      if (deciamps == null) {
        return null;
      }
      // A cable that is always there may be set to any current.
      return deciamps % 10 == 0 ? (Number) (deciamps / 10) : (Number) amps(deciamps);
    }
    return reading == null ? null : rating(reading.measurements().proximityPilotAmps());
  }

  private static @Nullable Integer rating(ProximityPilot cable) {
    return switch (cable) {
      case AMP_13 -> 13;
      case AMP_20 -> 20;
      case AMP_32 -> 32;
      case NO_CABLE -> null;
    };
  }

  private static @Nullable Long power(PhaseValues amps, PhaseValues volts) {
    Double watts = Sensors.watts(amps, volts);
    return watts == null ? null : Math.round(watts);
  }

  private static @Nullable Integer phases(PhaseValues amps) {
    if (amps.equals(PhaseValues.NONE)) {
      return null;
    }
    return carrying(amps.l1()) + carrying(amps.l2()) + carrying(amps.l3());
  }

  private static int carrying(@Nullable Integer milliamps) {
    return milliamps != null && milliamps > CARRYING_MILLIAMPS ? 1 : 0;
  }

  private static double amps(int deciamps) {
    return deciamps / 10.0;
  }

  private static @Nullable Double volts(@Nullable Integer millivolts) {
    return millivolts == null ? null : Math.round(millivolts / 100.0) / 10.0;
  }

  private static @Nullable Double hundredths(@Nullable Integer milliamps) {
    return milliamps == null ? null : Math.round(milliamps / 10.0) / 100.0;
  }

  private static ChargerState.Protection protection(ProtectionStatus status) {
    return new ChargerState.Protection(
        on(status.overcurrent()), on(status.weld()), on(status.voltage()));
  }

  private static String on(boolean calibrated) {
    return calibrated ? "on" : "not_calibrated";
  }
}
