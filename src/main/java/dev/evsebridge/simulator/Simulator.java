package dev.evsebridge.simulator;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * Any number of simulated charging stations that dial in to one bridge, all on one daemon thread.
 *
 * <p>Charger <i>n</i> (from 1) always has the same serial number, the ASCII text {@code SIMULATED}
 * followed by <i>n</i> in seven digits, and the same sequence of cars.
 */
public final class Simulator implements AutoCloseable {
  private final EventLoopGroup eventLoops =
      new NioEventLoopGroup(1, new DefaultThreadFactory("simulator", true));
  private final List<SimulatedCharger> chargers;

  public Simulator(InetSocketAddress bridge, int chargers) {
    this(bridge, chargers, SimulatorTiming.DEFAULT);
  }

  public Simulator(InetSocketAddress bridge, int chargers, SimulatorTiming timing) {
    this(bridge, chargers, timing, () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
  }

  Simulator(
      InetSocketAddress bridge, int chargers, SimulatorTiming timing, LongSupplier clockMillis) {
    this.chargers =
        IntStream.rangeClosed(1, chargers)
            .mapToObj(
                number ->
                    new SimulatedCharger(number, bridge, eventLoops.next(), timing, clockMillis))
            .toList();
  }

  public List<SimulatedCharger> chargers() {
    return chargers;
  }

  public void start() {
    chargers.forEach(SimulatedCharger::start);
  }

  /** Closes all connections; returns when they are closed. */
  @Override
  public void close() {
    eventLoops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5_000);
  }
}
