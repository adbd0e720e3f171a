package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** Each read of the socket takes the time that the test says. */
class ArrivalStreamTest {
  private static final long START = 1_000_000_000_000L;
  private static final Duration MOMENT = Duration.ofMillis(10);
  private static final Duration TICK = Duration.ofMillis(250);
  private static final Duration GAP = Duration.ofSeconds(8);

  private final Queue<Step> steps = new ArrayDeque<>();
  private long nanos = START;
  private long wallMillis;

  /** One read of the socket: bytes after a while, or none in that time. */
  private record Step(Duration monotonic, Duration wall, int bytes) {}

  private final InputStream socket =
      new InputStream() {
        @Override
        public int read() {
          throw new UnsupportedOperationException();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
          Step step = steps.remove();
          nanos += step.monotonic().toNanos();
          wallMillis += step.wall().toMillis();
          if (step.bytes() == 0) {
            throw new SocketTimeoutException();
          }
          return step.bytes();
        }

        @Override
        public int available() {
          return steps.isEmpty() ? 0 : steps.peek().bytes();
        }
      };

  private final ArrivalStream stream = new ArrivalStream(socket, () -> nanos, () -> wallMillis);

  @Test
  void whatComesInTimeHasJustArrived() throws IOException {
    step(TICK, 0);
    step(TICK, 0);
    step(MOMENT, 100);

    assertEquals(Duration.ZERO, ageOfNext());
  }

  @Test
  void whatComesAfterAGapMayHaveArrivedAtItsBeginning() throws IOException {
    step(TICK, 0);
    step(GAP, 100);

    assertEquals(GAP, ageOfNext());
  }

  @Test
  void aGapOfTheWallClockAloneCountsToo() throws IOException {
    steps.add(new Step(MOMENT, GAP, 100));

    assertEquals(GAP, ageOfNext());
  }

  @Test
  void whatDidNotFitIntoTheFirstReadAfterAGapIsAsOld() throws IOException {
    step(GAP, 64 * 1024);
    step(MOMENT, 100);
    step(MOMENT, 100);

    assertEquals(GAP, ageOfNext());
    stream.skipNBytes(64 * 1024 - 1);
    assertEquals(GAP.plus(MOMENT), ageOfNext());
    stream.skipNBytes(99);
    assertEquals(Duration.ZERO, ageOfNext());
  }

  @Test
  void whatWasNotReadForLongMayHaveWaitedAllThatTime() throws IOException {
    step(MOMENT, 100);
    step(MOMENT, 100);
    assertEquals(Duration.ZERO, ageOfNext());
    stream.skipNBytes(99);

    nanos += GAP.toNanos();

    assertEquals(GAP.plus(MOMENT), ageOfNext());
  }

  @Test
  void aBusySystemIsNoGap() throws IOException {
    step(Duration.ofMillis(450), 100);

    assertEquals(Duration.ZERO, ageOfNext());
  }

  private void step(Duration duration, int bytes) {
    steps.add(new Step(duration, duration, bytes));
  }

  private Duration ageOfNext() throws IOException {
    assertEquals(0, stream.read());
    return Duration.ofNanos(nanos - stream.arrivedAtNanos());
  }
}
