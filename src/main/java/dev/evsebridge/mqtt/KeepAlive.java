package dev.evsebridge.mqtt;

import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import org.eclipse.paho.mqttv5.client.MqttPingSender;
import org.eclipse.paho.mqttv5.client.internal.ClientComms;
import org.jspecify.annotations.Nullable;

/**
 * Lets the client library look, as often as the connection's keep-alive wants, whether it must send
 * a ping and whether the last one had a response. The library's own class looks for the first time
 * only after the interval that <i>it</i> asked for: a broker that wants a shorter one (Server Keep
 * Alive) has hung up by then.
 */
final class KeepAlive implements MqttPingSender {

  /** How soon after connecting, when the broker's wish is not yet known here. */
  private static final Duration FIRST_LOOK = Duration.ofSeconds(1);

  private @Nullable ClientComms client;
  private @Nullable Timer timer;

  @Override
  public void init(ClientComms comms) {
    client = comms;
  }

  @Override
  public synchronized void start() {
    timer = new Timer("mqtt-ping", true);
    schedule(FIRST_LOOK.toMillis());
  }

  @Override
  public synchronized void stop() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }

  @Override
  public synchronized void schedule(long delayMillis) {
    if (timer != null) {
      timer.schedule(
          new TimerTask() {
            @Override
            public void run() {
              look();
            }
          },
          Math.max(0, delayMillis));
    }
  }

  private void look() {
    ClientComms current = client;
    if (current != null) {
      current.checkForActivity();
    }
  }
}
