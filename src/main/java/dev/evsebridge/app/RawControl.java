package dev.evsebridge.app;

import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.SupervisionKeys;
import dev.evsebridge.config.SupervisionKeys.WhenControlDies;
import dev.evsebridge.control.ChargeControl;
import dev.evsebridge.control.FailSafe;
import dev.evsebridge.control.Supervision;
import dev.evsebridge.mqtt.BrokerConnection;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Wires what watches over chargers that are commanded with raw requests. */
final class RawControl {

  private RawControl() {}

  /**
   * Lets the supervision take part; to be called before the broker is there.
   *
   * @param letOnlyControlledIn keeps out chargers without a charge controller, or lets in all again
   */
  static void start(
      BridgeSettings settings,
      Supervision supervision,
      SessionRegistry registry,
      ChargeControl chargeControl,
      FailSafe guard,
      Consumer<Boolean> letOnlyControlledIn) {
    SupervisionKeys keys = settings.supervision();
    registry.addListener(supervision);
    registry.guard(supervision);
    if (keys.interlock()) {
      guard.openFirst(supervision, letOnlyControlledIn);
    }
    if (!keys.poll().isZero()) {
      guard.watchControl(
          supervision,
          keys.aliveTopic().isPresent(),
          keys.aliveTimeout(),
          keys.whenControlDies() == WhenControlDies.OPEN,
          letOnlyControlledIn);
      registry.onRequest(guard::signOfLife);
      chargeControl.onOtherSignOfLife(guard::signOfLife);
    }
  }

  /**
   * Hears what whoever controls the chargers says of itself: its birth message, or its last will.
   */
  static void listenToControl(
      BridgeSettings settings,
      BrokerConnection broker,
      ChargeControl chargeControl,
      FailSafe guard) {
    SupervisionKeys keys = settings.supervision();
    boolean wanted = ControlSetup.isOn(settings) || !keys.poll().isZero();
    keys.aliveTopic()
        .filter(topic -> wanted)
        .ifPresent(
            topic ->
                broker.listen(
                    topic,
                    (payload, arrivedAtNanos) -> {
                      boolean alive = says(payload, keys.alivePayload());
                      guard.controlSays(alive);
                      if (alive) {
                        chargeControl.controlIsAlive(arrivedAtNanos);
                      } else {
                        chargeControl.controlIsGone();
                      }
                    }));
  }

  private static boolean says(byte[] payload, String alive) {
    return new String(payload, StandardCharsets.UTF_8).strip().equals(alive);
  }

  /** Ends all charges before the bridge stops, where the interlock is on; does not wait. */
  static void stop(BridgeSettings settings, Supervision supervision) {
    if (settings.supervision().interlock()) {
      supervision.stop(Supervision.Reason.BRIDGE_STOPPING);
    }
  }
}
