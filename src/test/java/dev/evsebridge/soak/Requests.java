package dev.evsebridge.soak;

import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Mosquitto;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.Serials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests while the broker is there, each with a response topic of its own, and counts what
 * comes back. Before the broker is disturbed, {@link #pause} makes sure that the bridge has all of
 * them: so each must end in one response or error, whatever happens to the broker meanwhile.
 */
public final class Requests implements Runnable {
  public static final String REPLIES = "soak-replies/";
  private static final String BARRIER = "soak-barrier/";
  private static final Duration BARRIER_INTERVAL = Duration.ofMillis(300);

  private final Mosquitto mosquitto;
  private final List<String> serials;
  private final Random random;
  private final ReentrantLock calm = new ReentrantLock(true);
  private final BitSet barriers = new BitSet();
  private final List<Request> requests = new ArrayList<>();
  private @Nullable MqttProbe publisher;
  private int barrierNumber;
  private int disturbances;
  private volatile boolean stopped;

  private static final class Request {
    private final int sentIn;
    private final String text;
    private final long sentAtNanos = System.nanoTime();
    private long endedAtNanos;
    private int outcomes;
    private boolean repeatedInCalm;

    boolean lasted(Duration limit) {
      long end = outcomes > 0 ? endedAtNanos : System.nanoTime();
      return end - sentAtNanos > limit.toNanos();
    }

    Request(int sentIn, String text) {
      this.sentIn = sentIn;
      this.text = text;
    }
  }

  public Requests(Mosquitto mosquitto, List<String> serials, long seed) {
    this.mosquitto = mosquitto;
    this.serials = List.copyOf(serials);
    this.random = new Random(seed);
  }

  /** Takes what came on the subscriber's side. */
  public synchronized void received(String topic) {
    if (topic.startsWith(BARRIER)) {
      barriers.set(Integer.parseInt(topic.substring(BARRIER.length())));
    } else if (topic.startsWith(REPLIES)) {
      Request request = requests.get(Integer.parseInt(topic.substring(REPLIES.length())));
      request.outcomes++;
      if (request.outcomes == 1) {
        request.endedAtNanos = System.nanoTime();
      }
      if (request.outcomes > 1 && request.sentIn == disturbances) {
        request.repeatedInCalm = true;
      }
    }
  }

  @Override
  public void run() {
    while (!stopped) {
      calm.lock();
      try {
        MqttProbe current = publisher;
        if (!stopped && current != null) {
          sendOne(current);
        }
      } finally {
        calm.unlock();
      }
      LockSupport.parkNanos(random.nextInt(5, 60) * 1_000_000L);
    }
  }

  private void sendOne(MqttProbe current) {
    String text = anyRequest();
    int number;
    synchronized (this) {
      number = requests.size();
      requests.add(new Request(disturbances, text));
    }
    current.request(text, REPLIES + number, "");
  }

  private String anyRequest() {
    String serial =
        random.nextInt(10) == 0 ? Serials.next() : serials.get(random.nextInt(serials.size()));
    return switch (random.nextInt(6)) {
      case 0 -> Messages.ping(serial);
      case 1, 2 -> Messages.collect(serial);
      case 3 -> Messages.setPwm(serial, random.nextInt(120));
      case 4 -> Messages.setContactor(serial, random.nextBoolean());
      default -> Messages.plain("request_nonsense", serial);
    };
  }

  /** Sends nothing more and returns when the bridge has dealt with what was sent. */
  public void pause() {
    calm.lock();
    passBarrier();
    if (publisher != null) {
      publisher.close();
      publisher = null;
    }
    synchronized (this) {
      disturbances++;
    }
  }

  /**
   * Goes on as soon as the bridge takes requests again.
   *
   * @return how long that took
   */
  public Duration resume() {
    long since = System.nanoTime();
    publisher = MqttProbe.builder(mosquitto.url()).connect();
    passBarrier();
    calm.unlock();
    return Duration.ofNanos(System.nanoTime() - since);
  }

  /** A request to nobody comes back as an error when all requests before it have been read. */
  private void passBarrier() {
    MqttProbe current = publisher;
    if (current == null) {
      return;
    }
    Patience.until(
        "the bridge takes requests",
        Duration.ofSeconds(60),
        () -> {
          int number = ++barrierNumber;
          current.request(Messages.ping("nobody"), BARRIER + number, "");
          return awaitBarrier(number);
        });
  }

  private boolean awaitBarrier(int number) {
    long end = System.nanoTime() + BARRIER_INTERVAL.toNanos();
    while (System.nanoTime() - end < 0) {
      synchronized (this) {
        if (barriers.get(number)) {
          return true;
        }
      }
      LockSupport.parkNanos(2_000_000);
    }
    return false;
  }

  public void stop() {
    stopped = true;
  }

  public void close() {
    if (publisher != null) {
      publisher.close();
    }
  }

  public synchronized int number() {
    return requests.size();
  }

  synchronized int disturbances() {
    return disturbances;
  }

  /** Requests that nothing came back for. */
  public synchronized List<String> unanswered() {
    return requests.stream()
        .filter(request -> request.outcomes == 0)
        .map(request -> request.text)
        .toList();
  }

  /** Requests that ended more than once although the broker was there all the time. */
  public synchronized List<String> endedTwice() {
    return requests.stream()
        .filter(request -> request.repeatedInCalm)
        .map(request -> request.text)
        .toList();
  }

  /** Requests whose outcome came after more than this time, or has not come for so long. */
  public synchronized List<String> lasting(Duration limit) {
    return requests.stream()
        .filter(request -> request.lasted(limit))
        .map(request -> request.text)
        .toList();
  }
}
