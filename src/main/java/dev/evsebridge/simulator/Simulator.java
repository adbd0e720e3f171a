package dev.evsebridge.simulator;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Any number of simulated charging stations that dial in to one bridge, all on one daemon thread.
 *
 * <p>Charger <i>n</i> (from 1) always has the same serial number, the ASCII text {@code SIMULATED}
 * followed by <i>n</i> in seven digits, and with the same scenario and seed the same calibration
 * and the same sequence of cars.
 */
public final class Simulator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Simulator.class);

  private static final long USUAL_SEED = 1;

  /** How long a socket that a reset has left behind outlives the charger's return. */
  private static final Duration LEFT_BEHIND_LIFE = Duration.ofSeconds(2);

  private final EventLoopGroup eventLoops =
      new NioEventLoopGroup(1, new DefaultThreadFactory("simulator", true));
  private final InetSocketAddress bridge;
  private final SimulatorTiming timing;
  private final List<SimulatedCharger> chargers;
  private final AtomicBoolean unreachable = new AtomicBoolean();

  public Simulator(InetSocketAddress bridge, int chargers) {
    this(bridge, chargers, SimulatorTiming.DEFAULT, Scenario.MIXED);
  }

  public Simulator(
      InetSocketAddress bridge, int chargers, SimulatorTiming timing, Scenario scenario) {
    this(bridge, chargers, timing, scenario, USUAL_SEED);
  }

  public Simulator(
      InetSocketAddress bridge,
      int chargers,
      SimulatorTiming timing,
      Scenario scenario,
      long seed) {
    this(
        bridge,
        chargers,
        timing,
        scenario,
        seed,
        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
  }

  Simulator(
      InetSocketAddress bridge,
      int chargers,
      SimulatorTiming timing,
      Scenario scenario,
      long seed,
      LongSupplier clockMillis) {
    this.bridge = bridge;
    this.timing = timing;
    this.chargers =
        IntStream.rangeClosed(1, chargers)
            .mapToObj(
                number ->
                    new SimulatedCharger(
                        number, timing, scenario, seed, clockMillis, this::dial, this::closeLater))
            .toList();
  }

  public List<SimulatedCharger> chargers() {
    return chargers;
  }

  public void start() {
    eventLoops.scheduleWithFixedDelay(
        () -> chargers.forEach(SimulatedCharger::tick),
        0,
        timing.loopInterval().toMillis(),
        TimeUnit.MILLISECONDS);
  }

  private void dial(SimulatedCharger charger) {
    new Bootstrap()
        .group(eventLoops)
        .channel(NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(
            ChannelOption.CONNECT_TIMEOUT_MILLIS,
            Math.toIntExact(Math.max(1, timing.connectBackoff().toMillis())))
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel.pipeline().addLast(charger.newConnection());
              }
            })
        .connect(bridge)
        .addListener(
            attempt -> {
              if (attempt.isSuccess()) {
                unreachable.set(false);
              } else {
                sayOnce(attempt.cause());
                charger.dialFailed();
              }
            });
  }

  /** One line for all chargers, until one of them has got through. */
  private void sayOnce(Throwable cause) {
    if (unreachable.compareAndSet(false, true)) {
      LOG.warn(
          "No bridge takes simulated chargers at {}:{} ({}); they try again every {} s",
          bridge.getHostString(),
          bridge.getPort(),
          cause.getMessage(),
          timing.connectBackoff().toSeconds());
    }
  }

  private void closeLater(ChargerConnection connection) {
    eventLoops.schedule(connection::close, LEFT_BEHIND_LIFE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Closes all connections; returns when they are closed. */
  @Override
  public void close() {
    eventLoops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5_000);
  }
}
