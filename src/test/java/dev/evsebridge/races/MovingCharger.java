package dev.evsebridge.races;

import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.WireFrame;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A charger that is told to move from bridge to bridge, leaving its old connection for dead, and
 * that connects again where it can when it is thrown out. It sees whether commands come in the
 * order in which they were given: each sets the next higher duty cycle, from 100 on from 0 again.
 */
final class MovingCharger implements AutoCloseable {

  private static final Duration LOOK = Duration.ofMillis(100);
  private static final int VALUES = 101;

  private final String serial;
  private final List<BridgeProcess> bridges;
  private final Random random;
  private final Sightings sightings;
  private final Thread thread;
  private volatile boolean closing;
  private volatile @Nullable BridgeProcess wanted;
  private @Nullable RawCharger current;
  private int last;
  private int given;

  /** Whether a bridge has ever closed it. */
  private boolean closed;

  /** When it had connected again, after its bridge had closed it; 0 once a command has come. */
  private long backAtNanos;

  MovingCharger(String serial, List<BridgeProcess> bridges, Random random, Sightings sightings) {
    this.serial = serial;
    this.bridges = bridges;
    this.random = random;
    this.sightings = sightings;
    this.thread = new Thread(this::live, "moving-" + serial);
    thread.setDaemon(true);
    thread.start();
  }

  String serial() {
    return serial;
  }

  /** The next duty cycle to set. */
  int nextCommand() {
    given = (given + 1) % VALUES;
    return given;
  }

  /** Connects to another bridge soon, without a word to the one before. */
  void moveTo(BridgeProcess bridge) {
    wanted = bridge;
  }

  private void live() {
    while (!closing) {
      BridgeProcess next = wanted;
      RawCharger connection = current;
      if (next != null) {
        wanted = null;
        backAtNanos = 0;
        connect(next);
      } else if (connection == null || !connection.isOpen()) {
        closed |= connection != null;
        connect(bridges.get(random.nextInt(bridges.size())));
        backAtNanos = closed ? System.nanoTime() : 0;
      } else {
        WireFrame frame = connection.pollFrame(LOOK);
        if (frame != null && frame.type() == WireFrame.SET_PWM) {
          sightings.backAfter(backAtNanos);
          backAtNanos = 0;
          check(Integer.parseInt(frame.payloadHex(), 16));
        }
      }
    }
  }

  private void connect(BridgeProcess bridge) {
    try {
      current = RawCharger.connect(bridge.port()).answerLikeFirmware().hello(serial, 9);
    } catch (UncheckedIOException e) {
      current = null;
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Some may have been lost with a connection; none may come after a later one. */
  private void check(int value) {
    int ahead = Math.floorMod(value - last, VALUES);
    if (ahead == 0 || ahead > VALUES / 2) {
      sightings.outOfOrder();
    }
    last = value;
  }

  @Override
  public void close() {
    closing = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    RawCharger connection = current;
    if (connection != null) {
      connection.close();
    }
  }
}
