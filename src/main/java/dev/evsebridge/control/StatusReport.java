package dev.evsebridge.control;

import java.util.OptionalLong;

/** Tells what a controller has come to. */
final class StatusReport extends Situated {
  private final Reasons reasons;

  StatusReport(Situation situation) {
    super(situation);
    reasons = new Reasons(obstacles, vehicle, guard);
  }

  ControlStatus status() {
    Why why = reasons.of(situation.state, situation.now);
    OptionalLong startAt =
        why == Why.MIN_OFF || why == Why.RESTART_DELAY || why == Why.TOO_MANY_STARTS
            ? guard.readyAtNanos(situation.now.nowNanos())
            : OptionalLong.empty();
    boolean currents = settings.current().complete();
    return new ControlStatus(
        situation.state,
        why,
        why == null ? null : Reasons.sentence(why, situation.allowance.limitedBy(), settings),
        setPoints.enabled(),
        setPoints.limitDeciamps(),
        situation.allowance.deciamps(),
        situation.allowance.limitedBy(),
        pilotSignal.offeredDeciamps(),
        situation.allowance.maxDeciamps(),
        vehicle.cableDeciamps(),
        vehicle.pilot(),
        vehicle.asksForPower() && Boolean.TRUE.equals(contactor.closed()),
        contactor.closed(),
        latches.all(),
        life.status(),
        new ControlStatus.ProtectionStatus(currents, currents, settings.voltage().complete()),
        startAt,
        contactor.switchings(),
        situation.openingsUnderLoad);
  }
}
