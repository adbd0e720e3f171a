package dev.evsebridge.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Chargers under the bridge's own control, which polls them; nobody sends a request. First each has
 * a vehicle that stays and charges. Then each has one that comes, charges, and leaves, once a
 * minute, the chargers one after the other:
 *
 * <pre>
 * from  0 s  no vehicle (pilot at 12 V)
 * from 20 s  a vehicle (9 V); 1 s after current is offered it asks for power (6 V)
 * from 50 s  it no longer asks (9 V)
 * from 55 s  no vehicle
 * </pre>
 *
 * <p>Some answers to a collect must be followed by a command at once: the first that shows the
 * vehicle, by a duty cycle, and, with every other charger, the first that shows that it no longer
 * asks, by the order to open. The time between is what the bridge takes, network included. The
 * other half of the chargers notify that power is no longer asked for, and the order to open must
 * follow that. The order to close must follow the second answer that shows that power is asked for,
 * 100 ms later: so long the bridge waits for a change of mind. Of this time only what is beyond is
 * counted.
 */
final class ControlRun implements Charger.Listener, Rig.Listener {
  /** What the bridge must be set to. */
  static final List<String> SETTINGS =
      List.of(
          "control.mode=on",
          "control.max_amps=16",
          "control.initial_enabled=true",
          "control.starts_per_hour=0");

  /** So long it takes until all have a vehicle that stays. */
  private static final int ARRIVAL_SECONDS = 10;

  private static final int CYCLE_SECONDS = 60;
  private static final int COMES_AT = 20;
  private static final int STOPS_AT = 50;
  private static final int LEAVES_AT = 55;
  private static final long ASKS_AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LOOK_EVERY_MILLIS = 100;
  private static final long OVERDUE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final int DRAIN_SECONDS = 10;

  private static final int PING = 1;
  private static final int COLLECT = 3;
  private static final int PWM = 4;
  private static final int CONTACTOR = 5;

  /** Commands that must come. */
  private static final int OPEN = 50;

  private static final int CLOSE = 51;

  private static final long CHANGE_OF_MIND_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final int NO_VEHICLE = 0;
  private static final int VEHICLE = 1;
  private static final int ASKS = 2;
  private static final int NOTHING_OFFERED = 100;

  /** One charger and its vehicle. */
  private static final class Place {
    int pilot = NO_VEHICLE;
    int pwm = NOTHING_OFFERED;
    boolean closed;
    long offeredAt;

    /** Answers since the pilot has changed. */
    int answers;

    /** Of the command that must come next; 0 = none. */
    int expected;

    long expectedSince;
    long notifiedAt;
  }

  private final Rig rig;
  private final Place[] places;
  private final Histogram commands = new Histogram(TimeUnit.MINUTES.toNanos(5), 3);
  private final Histogram closings = new Histogram(TimeUnit.MINUTES.toNanos(5), 3);
  private final Histogram openings = new Histogram(TimeUnit.MINUTES.toNanos(5), 3);
  private long begin;
  private boolean staying = true;
  private boolean measuring;
  private boolean ending;
  private long missing;
  private long answered;

  ControlRun(Rig rig) {
    this.rig = rig;
    this.places = new Place[rig.fleet().size()];
    for (int i = 0; i < places.length; i++) {
      places[i] = new Place();
    }
  }

  /**
   * Returns how many bytes of the heap are in use at the end.
   *
   * @param threads takes what each thread of the bridge needs for a reading
   */
  static double measure(
      Target target, Scenario scenario, Path folder, List<String> brokerOptions, Threads threads)
      throws IOException, InterruptedException {
    try (Rig rig = new Rig(target, scenario, folder, brokerOptions)) {
      ControlRun run = new ControlRun(rig);
      run.connect();
      Map<String, Double> charging = run.measure(true, scenario);
      printLoad("all charging", scenario, charging);
      threads.add("all charging", charging);
      Map<String, Double> changing = run.measure(false, scenario);
      run.drain(changing);
      printLoad("a vehicle a minute each", scenario, changing);
      threads.add("a vehicle a minute", changing);
      run.printReactions(changing);
      return Heap.liveBytes(rig.bridge().process().id());
    }
  }

  private static void printLoad(String what, Scenario scenario, Map<String, Double> figures) {
    System.out.printf(
        Locale.ROOT,
        "%d chargers under control, %s, QoS %d: %.0f readings/s, %.1f %% of a core, compilers %.1f"
            + " %%; others took %.1f cores%n",
        scenario.chargers(),
        what,
        scenario.qos(),
        figures.get("per_second"),
        100 * figures.getOrDefault("work_cores", 0.0),
        100 * figures.getOrDefault("compiler_cores", 0.0),
        figures.get("others_cpu_cores"));
  }

  private void printReactions(Map<String, Double> figures) {
    System.out.printf(
        Locale.ROOT,
        "sent %.0f, lost %.0f, connections lost %.0f, commands missing %d%n",
        figures.get("sent"),
        figures.get("lost"),
        figures.get("connections_lost"),
        rig.<Long>onLoop(() -> missing));
    print("answer to command", commands);
    print("notification to opening", openings);
    print("order to close, beyond 100 ms", closings);
  }

  private static void print(String what, Histogram times) {
    System.out.printf(
        Locale.ROOT,
        "%s: p50 %.2f ms, p99 %.2f ms, longest %.1f ms, of %d%n",
        what,
        times.getValueAtPercentile(50) / 1e6,
        times.getValueAtPercentile(99) / 1e6,
        times.getMaxValue() / 1e6,
        times.getTotalCount());
  }

  /** The same for chargers that are polled over MQTT. */
  static double measureWithout(
      Target target, Scenario scenario, Path folder, List<String> brokerOptions, Threads threads)
      throws IOException, InterruptedException {
    Map<String, Double> figures = new LinkedHashMap<>();
    try (Rig rig = new Rig(target, scenario, folder, brokerOptions)) {
      rig.connect(figures);
      new RequestRun(rig, scenario).run(figures);
      threads.add("polled over MQTT", figures);
      System.out.printf(
          Locale.ROOT,
          "%d chargers polled over MQTT, QoS %d: %.0f readings/s, %.1f %% of a core, lost %.0f%n",
          scenario.chargers(),
          scenario.qos(),
          figures.get("per_second"),
          100 * figures.getOrDefault("work_cores", 0.0),
          figures.get("lost"));
      return Heap.liveBytes(rig.bridge().process().id());
    }
  }

  private void connect() {
    rig.listen(this);
    rig.fleet().listen(this);
    begin = System.nanoTime();
    rig.connect(new LinkedHashMap<>());
    var unused =
        rig.loop()
            .scheduleAtFixedRate(
                this::moveAll, LOOK_EVERY_MILLIS, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
  }

  private Map<String, Double> measure(boolean vehiclesStay, Scenario scenario)
      throws InterruptedException {
    rig.loop()
        .execute(
            () -> {
              begin = System.nanoTime();
              staying = vehiclesStay;
            });
    Thread.sleep(TimeUnit.SECONDS.toMillis(scenario.warmupSeconds()));
    rig.loop().execute(() -> measuring = !staying);
    Rig.Snapshot warm = rig.snapshot();
    Thread.sleep(TimeUnit.SECONDS.toMillis(scenario.seconds()));
    Map<String, Double> figures = new LinkedHashMap<>();
    rig.snapshot().reportSince(warm, figures);
    rig.loop().execute(() -> measuring = false);
    return figures;
  }

  /** From now on collects stay without an answer, so that what was sent can arrive. */
  private void drain(Map<String, Double> figures) throws InterruptedException {
    rig.loop().execute(() -> ending = true);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
    while (rig.onLoop(this::underWay) > 0 && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    figures.put("sent", (double) rig.<Long>onLoop(() -> answered));
    figures.put("lost", (double) rig.<Long>onLoop(this::underWay));
    rig.reportFaults(figures);
  }

  private long underWay() {
    long count = 0;
    for (int i = 0; i < places.length; i++) {
      Charger charger = rig.fleet().charger(i);
      count += charger.sent - charger.arrivedCount();
    }
    return count;
  }

  @Override
  public void requested(Charger charger, int frameType, int value) {
    Place place = places[charger.index];
    long now = System.nanoTime();
    switch (frameType) {
      case COLLECT -> {
        if (!ending) {
          answer(charger, place, now);
        }
      }
      case PING -> charger.answer(RequestKind.PING);
      case PWM -> {
        if (place.pwm == NOTHING_OFFERED) {
          place.offeredAt = now;
        }
        place.pwm = value;
        came(place, PWM, now);
        charger.answer(RequestKind.PWM);
      }
      case CONTACTOR -> {
        place.closed = value == 1;
        came(place, place.closed ? CLOSE : OPEN, now);
        if (!place.closed && place.notifiedAt != 0) {
          if (measuring) {
            openings.recordValue(now - place.notifiedAt);
          }
          place.notifiedAt = 0;
        }
        charger.answer(RequestKind.CONTACTOR);
      }
      default -> rig.tally().wrong++;
    }
  }

  private void answer(Charger charger, Place place, long now) {
    answered++;
    place.answers++;
    if (place.expected == 0 && place.closed) {
      if (place.pilot == VEHICLE && place.answers == 1 && place.notifiedAt == 0) {
        expect(place, OPEN, now);
      }
    } else if (place.expected == 0) {
      if (place.pilot == VEHICLE && place.answers == 1 && place.pwm == NOTHING_OFFERED) {
        expect(place, PWM, now);
      } else if (place.pilot == ASKS && place.answers == 2) {
        expect(place, CLOSE, now);
      }
    }
    charger.sendReading(place.closed, place.pwm, place.pilot);
  }

  private static void expect(Place place, int command, long now) {
    place.expected = command;
    place.expectedSince = now;
  }

  private void came(Place place, int command, long now) {
    if (place.expected == command) {
      place.expected = 0;
      long nanos = now - place.expectedSince;
      if (measuring && command == CLOSE) {
        closings.recordValue(Math.max(0, nanos - CHANGE_OF_MIND_NANOS));
      } else if (measuring) {
        commands.recordValue(nanos);
      }
    }
  }

  @Override
  public void arrived(int type, int index, byte[] data, int offset, int end) {
    if (type == RequestKind.COLLECT.answerType) {
      rig.fleet().charger(index).arrive(MessageScan.sequence(data, offset, end), rig.tally());
      rig.tally().messages++;
    }
  }

  private void moveAll() {
    long now = System.nanoTime();
    for (int i = 0; i < places.length && !ending; i++) {
      move(rig.fleet().charger(i), places[i], now);
    }
  }

  private void move(Charger charger, Place place, long now) {
    double part = (double) charger.index / places.length;
    long second = TimeUnit.NANOSECONDS.toSeconds(now - begin);
    boolean there;
    boolean mayAsk;
    if (staying) {
      there = place.pilot != NO_VEHICLE || second >= part * ARRIVAL_SECONDS;
      mayAsk = true;
    } else {
      second = (long) (second + part * CYCLE_SECONDS) % CYCLE_SECONDS;
      there = second >= COMES_AT && second < LEAVES_AT;
      mayAsk = second < STOPS_AT;
    }
    boolean wants =
        mayAsk
            && place.pwm < NOTHING_OFFERED
            && (place.pilot == ASKS || now - place.offeredAt > ASKS_AFTER_NANOS);
    int pilot = there ? (wants ? ASKS : VEHICLE) : NO_VEHICLE;
    if (place.expected != 0 && now - place.expectedSince > OVERDUE_NANOS) {
      place.expected = 0;
      missing++;
    }
    if (pilot != place.pilot) {
      boolean stops = place.pilot == ASKS && place.closed;
      place.pilot = pilot;
      place.answers = 0;
      place.expected = 0;
      if (stops && charger.index % 2 == 1) {
        return;
      }
      if (stops) {
        place.notifiedAt = now;
      }
      charger.sendNotification();
    }
  }
}
