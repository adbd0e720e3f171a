package dev.evsebridge.bench;

import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.ProcessFigures;
import io.netty.channel.EventLoop;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Broker, bridge, chargers, subscriber and requester of one run; the last three share one event
 * loop.
 */
final class Rig implements AutoCloseable {
  /** Takes what the bridge publishes about its chargers. */
  interface Listener {
    void arrived(int type, int charger, byte[] data, int offset, int end);
  }

  /** Before the name of a thread: its CPU per message, µs. */
  static final String THREAD = "thread ";

  private static final int CONNECT_SECONDS = 120;

  private final NioEventLoopGroup group = new NioEventLoopGroup(1);
  private final EventLoop loop = group.next();
  private final Mosquitto broker;
  private final Target.Running bridge;
  private final MqttLink subscriber;
  private final MqttLink requester;
  private final Fleet fleet;
  private final Tally tally = new Tally();
  private final List<MqttLink> watchers = new ArrayList<>();
  private Listener listener = (type, charger, data, offset, end) -> {};
  private volatile int announced;

  Rig(Target target, Scenario scenario, Path folder, List<String> brokerOptions)
      throws IOException {
    broker = broker(brokerOptions);
    try {
      bridge = target.start(folder, broker.port(), scenario.qos(), scenario.chargers());
    } catch (IOException e) {
      broker.close();
      throw e;
    }
    subscriber = MqttLink.open(loop, broker.port(), "bench-subscriber", this::messageArrived);
    requester = MqttLink.open(loop, broker.port(), "bench-requester", (data, offset, length) -> {});
    subscriber.subscribe(scenario.qos(), "from_dehneEVSE", "from_dehneEVSE/error");
    fleet = new Fleet(loop, bridge.port(), 0, scenario.chargers());
  }

  /** One that logs little and never drops a message. */
  static Mosquitto broker(List<String> options) {
    Mosquitto.Builder broker = Mosquitto.builder().quiet();
    options.forEach(broker::setting);
    return broker.start();
  }

  Target.Running bridge() {
    return bridge;
  }

  EventLoop loop() {
    return loop;
  }

  Fleet fleet() {
    return fleet;
  }

  MqttLink requester() {
    return requester;
  }

  /** Only for the event loop. */
  Tally tally() {
    return tally;
  }

  void listen(Listener newListener) {
    loop.execute(() -> listener = newListener);
  }

  /**
   * Connects all chargers, waits until the bridge has announced each of them, and notes how long
   * that took and how many did not make it.
   */
  void connect(Map<String, Double> figures) {
    long begin = System.nanoTime();
    fleet.connect();
    long deadline = begin + TimeUnit.SECONDS.toNanos(CONNECT_SECONDS);
    long changed = begin;
    int before = 0;
    while (announced < fleet.size() && System.nanoTime() < deadline) {
      if (announced != before) {
        before = announced;
        changed = System.nanoTime();
      } else if (System.nanoTime() - changed > TimeUnit.SECONDS.toNanos(20)) {
        break;
      }
      LockSupport.parkNanos(1_000_000);
    }
    figures.put("connect_s", (System.nanoTime() - begin) / 1e9);
    figures.put("not_connected", (double) (fleet.size() - fleet.connectedCount()));
    figures.put("not_announced", (double) (fleet.size() - announced));
  }

  /** Has one more client hear what is published there from now on; called on the event loop. */
  void watch(String topic, MqttLink.Receiver receiver) {
    String clientId = "bench-watcher-" + watchers.size();
    MqttLink link = MqttLink.open(loop, broker.port(), clientId, receiver);
    watchers.add(link);
    link.subscribe(0, topic);
  }

  <T> T onLoop(Callable<T> task) {
    return loop.submit(task).syncUninterruptibly().getNow();
  }

  /** A look at the counters and clocks, to be compared with a later one. */
  Snapshot snapshot() {
    long messages = onLoop(() -> tally.messages);
    return new Snapshot(
        System.nanoTime(),
        messages,
        bridge.figures(),
        ProcessorTime.of(bridge.process().id()),
        ProcessFigures.of(broker.id()).cpuSeconds(),
        ProcessFigures.ownCpuSeconds(),
        ProcessFigures.machineCpuSeconds());
  }

  /** Notes what went wrong during the whole run. */
  void reportFaults(Map<String, Double> figures) {
    Tally end = onLoop(() -> tally);
    figures.put("duplicates", (double) end.duplicates);
    figures.put("out_of_order", (double) end.outOfOrder);
    figures.put("malformed", (double) end.malformed);
    figures.put("wrong", (double) end.wrong);
    figures.put("errors", (double) end.errors);
    figures.put("connections_lost", (double) fleet.closedCount());
    figures.put("rss_peak_mb", bridge.figures().peakRssMegabytes());
  }

  @Override
  public void close() {
    fleet.close();
    subscriber.close();
    requester.close();
    watchers.forEach(MqttLink::close);
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    bridge.close();
    broker.close();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // only the event loop writes
  private void messageArrived(byte[] data, int offset, int length) {
    int end = offset + length;
    int type = MessageScan.type(data, offset, end);
    int charger = MessageScan.charger(data, offset, end);
    if (type == MessageScan.ERROR) {
      tally.errors++;
    } else if (type == MessageScan.OTHER || charger < 0 || charger >= fleet.size()) {
      tally.malformed++;
      return;
    } else if (type == MessageScan.NEW_CONNECTION && fleet.charger(charger).announce()) {
      announced++;
    }
    listener.arrived(type, charger, data, offset, end);
  }

  /** Counters and clocks at one moment. */
  record Snapshot(
      long nanos,
      long messages,
      ProcessFigures bridge,
      ProcessorTime bridgeTime,
      double brokerCpuSeconds,
      double generatorCpuSeconds,
      double machineCpuSeconds) {
    /** Notes rate and cost per message from the earlier look to this one. */
    void reportSince(Snapshot earlier, Map<String, Double> figures) {
      double seconds = (nanos - earlier.nanos) / 1e9;
      double count = messages - earlier.messages;
      double cpu = bridge.cpuSeconds() - earlier.bridge.cpuSeconds();
      figures.put("per_second", count / seconds);
      double brokerCpu = brokerCpuSeconds - earlier.brokerCpuSeconds;
      double generatorCpu = generatorCpuSeconds - earlier.generatorCpuSeconds;
      double machineCpu = machineCpuSeconds - earlier.machineCpuSeconds;
      figures.put("cpu_us_per_message", cpu / count * 1e6);
      figures.put("work_us_per_message", bridgeTime.workSince(earlier.bridgeTime) / count * 1e6);
      figures.put(
          "compiler_us_per_message", bridgeTime.compilingSince(earlier.bridgeTime) / count * 1e6);
      bridgeTime
          .workByThreadSince(earlier.bridgeTime)
          .forEach((name, work) -> figures.put(THREAD + name, work / count * 1e6));
      figures.put("compiler_cores", bridgeTime.compilingSince(earlier.bridgeTime) / seconds);
      figures.put("work_cores", bridgeTime.workSince(earlier.bridgeTime) / seconds);
      figures.put("cpu_cores", cpu / seconds);
      figures.put("broker_cpu_us_per_message", brokerCpu / count * 1e6);
      figures.put("generator_cpu_us_per_message", generatorCpu / count * 1e6);
      figures.put("others_cpu_cores", (machineCpu - cpu - brokerCpu - generatorCpu) / seconds);
      figures.put("rss_mb", bridge.rssMegabytes());
    }
  }
}
