package dev.evsebridge.races;

import dev.evsebridge.testkit.MqttProbe;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** The ledger: what became of each request. Each asks for a reply with its number. */
final class Requests {

  static final String REPLIES = "races/replies";

  private final Map<Integer, Long> askedAtNanos = new ConcurrentHashMap<>();
  private final Map<Integer, AtomicInteger> outcomes = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> kinds = new ConcurrentHashMap<>();
  private final AtomicInteger numbers = new AtomicInteger();

  /** Notes one more request that is sent now, and returns its number. */
  int next() {
    int number = numbers.incrementAndGet();
    askedAtNanos.put(number, System.nanoTime());
    return number;
  }

  void replied(MqttProbe.Message reply) {
    outcomes
        .computeIfAbsent(Integer.valueOf(reply.correlation()), unseen -> new AtomicInteger())
        .incrementAndGet();
    String error = reply.field("error");
    kinds
        .computeIfAbsent(
            error.isEmpty() ? reply.field("message_type") : error, unseen -> new AtomicLong())
        .incrementAndGet();
  }

  /** How many requests had so many outcomes. */
  long with(int number) {
    return askedAtNanos.keySet().stream().filter(each -> count(each) == number).count();
  }

  long withSeveral() {
    return askedAtNanos.keySet().stream().filter(each -> count(each) > 1).count();
  }

  private int count(int number) {
    AtomicInteger count = outcomes.get(number);
    return count == null ? 0 : count.get();
  }

  int total() {
    return askedAtNanos.size();
  }

  /** What the outcomes were, for people. */
  Map<String, AtomicLong> kinds() {
    return new TreeMap<>(kinds);
  }

  /**
   * Why there are requests without an outcome: how many for each reason, and at how many
   * milliseconds from the fault at most.
   *
   * @param explain takes the number of a request and when it was sent
   */
  Map<Loss, String> losses(BiFunction<Integer, Long, Witness.Lost> explain) {
    return askedAtNanos.entrySet().stream()
        .filter(each -> count(each.getKey()) == 0)
        .map(each -> explain.apply(each.getKey(), each.getValue()))
        .collect(
            Collectors.groupingBy(
                Witness.Lost::loss,
                TreeMap::new,
                Collectors.collectingAndThen(
                    Collectors.summarizingLong(Witness.Lost::millis),
                    all -> "%d within %d ms".formatted(all.getCount(), all.getMax()))));
  }
}
