package dev.evsebridge.several;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.Configuration;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.state.LastState;
import dev.evsebridge.testkit.NoSources;
import dev.evsebridge.testkit.Patience;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One of several bridges, and the threads that it meets. */
class SeveralBridgesTest {

  @Test
  void isNotInTheWayOfThoseWhomItTellsThatTheBrokerIsThere(@TempDir Path folder) throws Exception {
    Files.createFile(folder.resolve("application.properties"));
    BridgeSettings settings = Configuration.read(folder, null, Map.of(), Map.of());
    SeveralBridges bridge = new SeveralBridges("one", settings.mqtt(), settings.names(), true);
    bridge.start(
        new BrokerConnection(settings.mqtt(), 1, new NoSources(), bridge),
        new Nobody(),
        (topic, payload, deadline) -> {});
    Waiting waiting = new Waiting();
    bridge.onceGreeted(waiting).brokerConnected();
    bridge.began();
    MqttMessage greeting = new MqttMessage("online".getBytes(StandardCharsets.UTF_8));
    greeting.setProperties(bridge.greeting());
    var unused =
        CompletableFuture.runAsync(() -> bridge.heard(bridge.availabilityTopic(), greeting));

    assertTrue(waiting.told.await(Patience.LIMIT.toMillis(), TimeUnit.MILLISECONDS));
    assertFalse(
        CompletableFuture.supplyAsync(() -> bridge.isOthers("Garage"))
            .get(Patience.LIMIT.toMillis(), TimeUnit.MILLISECONDS));
    waiting.goOn.countDown();
  }

  private static final class Waiting implements BrokerListener {
    private final CountDownLatch told = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);

    @Override
    public void brokerConnected() {
      told.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void brokerLost() {}
  }

  private static final class Nobody implements SeveralBridges.Successor {
    @Override
    public void takeOver(String clientId, @Nullable LastState last) {}

    @Override
    public void keep(String clientId, LastState last) {}

    @Override
    public void sayAgain(String clientId) {}
  }
}
