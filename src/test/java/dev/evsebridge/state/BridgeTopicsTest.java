package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.Unwatched;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BridgeTopicsTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final SessionLimits LIMITS = new SessionLimits(LONG, LONG, LONG, LONG, 1, 10, 100);
  private static final BridgeInfo INFO =
      new BridgeInfo(
          "1", "t", "id", new BridgeInfo.Topics("p", "s"), "17", "4", List.of(), Map.of());
  private static final BridgeHealth HEALTH = new BridgeHealth("t", "t", 0, 0, 0, 0, 0, 0, null);

  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
  private final BlockingQueue<List<ListedCharger>> lists = new LinkedBlockingQueue<>();
  private final SessionRegistry registry = Unwatched.registry(LIMITS);
  private final BridgeTopics topics =
      new BridgeTopics(
          () -> INFO, () -> HEALTH, serial -> serial.hex().startsWith("C0"), new Recorder());

  private final class Recorder implements BridgeTopics.Announcer {
    @Override
    public void info(BridgeInfo info) {
      said.add("info");
    }

    @Override
    public void chargers(List<ListedCharger> chargers) {
      said.add("chargers");
      lists.add(chargers);
    }

    @Override
    public void health(BridgeHealth health) {
      said.add("health");
    }
  }

  private ChargerSession connect(String id) {
    ChargerSession session =
        registry.add(
            new EmbeddedChannel(), new Hello(new SerialNumber(id.repeat(16)), 9), "name " + id);
    topics.connected(session, null);
    return session;
  }

  @AfterEach
  void stop() {
    topics.stop();
  }

  @Test
  void saysEverythingOnceTheBrokerIsThereAndWhenItIsAskedTo() throws InterruptedException {
    topics.republish();
    topics.brokerConnected();
    assertEquals(List.of("info", "health", "chargers"), List.of(next(), next(), next()));

    topics.republish();
    assertEquals(List.of("info", "health", "chargers"), List.of(next(), next(), next()));
  }

  private String next() throws InterruptedException {
    return String.valueOf(said.poll(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void listsChargersFromTheirFirstValidFrameOnAlsoWhenTheyHaveGone() throws InterruptedException {
    topics.brokerConnected();
    assertEquals(List.of(), list());
    ChargerSession stranger = connect("57");
    ChargerSession charger = connect("C0");
    topics.proven(charger);
    List<ListedCharger> listed = list();
    String seen = charger.lastHeard().toString().substring(0, 19) + "Z";
    assertEquals(
        List.of(new ListedCharger("name C0", "C0".repeat(16), 9, true, true, seen)), listed);

    topics.disconnected(stranger);
    topics.disconnected(charger);
    assertEquals(
        List.of(new ListedCharger("name C0", "C0".repeat(16), 9, false, true, seen)), list());
  }

  @Test
  void listsWhomAnEarlierRunHasKnownAndForgetsThem() throws InterruptedException {
    Instant seen = Instant.parse("2026-11-26T12:00:00.5Z");
    topics.remembered(new SerialNumber("AB".repeat(16)), "Garage", 7, seen);
    topics.remembered(new SerialNumber("CD".repeat(16)), "Yard", 8, null);
    topics.brokerConnected();
    assertEquals(
        List.of(
            new ListedCharger("Garage", "AB".repeat(16), 7, false, false, "2026-11-26T12:00:00Z"),
            new ListedCharger("Yard", "CD".repeat(16), 8, false, false, null)),
        list());

    topics.forget("Garage");
    assertEquals(List.of("Yard"), list().stream().map(ListedCharger::clientId).toList());
  }

  @Test
  void forgetsNobodyWhoIsConnected() throws InterruptedException {
    topics.brokerConnected();
    list();
    topics.proven(connect("AB"));
    list();
    topics.forget("name AB");
    topics.republish();

    assertEquals(1, list().size());
  }

  private List<ListedCharger> list() throws InterruptedException {
    List<ListedCharger> list = lists.poll(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
    assertNotNull(list);
    return list;
  }
}
