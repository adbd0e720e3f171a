package dev.evsebridge.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A broker, a bridge and a client that hears everything, for the tests of one class. */
public final class Installation implements AutoCloseable {
  private final Mosquitto mosquitto;
  private final MqttProbe probe;
  private final BridgeProcess bridge;
  private final List<RawCharger> chargers = new ArrayList<>();

  private Installation(UnaryOperator<BridgeProcess.Builder> settings) {
    mosquitto = Mosquitto.started();
    probe = MqttProbe.connect(mosquitto);
    bridge = settings.apply(BridgeProcess.connectingTo(mosquitto)).start();
  }

  /** Everything as delivered. */
  public static Installation start() {
    return start(UnaryOperator.identity());
  }

  /** With a bridge that is called in another way. */
  public static Installation start(UnaryOperator<BridgeProcess.Builder> settings) {
    Installation installation = new Installation(settings);
    try {
      installation.bridge.awaitListening();
      return installation;
    } catch (RuntimeException | Error e) {
      installation.close();
      throw e;
    }
  }

  public Mosquitto mosquitto() {
    return mosquitto;
  }

  public BridgeProcess bridge() {
    return bridge;
  }

  public MqttProbe probe() {
    return probe;
  }

  /** A socket that has not said anything yet. */
  public RawCharger connect() {
    RawCharger charger = RawCharger.connect(bridge.port());
    chargers.add(charger);
    return charger;
  }

  /** A charger that is known to the bridge under its serial; it answers nothing by itself. */
  public RawCharger charger(String serial) {
    return charger(serial, serial, 9);
  }

  public RawCharger charger(String serial, String clientId, int firmwareVersion) {
    RawCharger charger = connect().hello(serial, firmwareVersion);
    probe.take(MqttProbe.of("new_connection", clientId));
    return charger;
  }

  /** Closes the chargers' sockets and forgets the messages, for the next test. */
  public void clear() {
    chargers.forEach(RawCharger::close);
    chargers.clear();
    probe.forget();
  }

  @Override
  public void close() {
    chargers.forEach(RawCharger::close);
    probe.close();
    bridge.close();
    mosquitto.close();
  }
}
