package dev.evsebridge.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps account of numbered readings: a charger numbers its readings from 1 in their uptime, and
 * where it matters its connections in their first voltage. Readings may come more than once; the
 * first of each must come in order, and none may be missing.
 */
public final class Ledger {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A mains voltage is higher. */
  private static final int MOST_CONNECTIONS = 100_000;

  private final Map<String, Account> accounts = new HashMap<>();
  private long duplicates;

  private static final class Account {
    private final BitSet arrived = new BitSet();
    private final List<String> outOfOrder = new ArrayList<>();
    private int highest;
  }

  /** The frame of a charger's reading with this number. */
  public static WireFrame reading(int number) {
    return ChargerReading.typical().uptime(number).frame();
  }

  /** As {@link #reading(int)}, on one of several connections; see {@link #account}. */
  public static WireFrame reading(int connection, int number) {
    return ChargerReading.typical().millivolts(connection, 0, 0).uptime(number).frame();
  }

  /** Where the readings of this connection are entered, to be given in place of a client id. */
  public static String account(String clientId, int connection) {
    return clientId + " #" + connection;
  }

  /** Takes note of a message, if it is a reading. */
  public synchronized void received(String topic, byte[] payload) {
    if (!topic.equals(MqttProbe.MESSAGE_TOPIC)) {
      return;
    }
    JsonNode json = parse(payload);
    if (json.path("message_type").asText().equals("response_collect_data")) {
      String clientId = json.path("client_id").asText();
      int number = json.path("measurements").path("uptime_milliseconds").asInt();
      int connection = json.path("measurements").path("phase1_millivolts").asInt();
      String name = connection > MOST_CONNECTIONS ? clientId : account(clientId, connection);
      enter(accounts.computeIfAbsent(name, id -> new Account()), number);
    }
  }

  private void enter(Account account, int number) {
    if (account.arrived.get(number)) {
      duplicates++;
      return;
    }
    if (number < account.highest) {
      account.outOfOrder.add(number + " after " + account.highest);
    }
    account.arrived.set(number);
    account.highest = Math.max(account.highest, number);
  }

  private static JsonNode parse(byte[] payload) {
    try {
      return MAPPER.readTree(new String(payload, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** The highest number that has come from this charger, 0 if none has. */
  public synchronized int highest(String clientId) {
    Account account = accounts.get(clientId);
    return account == null ? 0 : account.highest;
  }

  public void awaitNumber(String clientId, int number) {
    Patience.until(
        "reading " + number + " of " + clientId,
        Patience.LIMIT.multipliedBy(2),
        () -> highest(clientId) >= number);
  }

  /** The numbers up to {@code last} that have not come. */
  public synchronized List<Integer> missing(String clientId, int last) {
    Account account = accounts.getOrDefault(clientId, new Account());
    List<Integer> missing = new ArrayList<>();
    for (int number = account.arrived.nextClearBit(1);
        number <= last;
        number = account.arrived.nextClearBit(number + 1)) {
      missing.add(number);
    }
    return missing;
  }

  /** Where the order was broken, as text. */
  public synchronized List<String> outOfOrder(String clientId) {
    Account account = accounts.get(clientId);
    return account == null ? List.of() : List.copyOf(account.outOfOrder);
  }

  /** How many readings came again. */
  public synchronized long duplicates() {
    return duplicates;
  }

  /** How many different readings have come. */
  public synchronized long arrived() {
    return accounts.values().stream().mapToLong(account -> account.arrived.cardinality()).sum();
  }
}
