package dev.evsebridge.races;

import dev.evsebridge.testkit.MqttProbe;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The ledger: what became of each request. Each asks for a reply with its number. */
final class Requests {

  static final String REPLIES = "races/replies";

  private final Set<Integer> asked = ConcurrentHashMap.newKeySet();
  private final Map<Integer, AtomicInteger> outcomes = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> kinds = new ConcurrentHashMap<>();
  private final AtomicInteger numbers = new AtomicInteger();

  /** Notes one more request, and returns its number. */
  int next() {
    int number = numbers.incrementAndGet();
    asked.add(number);
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
    return asked.stream().filter(each -> count(each) == number).count();
  }

  long withSeveral() {
    return asked.stream().filter(each -> count(each) > 1).count();
  }

  private int count(int number) {
    AtomicInteger count = outcomes.get(number);
    return count == null ? 0 : count.get();
  }

  int total() {
    return asked.size();
  }

  /** What the outcomes were, for people. */
  Map<String, AtomicLong> kinds() {
    return new TreeMap<>(kinds);
  }
}
