package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutboxTest {
  private static final int CAPACITY = 10;
  private static final int SOURCES = 3;
  private static final int PLENTY = 65_535;
  private static final long PLENTY_OF_BYTES = 1_000_000;

  private final List<Boolean> pauses = new ArrayList<>();
  private int sourcesHeld;
  private int loudestHeldBack;
  private final Outbox outbox = new Outbox(CAPACITY, PLENTY_OF_BYTES, SOURCES, new Recorded());
  private final RecordingWire wire = new RecordingWire();

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void sendsInOrderAtOnceWhileTheBrokerIsThere(int qos) {
    outbox.connected(wire, PLENTY, null);

    add(qos, "a", "b", "c");

    assertEquals(List.of("a", "b", "c"), wire.topics());
    assertEquals(3, outbox.size());
    wire.acknowledge(3);
    assertEquals(0, outbox.size());
  }

  @Test
  void keepsMessagesUntilTheBrokerIsThere() {
    add(1, "a", "b");
    assertEquals(2, outbox.size());

    outbox.connected(wire, PLENTY, null);

    assertEquals(List.of("a", "b"), wire.topics());
  }

  @Test
  void hasNoMoreUnacknowledgedThanTheBrokerAllows() {
    outbox.connected(wire, 5, null);
    add(1, "a", "b", "c", "d", "e");
    assertEquals(List.of("a", "b", "c"), wire.topics(), "two fewer: the client counts others too");

    wire.acknowledge(1);
    assertEquals(List.of("a", "b", "c", "d"), wire.topics());

    wire.acknowledge(3);
    assertEquals(List.of("a", "b", "c", "d", "e"), wire.topics());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void sendsOneByOneWhenTheBrokerAllowsNoMore(int receiveMaximum) {
    outbox.connected(wire, receiveMaximum, null);
    add(1, "a");
    add(0, "b");
    add(1, "c");
    assertEquals(List.of("a"), wire.topics());

    wire.acknowledge(1);
    assertEquals(List.of("a", "b"), wire.topics());
    wire.acknowledge(1);
    assertEquals(List.of("a", "b", "c"), wire.topics());
  }

  @Test
  void limitsWhatIsHandedToTheClientAtQos0Too() {
    Outbox large = new Outbox(1_000, PLENTY_OF_BYTES, SOURCES, new Recorded());
    RecordingWire slow = new RecordingWire(large);
    large.connected(slow, PLENTY, null);

    for (int i = 0; i < 300; i++) {
      large.add(message(0, "m" + i));
    }

    assertEquals(256, slow.topics().size());
    slow.acknowledge(256);
    assertEquals(300, slow.topics().size());
  }

  @Test
  void sendsWhatWasNotAcknowledgedAgainAndFirstInItsOldOrder() {
    outbox.connected(wire, 5, null);
    add(1, "a", "b", "c", "d", "e");
    wire.acknowledge(1);

    outbox.disconnected(false, "it is gone");
    add(1, "f");
    RecordingWire next = new RecordingWire();
    outbox.connected(next, PLENTY, null);

    assertEquals(List.of("b", "c", "d", "e", "f"), next.topics());
  }

  @Test
  void doesNotSendAgainWhatWasAcknowledgedOutOfOrder() {
    outbox.connected(wire, PLENTY, null);
    add(1, "a", "b", "c");
    wire.acknowledge("b");

    outbox.disconnected(false, "it is gone");
    RecordingWire next = new RecordingWire();
    outbox.connected(next, PLENTY, null);

    assertEquals(List.of("a", "c"), next.topics());
  }

  @Test
  void ignoresAcknowledgementsOfAConnectionThatHasEnded() {
    outbox.connected(wire, PLENTY, null);
    add(1, "a");
    outbox.disconnected(false, "it is gone");
    RecordingWire next = new RecordingWire();
    outbox.connected(next, PLENTY, null);

    wire.acknowledge(1);

    assertEquals(1, outbox.size());
    next.acknowledge(1);
    assertEquals(0, outbox.size());
  }

  @Test
  void losesNothingWhenTheClientRefusesToSend() {
    wire.broken = true;
    outbox.connected(wire, PLENTY, null);
    add(1, "a", "b");
    assertEquals(List.of(), wire.topics());

    outbox.disconnected(false, "it is gone");
    RecordingWire next = new RecordingWire();
    outbox.connected(next, PLENTY, null);

    assertEquals(List.of("a", "b"), next.topics());
    assertEquals(0, outbox.dropped());
  }

  @Test
  void dropsTheOldestWhileTheBrokerIsAwayAndCountsThem() {
    for (int i = 0; i < CAPACITY + 3; i++) {
      add(1, "m" + i);
    }
    assertEquals(CAPACITY, outbox.size());
    assertEquals(3, outbox.dropped());
    assertEquals(3, outbox.droppedSinceLoss());

    outbox.connected(wire, PLENTY, null);

    assertEquals("m3", wire.topics().get(0));
    assertEquals(CAPACITY, wire.topics().size());
  }

  @Test
  void countsAnewWithEachLossOfTheBroker() {
    for (int i = 0; i < CAPACITY + 3; i++) {
      add(1, "m" + i);
    }
    outbox.connected(wire, PLENTY, null);
    wire.acknowledge(CAPACITY);

    outbox.disconnected(false, "it is gone");
    assertEquals(0, outbox.droppedSinceLoss());
    for (int i = 0; i < CAPACITY + 2; i++) {
      add(1, "n" + i);
    }

    assertEquals(2, outbox.droppedSinceLoss());
    assertEquals(5, outbox.dropped());
  }

  @Test
  void keepsNoMoreBytesThanItMayWhileTheBrokerIsAway() {
    Outbox small = new Outbox(1_000, 10_000, SOURCES, new Recorded());
    for (int i = 0; i < 30; i++) {
      small.add(large("m" + i));
    }
    assertTrue(small.size() * 1_000 < 10_000, () -> "kept " + small.size());
    assertEquals(30 - small.size(), small.dropped());
    RecordingWire next = new RecordingWire(small);
    small.connected(next, PLENTY, null);
    assertEquals("m29", next.topics().get(next.topics().size() - 1));
    // What has arrived takes no room.
    next.acknowledge(next.topics().size());
    small.disconnected(false, "it is gone");
    long droppedBefore = small.dropped();
    small.add(large("again"));
    assertEquals(droppedBefore, small.dropped());
  }

  @Test
  void keepsNoMoreBytesThanItMayWhileTheBrokerIsSlow() {
    Outbox small = new Outbox(1_000, 10_000, SOURCES, new Recorded());
    RecordingWire slow = new RecordingWire(small);
    small.connected(slow, 3, null);
    for (int i = 0; i < 5; i++) {
      small.add(large("m" + i));
    }
    assertEquals(List.of(true), pauses, "sources are paused when it is half full");
    assertTrue(small.isHalfFull());
    for (int i = 5; i < 30; i++) {
      small.add(large("m" + i));
    }
    assertTrue(small.size() * 1_000 < 10_000, () -> "kept " + small.size());
    assertEquals(30 - small.size(), small.dropped());
    int kept = small.size();
    for (int i = 0; i < kept; i++) {
      slow.acknowledge(1);
    }
    assertFalse(small.isHalfFull());
  }

  @Test
  void dropsAMessageWithWhichTheConnectionEndedTwice() {
    outbox.connected(wire, PLENTY, null);
    add(1, "poison", "b", "c");
    outbox.disconnected(true, "it was refused");
    RecordingWire second = new RecordingWire();
    outbox.connected(second, PLENTY, null);
    assertEquals(List.of("poison"), second.topics(), "one by one, so that it shows which it is");

    outbox.disconnected(true, "it was refused");

    assertEquals(1, outbox.dropped());
    RecordingWire third = new RecordingWire();
    outbox.connected(third, PLENTY, null);
    assertEquals(List.of("b"), third.topics());
    third.acknowledge(1);
    third.acknowledge(1);
    add(1, "d", "e");
    assertEquals(List.of("b", "c", "d", "e"), third.topics(), "and then all at once again");
  }

  @Test
  void blamesNoMessageForABrokerThatIsGone() {
    for (int i = 0; i < 5; i++) {
      RecordingWire next = new RecordingWire();
      outbox.connected(next, PLENTY, null);
      if (i == 0) {
        add(1, "a", "b");
      }
      assertEquals(List.of("a", "b"), next.topics());
      outbox.disconnected(false, "it is gone");
    }
    assertEquals(0, outbox.dropped());
  }

  @Test
  void greetsEachConnectionOnceAndFirst() {
    add(1, "a");
    outbox.connected(wire, PLENTY, message(1, "hello 1"));
    assertEquals(List.of("hello 1", "a"), wire.topics());
    outbox.disconnected(true, "it was refused");

    RecordingWire next = new RecordingWire();
    outbox.connected(next, PLENTY, message(1, "hello 2"));
    next.acknowledge(1);

    assertEquals(List.of("hello 2", "a"), next.topics());
  }

  private static OutgoingMessage large(String topic) {
    return new OutgoingMessage(topic, new byte[1_000], 1, true, new MqttProperties());
  }

  @Test
  void holdsTheSourcesBackWhenManyMessagesWaitAndReleasesThemLater() {
    outbox.connected(wire, 3, null);
    for (int i = 0; i < 1 + CAPACITY / 2; i++) {
      add(1, "m" + i);
    }
    assertEquals(List.of(), pauses);

    add(1, "one more");
    add(1, "and another");
    assertEquals(List.of(true), pauses);

    wire.acknowledge(4);
    assertEquals(List.of(true), pauses);
    wire.acknowledge(1);
    assertEquals(List.of(true, false), pauses);
  }

  @Test
  void holdsTheLoudestBackBeforeAllOthersAndReleasesThemWhenItHasCaughtUp() {
    outbox.connected(wire, 3, null);
    for (int i = 0; i < CAPACITY / 2; i++) {
      add(1, "m" + i);
    }
    assertEquals(1, loudestHeldBack);
    assertEquals(List.of(), pauses);

    wire.acknowledge(CAPACITY / 2);
    assertEquals(List.of(false), pauses);
  }

  @Test
  void releasesAllSourcesWhenThoseReleasedFirstHaveNothingToSay() {
    sourcesHeld = 5;
    outbox.connected(wire, 3, null);
    for (int i = 0; i < CAPACITY; i++) {
      add(1, "m" + i);
    }
    outbox.relieveWhenIdle();
    assertEquals(5, sourcesHeld, "messages are still on their way");

    wire.acknowledge(CAPACITY);
    assertNotEquals(0, sourcesHeld, "they go on little by little");
    outbox.relieveWhenIdle();

    assertEquals(0, sourcesHeld);
  }

  @Test
  void releasesTheSourcesWhenTheBrokerGoesAway() {
    outbox.connected(wire, 3, null);
    for (int i = 0; i < CAPACITY; i++) {
      add(1, "m" + i);
    }
    assertEquals(List.of(true), pauses);

    outbox.disconnected(false, "it is gone");

    assertEquals(List.of(true, false), pauses);
  }

  @Test
  void hasRoomForOneMoreMessageOfEverySourceThatIsHeldBack() {
    Outbox manySources = new Outbox(CAPACITY, PLENTY_OF_BYTES, 20, new Recorded());
    RecordingWire slow = new RecordingWire(manySources);
    manySources.connected(slow, 3, null);
    for (int i = 0; i < 1 + CAPACITY / 2 + 20; i++) {
      manySources.add(message(1, "m" + i));
    }
    assertEquals(0, manySources.dropped());

    manySources.add(message(1, "too much"));

    assertEquals(1, manySources.dropped());
  }

  @Test
  void knowsForHowLongTheBrokerHasNotAnswered() {
    assertEquals(Duration.ZERO, outbox.oldestInFlight());
    outbox.connected(wire, PLENTY, null);
    add(1, "a");

    assertNotEquals(Duration.ZERO, outbox.oldestInFlight());

    wire.acknowledge(1);
    assertEquals(Duration.ZERO, outbox.oldestInFlight());
  }

  @Test
  @Timeout(10)
  void drainsUntilEverythingHasArrived() throws InterruptedException {
    outbox.connected(wire, PLENTY, null);
    add(1, "a", "b");
    CountDownLatch drained = new CountDownLatch(1);
    Thread closing =
        new Thread(
            () -> {
              outbox.drain(Duration.ofMinutes(1));
              drained.countDown();
            });
    closing.start();

    wire.acknowledge(1);
    assertEquals(1, drained.getCount());
    wire.acknowledge(1);

    drained.await();
    closing.join();
  }

  @Test
  @Timeout(10)
  void givesUpDrainingWhenTheBrokerDoesNotAnswer() {
    outbox.connected(wire, PLENTY, null);
    add(1, "a");

    outbox.drain(Duration.ofMillis(5));

    assertEquals(1, outbox.size());
  }

  @Test
  @Timeout(10)
  void drainsNothingWhenTheBrokerIsAway() {
    add(1, "a");

    outbox.drain(Duration.ofMinutes(1));

    assertEquals(1, outbox.size());
  }

  @Test
  void makesAFreshPacketForEachAttempt() {
    OutgoingMessage message = message(1, "a");

    assertFalse(message.toMqtt() == message.toMqtt());
    assertTrue(message.toMqtt().isRetained());
  }

  private void add(int qos, String... topics) {
    for (String topic : topics) {
      outbox.add(message(qos, topic));
    }
  }

  private static OutgoingMessage message(int qos, String topic) {
    return new OutgoingMessage(topic, new byte[0], qos, true, new MqttProperties());
  }

  /** Notes true for being held back and false for being let go on. */
  private final class Recorded implements MessageSources {
    @Override
    public void holdBackTheLoudest() {
      loudestHeldBack++;
    }

    @Override
    public void pause() {
      pauses.add(true);
    }

    @Override
    public boolean resumeSome() {
      pauses.add(false);
      sourcesHeld = Math.max(0, sourcesHeld - 1);
      return sourcesHeld > 0;
    }
  }

  /** Remembers what was sent, and acknowledges when told to. */
  private final class RecordingWire implements Outbox.Wire {
    private final Outbox owner;
    private final List<OutgoingMessage> sent = new ArrayList<>();
    private int acknowledged;
    private boolean broken;

    RecordingWire() {
      this(outbox);
    }

    RecordingWire(Outbox owner) {
      this.owner = owner;
    }

    @Override
    public void send(OutgoingMessage message) {
      if (!broken) {
        sent.add(message);
      }
    }

    List<String> topics() {
      return sent.stream().map(OutgoingMessage::topic).toList();
    }

    void acknowledge(int number) {
      for (int i = 0; i < number; i++) {
        owner.done(this, sent.get(acknowledged++));
      }
    }

    void acknowledge(String topic) {
      sent.stream()
          .filter(message -> message.topic().equals(topic))
          .forEach(message -> owner.done(this, message));
    }
  }
}
