package dev.evsebridge.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Requests and their responses, at most one under way for each charger, so that a response belongs
 * to its request.
 *
 * <ul>
 *   <li>Closed loop: a fixed number under way; the next one goes out when a response comes.
 *   <li>Open loop: at a fixed rate. A request counts from the moment at which it should have gone
 *       out, also when it had to wait for a free charger, so that a stall of the bridge is not left
 *       out of its latencies.
 *   <li>Poll: each charger is asked for its data every five seconds, evenly spread.
 * </ul>
 */
final class RequestRun implements Charger.Listener, Rig.Listener {
  private static final byte[] TOPIC = "to_dehneEVSE".getBytes(StandardCharsets.US_ASCII);
  private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int POLL_SECONDS = 5;
  private static final int IDLE_SECONDS = 5;
  private static final int CHECK_WHOLE_EVERY = 1000;

  /** The request that is under way for one charger. */
  private static final class Pending {
    boolean waiting;
    boolean reached;
    long number;
    long since;
    long sent;
    RequestKind kind = RequestKind.PING;
    int value;
    int sequence;
  }

  private final Rig rig;
  private final Scenario scenario;
  private final ObjectMapper mapper = new ObjectMapper();
  private final Histogram latencies = new Histogram(TimeUnit.MINUTES.toNanos(5), 3);
  private final Pending[] pending;
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private final double rate;
  private boolean issuing;
  private boolean measuring;
  private long begin;
  private long scheduled;
  private long issued;
  private long answered;
  private long timedOut;
  private long skipped;

  RequestRun(Rig rig, Scenario scenario) {
    this.rig = rig;
    this.scenario = scenario;
    this.rate = polls() ? (double) scenario.chargers() / POLL_SECONDS : scenario.rate();
    this.pending = new Pending[scenario.chargers()];
    for (int i = 0; i < pending.length; i++) {
      pending[i] = new Pending();
      free.add(i);
    }
  }

  /** What goes on while requests are measured. */
  @FunctionalInterface
  interface Meanwhile {
    void run() throws IOException, InterruptedException;
  }

  /** All chargers are connected; may be done again with them. */
  void run(Map<String, Double> figures) throws IOException, InterruptedException {
    run(figures, () -> Thread.sleep(TimeUnit.SECONDS.toMillis(scenario.seconds())));
  }

  void run(Map<String, Double> figures, Meanwhile meanwhile)
      throws IOException, InterruptedException {
    rig.listen(this);
    rig.fleet().listen(this);
    if (polls()) {
      Thread.sleep(TimeUnit.SECONDS.toMillis(IDLE_SECONDS));
      figures.put("rss_idle_mb", rig.snapshot().bridge().rssMegabytes());
    }
    rig.loop().execute(this::start);
    var sweeper = rig.loop().scheduleAtFixedRate(this::sweep, 1, 1, TimeUnit.SECONDS);
    try (Pacer pacer = new Pacer(rig.loop(), rate, this::issueDue)) {
      if (rate > 0) {
        pacer.start();
      }
      Thread.sleep(TimeUnit.SECONDS.toMillis(scenario.warmupSeconds()));
      rig.loop().execute(() -> measuring = true);
      Rig.Snapshot warm = rig.snapshot();
      meanwhile.run();
      rig.snapshot().reportSince(warm, figures);
    }
    rig.loop().execute(() -> issuing = false);
    while (rig.onLoop(() -> answered + timedOut < issued)) {
      Thread.sleep(20);
    }
    Thread.sleep(200); // for duplicates
    sweeper.cancel(false);
    figures.put("sent", (double) rig.<Long>onLoop(() -> issued));
    figures.put("lost", (double) rig.<Long>onLoop(() -> timedOut));
    figures.put("never_sent", (double) rig.<Long>onLoop(() -> rate > 0 ? scheduled - issued : 0));
    figures.put("skipped", (double) rig.<Long>onLoop(() -> skipped));
    rig.reportFaults(figures);
    Latencies.report(latencies, figures);
  }

  @Override
  public void requested(Charger charger, int frameType, int value) {
    Pending request = pending[charger.index];
    if (!request.waiting
        || request.reached
        || frameType != request.kind.frameType
        || value != request.value) {
      rig.tally().wrong++;
      return;
    }
    request.reached = true;
    request.sequence = charger.sent;
    if (polls()) {
      // Chargers log what happens, and here nothing does.
      charger.sendReading(true, DataFrames.PWM, DataFrames.VEHICLE);
    } else {
      charger.answer(request.kind);
    }
  }

  @Override
  public void arrived(int type, int charger, byte[] data, int offset, int end) {
    if (type == MessageScan.NEW_CONNECTION || charger < 0) {
      return;
    }
    Pending request = pending[charger];
    if (!request.waiting) {
      rig.tally().duplicates++;
      return;
    }
    if (type != MessageScan.ERROR) {
      check(request, type, data, offset, end);
    }
    request.waiting = false;
    answered++;
    rig.tally().messages++;
    if (measuring) {
      latencies.recordValue(System.nanoTime() - request.since);
    }
    issueNextAfter(charger);
  }

  private void check(Pending request, int type, byte[] data, int offset, int end) {
    if (!request.reached || type != request.kind.answerType) {
      rig.tally().wrong++;
    } else if (request.kind == RequestKind.COLLECT) {
      if (MessageScan.sequence(data, offset, end) != request.sequence) {
        rig.tally().wrong++;
      } else if (request.number % CHECK_WHOLE_EVERY < 4
          && !DataFrames.isIntact(mapper, data, offset, end - offset, request.sequence)) {
        rig.tally().malformed++;
      }
    }
  }

  private boolean polls() {
    return scenario.mode() == Scenario.Mode.HOLD;
  }

  private void start() {
    begin = System.nanoTime();
    issuing = true;
    for (int i = 0; i < scenario.inFlight(); i++) {
      issueNext();
    }
  }

  /**
   * What a response makes possible: in the closed loop the next request, in the open one a request
   * that had to wait.
   */
  private void issueNextAfter(int charger) {
    if (!polls()) {
      free.add(charger);
      issueNext();
    }
  }

  private void issueNext() {
    if (rate > 0) {
      issueDue();
    } else if (issuing) {
      issue(free.remove(), System.nanoTime());
    }
  }

  private void issueDue() {
    if (!issuing) {
      return;
    }
    long now = System.nanoTime();
    scheduled = Math.max(scheduled, (long) ((now - begin) * rate / 1e9) + 1);
    while (issued + skipped < scheduled && (polls() || !free.isEmpty())) {
      long number = issued + skipped;
      long intended = begin + (long) (number * 1e9 / rate);
      if (!polls()) {
        issue(free.remove(), intended);
      } else if (pending[(int) (number % pending.length)].waiting) {
        skipped++;
      } else {
        issue((int) (number % pending.length), intended);
      }
    }
  }

  private void issue(int charger, long since) {
    Pending request = pending[charger];
    request.waiting = true;
    request.reached = false;
    request.number = issued;
    request.since = since;
    request.sent = System.nanoTime();
    request.kind = polls() ? RequestKind.COLLECT : RequestKind.inTurn(issued);
    request.value = request.kind.value(issued);
    issued++;
    rig.requester()
        .publish(
            TOPIC,
            request.kind.json(rig.fleet().charger(charger).clientId, request.value),
            scenario.qos());
  }

  /** Gives up on requests that nothing was heard of. */
  private void sweep() {
    long now = System.nanoTime();
    for (int i = 0; i < pending.length; i++) {
      Pending request = pending[i];
      if (request.waiting && now - request.sent > TIMEOUT_NANOS) {
        request.waiting = false;
        timedOut++;
        issueNextAfter(i);
      }
    }
  }
}
