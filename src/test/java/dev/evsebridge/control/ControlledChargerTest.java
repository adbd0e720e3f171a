package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionFixtures;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.charger.session.TestCharger;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The wire of a charger under control in the worst moments: just before, while and after its
 * contactor is closed.
 */
class ControlledChargerTest {
  private static final Duration STEP = Duration.ofMillis(50);

  private final SessionRegistry registry =
      new SessionRegistry(SessionFixtures.LIMITS, new Announcing(), new OpenRequests());
  private final List<ChargerRequest> seen = new ArrayList<>();
  private final ControlledCharger controlled =
      new ControlledCharger(
          TestCharger.SERIAL,
          TestCharger.ID,
          Bench.sixteenAmps().build(),
          ControlMemory.NONE,
          false,
          (task, delayNanos) -> new CompletableFuture<Void>(),
          (charger, status, memory) -> {},
          () -> nowNanos());

  private long nowNanos;
  private TestCharger charger = TestCharger.connected(registry);
  private PilotVoltage pilot = PilotVoltage.VOLT_9;
  private boolean closed;
  private int pwm = 100;
  private boolean responds = true;

  private long nowNanos() {
    return nowNanos;
  }

  /** A vehicle is plugged in and is offered current. */
  @BeforeEach
  void offer() {
    String unused = controlled.on(new Event.SetPoint(true, 160));
    runUntilSent(new ChargerRequest.SetPwmPercent(TestCharger.ID, 26));
    run(Duration.ofSeconds(6));
  }

  @Test
  void closesForAVehicleThatAsks() {
    change(PilotVoltage.VOLT_6);
    run(Duration.ofSeconds(3));

    assertTrue(closed);
  }

  @Test
  void neverWritesACloseAfterTheOpenThatWasDecidedLater() {
    askUntilThePingsAreAnswered();
    // A set-point comes when the last wait is over and the timer has not run yet. The connection's
    // thread is reading a notification.
    nowNanos += Situation.LAST_CHANCE.toNanos();
    charger.elsewhere(() -> controlled.on(new Event.SetPoint(true, 160)));
    assertEquals(ControlState.CLOSING, state());
    pilot = PilotVoltage.VOLT_12;
    seen.clear();
    charger.says(new Notification(TestCharger.ID));

    run(Duration.ofSeconds(5));
    assertTrue(seen.contains(SessionFixtures.OPEN));
    assertFalse(seen.contains(SessionFixtures.CLOSE), () -> "closed: " + seen);
  }

  @Test
  void neverClosesForWhatWasSeenOnAConnectionThatHasBeenReplaced() {
    askUntilThePingsAreAnswered();
    TestCharger before = charger;

    charger = TestCharger.connected(registry);
    nowNanos += Situation.LAST_CHANCE.toNanos();
    before.timePasses(Situation.LAST_CHANCE);
    assertFalse(before.received().contains(SessionFixtures.CLOSE));
    seen.clear();
    // On the new one the vehicle must be seen asking again, twice.
    responds = false;
    run(Duration.ofSeconds(4));
    assertEquals(List.of(SessionFixtures.COLLECT), seen);
  }

  @Test
  void opensWhenTheResponseToTheCloseIsLostTogetherWithTheConnection() {
    askUntilThePingsAreAnswered();
    responds = false;
    runUntilSent(SessionFixtures.CLOSE);
    closed = true;

    // The vehicle is unplugged in the gap, which nobody is told.
    pilot = PilotVoltage.VOLT_12;
    responds = true;
    seen.clear();
    charger = TestCharger.connected(registry);
    run(Duration.ofSeconds(1));

    assertEquals(List.of(SessionFixtures.COLLECT, SessionFixtures.OPEN), seen.subList(0, 2));
    assertFalse(closed);
  }

  @Test
  void opensBeforeAnyRouteIsToldOfTheNotification() {
    change(PilotVoltage.VOLT_6);
    run(Duration.ofSeconds(5));
    assertTrue(closed);
    List<Object> writtenBefore = new ArrayList<>();
    charger
        .channel
        .pipeline()
        .addLast(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext ctx, Object message) {
                writtenBefore.addAll(charger.channel.outboundMessages());
              }
            });

    change(PilotVoltage.VOLT_12);

    assertTrue(writtenBefore.contains(SessionFixtures.OPEN), writtenBefore::toString);
  }

  private void askUntilThePingsAreAnswered() {
    change(PilotVoltage.VOLT_6);
    for (int i = 0; count(SessionFixtures.PING) < 2; i++) {
      assertTrue(i < 100, "pings");
      run(STEP);
    }
    assertEquals(ControlState.CONFIRM, state());
  }

  private long count(ChargerRequest request) {
    return seen.stream().filter(request::equals).count();
  }

  private @Nullable ControlState state() {
    ControlStatus status = controlled.status();
    return status == null ? null : status.state();
  }

  private void change(PilotVoltage next) {
    pilot = next;
    charger.says(new Notification(TestCharger.ID));
  }

  private void runUntilSent(ChargerRequest request) {
    for (int i = 0; !seen.contains(request); i++) {
      assertTrue(i < 2_000, () -> "never sent: " + request);
      run(STEP);
    }
  }

  private void run(Duration duration) {
    for (Duration left = duration; !left.isZero(); left = left.minus(STEP)) {
      respond();
      nowNanos += STEP.toNanos();
      charger.timePasses(STEP);
    }
    respond();
  }

  private void respond() {
    for (List<ChargerRequest> requests = charger.received();
        !requests.isEmpty();
        requests = charger.received()) {
      seen.addAll(requests);
      if (responds) {
        requests.forEach(this::respondTo);
      }
    }
  }

  private void respondTo(ChargerRequest request) {
    if (request instanceof ChargerRequest.SetContactorState contactor) {
      closed = contactor.closed();
      charger.says(SessionFixtures.CONTACTOR_RESPONSE);
    } else if (request instanceof ChargerRequest.SetPwmPercent set) {
      pwm = set.percent();
      charger.says(SessionFixtures.PWM_RESPONSE);
    } else {
      charger.says(
          request instanceof ChargerRequest.Ping ? SessionFixtures.PING_RESPONSE : reading());
    }
  }

  private Reading reading() {
    return new Reading(
        TestCharger.ID,
        pwm,
        closed,
        new Measurements(
            pilot,
            ProximityPilot.AMP_32,
            0,
            0,
            0,
            0,
            0,
            0,
            -70,
            60_000 + nowNanos / 1_000_000,
            0,
            0,
            ""));
  }

  /** As the charge control does it. */
  private final class Announcing implements SessionListener {
    @Override
    public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
      session.shareCollects();
      controlled.announce();
      session.observe(controlled);
    }

    @Override
    public void disconnected(ChargerSession session) {}
  }
}
