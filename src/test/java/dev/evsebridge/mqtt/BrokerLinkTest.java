package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.evsebridge.testkit.NoSources;
import dev.evsebridge.testkit.TestSettings;
import java.time.Duration;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.junit.jupiter.api.Test;

/** What Paho throws of a client that is being closed reaches nobody as a fault of the bridge. */
class BrokerLinkTest {
  private static final Subscription OTHERS =
      new Subscription("others/#", 1, (topic, message, arrivedAtNanos) -> {});

  @Test
  void saysThatALinkHasEndedToWhoAsksForASubscription() throws Exception {
    BrokerLink link = link();
    link.abandon();
    awaitAbandoned();

    assertNotNull(link.subscribe(OTHERS));
    link.unsubscribe(OTHERS.topicFilter());
  }

  private static BrokerLink link() throws MqttException {
    return new BrokerLink(
        TestSettings.mqtt("tcp://127.0.0.1:9", Duration.ofSeconds(10)),
        new Outbox(10, 1_000, 1, new NoSources()),
        new Subscriptions(filter -> {}, null),
        false,
        Runnable::run,
        new BrokerLink.Owner() {
          @Override
          public void ended(BrokerLink ended, LinkEnd end) {}

          @Override
          public void refused(BrokerLink by) {}
        });
  }

  private static void awaitAbandoned() throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("mqtt-abandon")) {
        thread.join();
      }
    }
  }
}
