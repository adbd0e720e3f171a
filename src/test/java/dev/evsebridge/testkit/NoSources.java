package dev.evsebridge.testkit;

import dev.evsebridge.mqtt.MessageSources;

/** For a connection to the broker in whose test nobody has to be held back. */
public final class NoSources implements MessageSources {
  @Override
  public void holdBackTheLoudest() {}

  @Override
  public void pause() {}

  @Override
  public boolean resumeSome() {
    return false;
  }
}
