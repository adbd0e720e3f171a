package dev.evsebridge.simulator;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One charging station as its firmware runs it: it keeps a connection to the bridge, does as told,
 * and gives up by itself on a bridge that says nothing.
 *
 * <p>Everything happens on the charger's event loop; only the public methods may be called from
 * elsewhere.
 */
public final class SimulatedCharger {
  static final int FIRMWARE_VERSION = 9;

  private static final Logger LOG = LoggerFactory.getLogger(SimulatedCharger.class);

  /** How long a socket lives on that a reboot has left behind. */
  private static final Duration ABANDONED_SOCKET_LIFE = Duration.ofSeconds(2);

  private final byte[] serialNumber;
  private final EventLoop eventLoop;
  private final Bootstrap bootstrap;
  private final SimulatorTiming timing;
  private final LongSupplier clockMillis;
  private final ChargePoint chargePoint;
  private final ChargerLog log = new ChargerLog();

  private volatile @Nullable ChargerConnection connection;
  private boolean connecting;
  private volatile boolean bricked;
  private long bootMillis;
  private long lastAttemptMillis;
  private long lastRequestMillis;
  private @Nullable Long rebootAtMillis;

  SimulatedCharger(
      int number,
      InetSocketAddress bridge,
      EventLoop eventLoop,
      SimulatorTiming timing,
      LongSupplier clockMillis) {
    this.serialNumber = "SIMULATED%07d".formatted(number).getBytes(StandardCharsets.US_ASCII);
    this.eventLoop = eventLoop;
    this.timing = timing;
    this.clockMillis = clockMillis;
    this.chargePoint = new ChargePoint(timing, new Random(number), clockMillis.getAsLong());
    this.bootstrap =
        new Bootstrap()
            .group(eventLoop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                Math.toIntExact(timing.connectBackoff().toMillis()))
            .remoteAddress(bridge)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new ChargerConnection(
                                SimulatedCharger.this, timing.answerDelay().toMillis()));
                  }
                });
  }

  /** Whether firmware without an image has ended its life. */
  boolean isBricked() {
    return bricked;
  }

  /** The serial number as the bridge writes it: 32 upper-case hex digits. */
  public String serial() {
    return HexFormat.of().withUpperCase().formatHex(serialNumber);
  }

  public boolean isConnected() {
    return connection != null;
  }

  public boolean isContactorClosed() {
    return chargePoint.isContactorClosed();
  }

  public int dutyCyclePercent() {
    return chargePoint.dutyCyclePercent();
  }

  void start() {
    boot(clockMillis.getAsLong());
    eventLoop
        .scheduleAtFixedRate(
            this::tick, 0, timing.sampleInterval().toMillis(), TimeUnit.MILLISECONDS)
        .addListener(
            ticking -> {
              if (!ticking.isCancelled()) {
                LOG.error("Simulated charger {} has failed", serial(), ticking.cause());
              }
            });
  }

  byte[] serialNumber() {
    return serialNumber.clone();
  }

  ChargePoint chargePoint() {
    return chargePoint;
  }

  long uptimeMillis() {
    return clockMillis.getAsLong() - bootMillis;
  }

  void log(String text) {
    LOG.debug("{}: {}", serial(), text);
    log.add(uptimeMillis(), text);
  }

  byte[] drainLog() {
    return log.drain();
  }

  void connected(ChargerConnection newConnection) {
    LOG.info("Simulated charger {} connected", serial());
    connection = newConnection;
    requestCompleted();
    log("Connected to the bridge");
  }

  void disconnected(ChargerConnection closedConnection) {
    if (connection == closedConnection) {
      LOG.info("Simulated charger {} disconnected", serial());
      connection = null;
    }
  }

  /** Restarts the clocks of {@code requestTimeout} and {@code chargingTimeout}. */
  void requestCompleted() {
    lastRequestMillis = clockMillis.getAsLong();
  }

  /** Applied unchecked, as the firmware does. */
  void setDutyCyclePercent(int percent) {
    chargePoint.setDutyCyclePercent(percent);
    log("Duty cycle set to " + percent + " %");
  }

  /** Anything but a change to 0 or 1 is accepted and does nothing. */
  void setContactorState(int state) {
    if (state == 1 && !chargePoint.isContactorClosed()) {
      chargePoint.setContactorClosed(true);
      log("Contactor closed");
    } else if (state == 0 && chargePoint.isContactorClosed()) {
      chargePoint.setContactorClosed(false);
      log("Contactor opened");
    } else {
      log("Contactor left as it is, asked for " + state);
    }
  }

  /**
   * Checks the image and, when its CRC-32 is right, reboots after {@code rebootDelay}. As in the
   * real charger, one to three bytes beyond a multiple of 64 are lost, and an empty image with CRC
   * 0 passes the check and is the charger's end.
   */
  void takeFirmware(ChargerConnection source, long expectedCrc32, ByteBuf image) {
    int receivedBytes = image.readableBytes();
    int lostBytes = receivedBytes % 64 <= 3 ? receivedBytes % 64 : 0;
    CRC32 crc32 = new CRC32();
    crc32.update(image.nioBuffer(image.readerIndex(), receivedBytes - lostBytes));
    if (crc32.getValue() != expectedCrc32) {
      log(
          "Firmware of %d bytes refused: CRC-32 is %d, not %d"
              .formatted(receivedBytes, crc32.getValue(), expectedCrc32));
    } else if (receivedBytes == 0) {
      LOG.warn("Simulated charger {} has been bricked: firmware without an image", serial());
      source.abandon();
      bricked = true;
    } else {
      log("Firmware of %d bytes accepted, about to reboot".formatted(receivedBytes));
      rebootAtMillis = clockMillis.getAsLong() + timing.rebootDelay().toMillis();
    }
  }

  /** The charger did not survive what the bridge sent, and starts anew. */
  void crash(String cause) {
    LOG.warn("Simulated charger {} has crashed: {}", serial(), cause);
    reboot();
  }

  private void tick() {
    long nowMillis = clockMillis.getAsLong();
    if (bricked) {
      return;
    }
    if (rebootAtMillis != null) {
      if (nowMillis >= rebootAtMillis) {
        reboot();
      }
      return;
    }
    boolean pilotChanged = chargePoint.sample(nowMillis);
    if (isSilentFor(timing.chargingTimeout(), nowMillis) && chargePoint.isChargingEnabled()) {
      chargePoint.disableCharging();
      log("Charging disabled, the bridge has been silent for too long");
      return;
    }
    ChargerConnection current = connection;
    if (current == null) {
      connectWhenDue(nowMillis);
    } else if (isSilentFor(timing.requestTimeout(), nowMillis)) {
      log("No request from the bridge, connection given up");
      current.close();
    } else if (pilotChanged) {
      current.notifyBridge();
      log("Bridge notified of a change");
    }
  }

  private boolean isSilentFor(Duration timeout, long nowMillis) {
    return nowMillis - lastRequestMillis > timeout.toMillis();
  }

  private void connectWhenDue(long nowMillis) {
    if (connecting || nowMillis - lastAttemptMillis < timing.connectBackoff().toMillis()) {
      return;
    }
    lastAttemptMillis = nowMillis;
    connecting = true;
    bootstrap
        .connect()
        .addListener(
            attempt -> {
              connecting = false;
              if (!attempt.isSuccess()) {
                log("Could not connect to the bridge");
              }
            });
  }

  /** Starts anew without closing the socket, which the reset of the real charger doesn't do. */
  private void reboot() {
    ChargerConnection old = connection;
    if (old != null) {
      old.abandon();
      eventLoop.schedule(old::close, ABANDONED_SOCKET_LIFE.toMillis(), TimeUnit.MILLISECONDS);
      connection = null;
      LOG.info("Simulated charger {} rebooted, leaving its socket behind", serial());
    }
    rebootAtMillis = null;
    chargePoint.disableCharging();
    drainLog();
    boot(clockMillis.getAsLong());
  }

  /** Ready to connect at once. */
  private void boot(long nowMillis) {
    bootMillis = nowMillis;
    lastRequestMillis = nowMillis;
    lastAttemptMillis = nowMillis - timing.connectBackoff().toMillis();
    log("Firmware version " + FIRMWARE_VERSION + " started");
  }
}
