package dev.evsebridge.app;

import dev.evsebridge.mqtt.MessageSources;
import dev.evsebridge.session.Intake;

/** Holds chargers back, by TCP, while the broker is too slow for them. */
record HeldChargers(Intake intake) implements MessageSources {

  @Override
  public void holdBack() {
    intake.shut(Intake.Reason.BACKLOG);
  }

  @Override
  public boolean letSomeGoOn() {
    return intake.openForSome(Intake.Reason.BACKLOG);
  }
}
