package dev.evsebridge.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.simulator.CarModel;
import dev.evsebridge.simulator.Event;
import dev.evsebridge.simulator.Event.Kind;
import dev.evsebridge.simulator.SimulatedCharger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * One charger under control as its owner sees it: set-points in, states out, and what the charger
 * itself has seen and done, with its times.
 *
 * <p>Times are in milliseconds of the simulator's clock. Orders of events are exact; how long
 * something took is not, on a machine with much to do.
 */
public final class Wallbox {
  /** On top of what something may take: this machine runs many of them. */
  public static final long SLACK_MILLIS = 3_000;

  private static final Duration LIMIT = Duration.ofSeconds(90);

  private final Wallboxes wallboxes;
  private final int index;
  private final List<JsonNode> states = new CopyOnWriteArrayList<>();

  Wallbox(Wallboxes wallboxes, int index) {
    this.wallboxes = wallboxes;
    this.index = index;
  }

  int index() {
    return index;
  }

  public SimulatedCharger charger() {
    return wallboxes.charger(index);
  }

  /** Serial number and client id. */
  public String id() {
    return charger().serial();
  }

  // What its owner says

  /** Sends a set-point, or whatever else there is below the charger's topic. */
  public void send(String subtopic, String payload) {
    wallboxes
        .probe()
        .publish(
            MqttProbe.REQUEST_TOPIC + "/" + id() + "/" + subtopic,
            payload.getBytes(StandardCharsets.UTF_8));
  }

  public void enable() {
    send("set/enabled", "true");
  }

  public void disable() {
    send("set/enabled", "false");
  }

  public void limit(double amps) {
    send("set/limit_amps", Double.toString(amps));
  }

  /** Charging is switched on and a car is plugged in and offered current, but does not ask. */
  public void offer(CarModel car, double amps) {
    send("set", String.format(Locale.ROOT, "{\"enabled\":true,\"limit_amps\":%.1f}", amps));
    charger().plugIn(car);
    until("current is offered", () -> charger().dutyCyclePercent() < 100);
  }

  /** A car is plugged in and is being charged. */
  public void charge(CarModel car, double amps) {
    offer(car, amps);
    charger().ask();
    awaitClosed();
    awaitState("it is charging", state -> state.path("charging").asBoolean());
  }

  // What its owner sees

  void hear(MqttProbe.Message message) {
    states.add(message.json());
  }

  String stateTopic() {
    return MqttProbe.MESSAGE_TOPIC + "/" + id() + "/state";
  }

  /** The newest state. */
  public JsonNode state() {
    return states.get(states.size() - 1);
  }

  /** All states so far. */
  public List<JsonNode> states() {
    return List.copyOf(states);
  }

  /** Those of these reasons that were told at any time. */
  public List<String> reasonsSuchAs(String... codes) {
    List<String> wanted = List.of(codes);
    return reasonsFrom(0).stream().filter(wanted::contains).distinct().toList();
  }

  /** The reasons that were told from that state on, each once when it came up. */
  public List<String> reasonsFrom(int number) {
    List<String> reasons = new ArrayList<>();
    for (JsonNode state : List.copyOf(states).subList(number, states.size())) {
      String why = state.path("why").asText();
      if (reasons.isEmpty() || !reasons.get(reasons.size() - 1).equals(why)) {
        reasons.add(why);
      }
    }
    return reasons;
  }

  public void awaitConnected() {
    until("it is connected", () -> charger().isConnected());
  }

  public void awaitWhy(String code) {
    awaitState("why is " + code, state -> state.path("why").asText().equals(code));
  }

  public void awaitState(String what, Predicate<JsonNode> wanted) {
    until(what, () -> !states.isEmpty() && wanted.test(state()));
  }

  public void awaitClosed() {
    until("the contactor is closed", () -> charger().isContactorClosed());
  }

  public void awaitOpen() {
    until("the contactor is open", () -> !charger().isContactorClosed());
  }

  public void awaitDutyCycle(int percent) {
    until("the duty cycle is " + percent, () -> charger().dutyCyclePercent() == percent);
  }

  /** Returns when so many readings were requested from now on and the next has begun. */
  public void awaitReadings(int number) {
    long start = now();
    until(number + " readings", () -> count(Kind.REQUEST, WireFrame.COLLECT, start) > number);
  }

  public void until(String what, Callable<Boolean> condition) {
    try {
      Patience.until(what, LIMIT, condition);
    } catch (RuntimeException e) {
      throw new AssertionError(
          "charger %d: %s: not within %s; last state %s; events %s"
              .formatted(
                  index + 1,
                  what,
                  LIMIT,
                  states.isEmpty() ? "none" : state(),
                  tail(charger().events())),
          e);
    }
  }

  private static List<Event> tail(List<Event> events) {
    return events.subList(Math.max(0, events.size() - 40), events.size());
  }

  // What happened at the charger

  /** The simulator's clock. */
  public static long now() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }

  public List<Event> eventsSince(long millis) {
    return charger().events().stream().filter(event -> event.atMillis() >= millis).toList();
  }

  public long count(Kind kind, int value, long sinceMillis) {
    return eventsSince(sinceMillis).stream()
        .filter(event -> event.kind() == kind && event.value() == value)
        .count();
  }

  /** When it happened for the first time since then. */
  public long first(Kind kind, int value, long sinceMillis) {
    return eventsSince(sinceMillis).stream()
        .filter(event -> event.kind() == kind && event.value() == value)
        .mapToLong(Event::atMillis)
        .findFirst()
        .orElseThrow(
            () ->
                new AssertionError(
                    "charger %d: no %s %d since %d in %s"
                        .formatted(index + 1, kind, value, sinceMillis, charger().events())));
  }

  /** The duty cycles that were set since then. */
  public List<Integer> dutyCyclesSince(long millis) {
    return eventsSince(millis).stream()
        .filter(event -> event.kind() == Kind.DUTY_CYCLE)
        .map(Event::value)
        .toList();
  }

  /** The commands that came since then: requests for a duty cycle or a contactor state. */
  public List<Event> commandsSince(long millis) {
    return eventsSince(millis).stream()
        .filter(event -> event.kind() == Kind.REQUEST)
        .filter(
            event -> event.value() == WireFrame.SET_PWM || event.value() == WireFrame.SET_CONTACTOR)
        .toList();
  }

  /** The contactor opened, and nothing was offered any more at that moment. */
  public boolean openedGracefullySince(long millis) {
    List<Event> events = eventsSince(millis);
    boolean offerEnded = false;
    for (Event event : events) {
      if (event.kind() == Kind.DUTY_CYCLE) {
        offerEnded = event.value() == 100;
      } else if (event.kind() == Kind.CONTACTOR && event.value() == 0) {
        return offerEnded;
      }
    }
    return false;
  }
}
