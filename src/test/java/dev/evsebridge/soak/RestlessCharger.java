package dev.evsebridge.soak;

import dev.evsebridge.testkit.Ledger;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.WireFrame;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A charger that connects, sends numbered readings, answers more or less well, and ends its
 * connections in every way there is.
 */
final class RestlessCharger implements Runnable {
  /** How a connection ends. */
  private enum End {
    GOODBYE,
    RESET,
    RESET_IN_MID_FRAME,
    GARBAGE,
    HUGE_LENGTH,
    SILENCE,
    HALF_HELLO,
    NO_HELLO
  }

  /**
   * What was sent on one connection.
   *
   * @param clientId who
   * @param connection which of its connections, from 1
   * @param last the number of the last reading
   * @param clean whether it ended with a goodbye: then all of it must have arrived; otherwise the
   *     end may be missing, because the network may destroy what was on its way
   */
  record Life(String clientId, int connection, int last, boolean clean) {
    String account() {
      return Ledger.account(clientId, connection);
    }
  }

  private static final Duration HARDLY_ANY = Duration.ofMillis(1);

  private final int port;
  private final String serial;
  private final Random random;
  private final long endNanos;
  private final AtomicLong sent;
  private final List<Life> lives = new ArrayList<>();
  private int connection;

  RestlessCharger(int port, String serial, long seed, Duration time, AtomicLong sent) {
    this.port = port;
    this.serial = serial;
    this.random = new Random(seed);
    this.endNanos = System.nanoTime() + time.toNanos();
    this.sent = sent;
  }

  /** To be read when it has ended. */
  List<Life> lives() {
    return List.copyOf(lives);
  }

  @Override
  public void run() {
    while (hasTime()) {
      RawCharger socket;
      try {
        socket = RawCharger.connect(port);
      } catch (UncheckedIOException notListening) {
        LockSupport.parkNanos(200_000_000);
        continue;
      }
      live(socket);
    }
  }

  private boolean hasTime() {
    return System.nanoTime() - endNanos < 0;
  }

  private void live(RawCharger socket) {
    connection++;
    int number = 0;
    boolean clean = false;
    End end = chooseEnd();
    try {
      if (end == End.NO_HELLO || end == End.HALF_HELLO) {
        if (end == End.HALF_HELLO) {
          socket.send(Arrays.copyOf(RawCharger.helloBytes(serial, 9), 9));
        }
        LockSupport.parkNanos(random.nextInt(500) * 1_000_000L);
        socket.reset();
        return;
      }
      socket.hello(serial, 9);
      long lifeEnd = System.nanoTime() + random.nextInt(500, 12_000) * 1_000_000L;
      int answering = random.nextInt(10);
      while (hasTime() && System.nanoTime() - lifeEnd < 0 && socket.isOpen()) {
        int burst = random.nextInt(40) == 0 ? 30 : 1;
        for (int i = 0; i < burst; i++) {
          number = sendReading(socket, number);
        }
        WireFrame request = socket.pollFrame(Duration.ofMillis(random.nextInt(20, 150)));
        while (request != null) {
          number = answer(socket, request, answering, number);
          request = socket.pollFrame(HARDLY_ANY);
        }
      }
      clean = hasTime() ? end(socket, end) : end(socket, End.GOODBYE);
    } catch (UncheckedIOException closedByTheBridge) {
      clean = false;
    } catch (AssertionError notClosed) {
      lives.add(new Life(serial, connection, number, true));
      throw notClosed;
    }
    lives.add(new Life(serial, connection, number, clean));
  }

  private End chooseEnd() {
    return random.nextBoolean() ? End.GOODBYE : End.values()[random.nextInt(End.values().length)];
  }

  private int sendReading(RawCharger socket, int number) {
    socket.send(Ledger.reading(connection, number + 1));
    sent.incrementAndGet();
    return number + 1;
  }

  /** Most answer at once, some late, some twice, some never. */
  private int answer(RawCharger socket, WireFrame request, int answering, int number) {
    if (answering == 0) {
      return number;
    }
    if (answering == 1) {
      LockSupport.parkNanos(random.nextInt(1500) * 1_000_000L);
    }
    if (request.type() == WireFrame.COLLECT) {
      return sendReading(socket, number);
    }
    int type =
        switch (request.type()) {
          case WireFrame.PING -> WireFrame.ANSWER_TO_PING;
          case WireFrame.SET_PWM -> WireFrame.ANSWER_TO_PWM;
          default -> WireFrame.ANSWER_TO_CONTACTOR;
        };
    socket.send(WireFrame.of(type));
    if (answering == 2) {
      socket.send(WireFrame.of(type));
    }
    return number;
  }

  /** Returns whether the bridge must have seen all that was sent. */
  private boolean end(RawCharger socket, End end) {
    switch (end) {
      case GOODBYE -> {
        boolean wasOpen = socket.isOpen();
        socket.finish();
        return wasOpen;
      }
      case RESET_IN_MID_FRAME -> socket.sendHead(WireFrame.READING, 44, (byte) 1).reset();
      case GARBAGE -> {
        byte[] garbage = new byte[200];
        random.nextBytes(garbage);
        garbage[0] = 77;
        socket.send(garbage).awaitClosed().close();
        return true;
      }
      case HUGE_LENGTH -> {
        socket.sendHead(WireFrame.READING, 0xFFFF_FFFFL).awaitClosed().close();
        return true;
      }
      case SILENCE -> {
        // as after a power cut: the socket stays open, and a new connection takes its place
        return false;
      }
      default -> socket.reset();
    }
    return false;
  }
}
