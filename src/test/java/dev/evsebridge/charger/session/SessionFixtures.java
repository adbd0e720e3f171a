package dev.evsebridge.charger.session;

import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SetContactorStateResponse;
import dev.evsebridge.message.SetPwmPercentResponse;
import java.time.Duration;

/** What the tests of this package say to and hear from chargers. */
public final class SessionFixtures {
  public static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);
  public static final Duration IDLE_TIMEOUT = Duration.ofMinutes(5);
  public static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);
  public static final Duration FIRMWARE_TIMEOUT = Duration.ofSeconds(60);
  public static final int QUEUE = 3;
  public static final SessionLimits LIMITS =
      new SessionLimits(
          HANDSHAKE_TIMEOUT, IDLE_TIMEOUT, REQUEST_TIMEOUT, FIRMWARE_TIMEOUT, QUEUE, 10, 65_536);

  public static final ChargerRequest PING = new ChargerRequest.Ping(TestCharger.ID);
  public static final ChargerRequest COLLECT = new ChargerRequest.CollectData(TestCharger.ID);
  public static final ChargerRequest PWM_50 = new ChargerRequest.SetPwmPercent(TestCharger.ID, 50);
  public static final ChargerRequest CLOSE =
      new ChargerRequest.SetContactorState(TestCharger.ID, true);
  public static final ChargerRequest OPEN =
      new ChargerRequest.SetContactorState(TestCharger.ID, false);
  public static final FirmwareImage IMAGE = FirmwareImage.of(new byte[100]);
  public static final ChargerRequest FIRMWARE =
      new ChargerRequest.UploadFirmware(TestCharger.ID, IMAGE);

  public static final PingResponse PING_RESPONSE = new PingResponse(TestCharger.ID);
  public static final SetPwmPercentResponse PWM_RESPONSE =
      new SetPwmPercentResponse(TestCharger.ID);
  public static final SetContactorStateResponse CONTACTOR_RESPONSE =
      new SetContactorStateResponse(TestCharger.ID);

  private SessionFixtures() {}

  public static Reading reading(boolean contactorClosed) {
    return reading(contactorClosed, 1, "");
  }

  public static Reading reading(boolean contactorClosed, long uptimeMillis, String log) {
    return new Reading(
        TestCharger.ID,
        100,
        contactorClosed,
        new Measurements(
            PilotVoltage.VOLT_12,
            ProximityPilot.NO_CABLE,
            0,
            0,
            0,
            0,
            0,
            0,
            -70,
            uptimeMillis,
            0,
            0,
            log));
  }
}
