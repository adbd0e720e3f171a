package dev.evsebridge.mqtt;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.eclipse.paho.mqttv5.common.MqttException;

/**
 * The threads of one client of the broker. The client library starts them itself and notices only
 * some of their failures: when its receiving thread dies of another one, the connection stays open
 * and nothing is received any more. Threads belong to the group of the thread that started them, so
 * the group hears of each failure.
 */
final class ClientThreads extends ThreadGroup {

  private final Consumer<Throwable> failed;

  /**
   * Creates the group, without any threads.
   *
   * @param failed is told, on the thread itself, of what ended it
   */
  ClientThreads(Consumer<Throwable> failed) {
    super("mqtt-client");
    this.failed = failed;
  }

  @Override
  public void uncaughtException(Thread thread, Throwable failure) {
    failed.accept(failure);
  }

  /** Runs a task that starts threads, and waits for it. */
  <T> T call(Callable<T> task) throws MqttException {
    FutureTask<T> future = new FutureTask<>(task);
    Thread thread = new Thread(this, future, "mqtt-connect");
    thread.setDaemon(true);
    thread.start();
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof MqttException known ? known : new MqttException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MqttException(e);
    }
  }
}
