package dev.evsebridge.session;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.DataResponse;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.SetContactorStateResponse;
import dev.evsebridge.message.SetPwmPercentResponse;
import java.time.Duration;

/** What the tests of this package say to and hear from chargers. */
final class SessionFixtures {
  static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);
  static final Duration IDLE_TIMEOUT = Duration.ofMinutes(5);
  static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);
  static final Duration FIRMWARE_TIMEOUT = Duration.ofSeconds(60);
  static final int QUEUE = 3;
  static final SessionLimits LIMITS =
      new SessionLimits(
          HANDSHAKE_TIMEOUT, IDLE_TIMEOUT, REQUEST_TIMEOUT, FIRMWARE_TIMEOUT, QUEUE, 10, 65_536);

  static final ChargerRequest PING = new ChargerRequest.Ping(TestCharger.ID);
  static final ChargerRequest COLLECT = new ChargerRequest.CollectData(TestCharger.ID);
  static final ChargerRequest PWM_50 = new ChargerRequest.SetPwmPercent(TestCharger.ID, 50);
  static final ChargerRequest CLOSE = new ChargerRequest.SetContactorState(TestCharger.ID, true);
  static final ChargerRequest OPEN = new ChargerRequest.SetContactorState(TestCharger.ID, false);
  static final FirmwareImage IMAGE = FirmwareImage.of(new byte[100]);
  static final ChargerRequest FIRMWARE = new ChargerRequest.UploadFirmware(TestCharger.ID, IMAGE);

  static final PingResponse PING_ANSWER = new PingResponse(TestCharger.ID);
  static final SetPwmPercentResponse PWM_ANSWER = new SetPwmPercentResponse(TestCharger.ID);
  static final SetContactorStateResponse CONTACTOR_ANSWER =
      new SetContactorStateResponse(TestCharger.ID);

  private SessionFixtures() {}

  static DataResponse reading(boolean contactorClosed) {
    return new DataResponse(
        TestCharger.ID,
        100,
        contactorClosed,
        new Measurements(
            PilotVoltage.VOLT_12, ProximityPilot.NO_CABLE, 0, 0, 0, 0, 0, 0, -70, 1, 0, 0, ""));
  }
}
