package dev.evsebridge.chaos;

import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.WireFrame;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A charger without fault: it answers everything, and connects anew when it has to. */
final class ReturningCharger implements AutoCloseable {
  private static final long BACK_OFF_NANOS = Duration.ofMillis(300).toNanos();
  private static final Duration LOOK = Duration.ofMillis(50);

  private final int port;
  private final String serial;
  private final List<WireFrame> commands = new CopyOnWriteArrayList<>();
  private volatile @Nullable RawCharger socket;
  private final AtomicInteger connections = new AtomicInteger();
  private volatile boolean closed;

  ReturningCharger(int port, String serial) {
    this.port = port;
    this.serial = serial;
    Thread thread = new Thread(this::run, "returning-" + serial);
    thread.setDaemon(true);
    thread.start();
  }

  String serial() {
    return serial;
  }

  boolean isConnected() {
    RawCharger current = socket;
    return current != null && current.isOpen();
  }

  /** How often it has connected so far. */
  int connections() {
    return connections.get();
  }

  /** Requests to set something that came since {@link #forgetCommands}, in their order. */
  List<WireFrame> commands() {
    return new ArrayList<>(commands);
  }

  void forgetCommands() {
    commands.clear();
  }

  @Override
  public void close() {
    closed = true;
  }

  private void run() {
    while (!closed) {
      try (RawCharger current = RawCharger.connect(port)) {
        current.answerLikeFirmware().hello(serial, 9);
        socket = current;
        connections.incrementAndGet();
        while (!closed && current.isOpen()) {
          WireFrame frame = current.pollFrame(LOOK);
          if (frame != null && frame.type() >= WireFrame.SET_PWM) {
            commands.add(frame);
          }
        }
      } catch (UncheckedIOException refused) {
        // comes back below
      }
      LockSupport.parkNanos(BACK_OFF_NANOS);
    }
  }
}
