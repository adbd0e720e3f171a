package dev.evsebridge.app;

import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.mqtt.MessageSources;

/** Holds chargers back, by TCP, while the broker is too slow for them. */
record PausedChargers(BackPressure backPressure) implements MessageSources {

  @Override
  public void holdBackTheLoudest() {
    backPressure.share();
  }

  @Override
  public void pause() {
    backPressure.pause(BackPressure.Reason.BACKLOG);
  }

  @Override
  public boolean resumeSome() {
    return backPressure.resumeSome(BackPressure.Reason.BACKLOG);
  }
}
