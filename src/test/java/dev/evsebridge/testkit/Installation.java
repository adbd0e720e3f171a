package dev.evsebridge.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A broker, a bridge and a client that hears everything, for the tests of one class: registered as
 * a static extension, it is started before the first test and stopped after the last, and every
 * test finds it without chargers and messages.
 */
public final class Installation
    implements BeforeAllCallback, AfterEachCallback, AfterAllCallback, AutoCloseable {
  private final UnaryOperator<BridgeProcess.Builder> settings;
  private final List<RawCharger> chargers = new ArrayList<>();
  private @Nullable Mosquitto mosquitto;
  private @Nullable MqttProbe probe;
  private @Nullable BridgeProcess bridge;

  private Installation(UnaryOperator<BridgeProcess.Builder> settings) {
    this.settings = settings;
  }

  /** Everything as delivered. */
  public static Installation asDelivered() {
    return with(UnaryOperator.identity());
  }

  /** With a bridge that is called in another way. */
  public static Installation with(UnaryOperator<BridgeProcess.Builder> settings) {
    return new Installation(settings);
  }

  /** For one test alone: started here, and closed by the test. */
  public Installation start() {
    try {
      Mosquitto broker = Mosquitto.started();
      mosquitto = broker;
      probe = MqttProbe.connect(broker);
      bridge = settings.apply(BridgeProcess.connectingTo(broker)).start();
      bridge.awaitListening();
      return this;
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  public Mosquitto mosquitto() {
    return started(mosquitto);
  }

  public BridgeProcess bridge() {
    return started(bridge);
  }

  public MqttProbe probe() {
    return started(probe);
  }

  private static <T> T started(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("not started");
    }
    return part;
  }

  /** A socket that has not said anything yet. */
  public RawCharger connect() {
    RawCharger charger = RawCharger.connect(bridge().port());
    chargers.add(charger);
    return charger;
  }

  /** A charger that is known to the bridge under its serial; it answers nothing by itself. */
  public RawCharger charger(String serial) {
    return charger(serial, serial, 9);
  }

  public RawCharger charger(String serial, String clientId, int firmwareVersion) {
    RawCharger charger = connect().hello(serial, firmwareVersion);
    probe().take(MqttProbe.message("new_connection", clientId));
    return charger;
  }

  /**
   * Returns when the bridge has done everything that was asked of it before: it does requests in
   * order.
   */
  public void awaitRequestsDone() {
    String serial = Serials.next();
    try (RawCharger last = charger(serial).answerLikeFirmware()) {
      probe().request(Messages.ping(serial));
      probe().take(MqttProbe.message("response_ping", serial));
      last.takeFrame();
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    start();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    chargers.forEach(RawCharger::close);
    chargers.clear();
    probe().forget();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  @Override
  public void close() {
    chargers.forEach(RawCharger::close);
    if (probe != null) {
      probe.close();
    }
    if (bridge != null) {
      bridge.close();
    }
    if (mosquitto != null) {
      mosquitto.close();
    }
  }
}
