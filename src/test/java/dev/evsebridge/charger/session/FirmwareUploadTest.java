package dev.evsebridge.charger.session;

import static dev.evsebridge.charger.session.Outcomes.assertOpen;
import static dev.evsebridge.charger.session.Outcomes.error;
import static dev.evsebridge.charger.session.Outcomes.response;
import static dev.evsebridge.charger.session.SessionFixtures.CLOSE;
import static dev.evsebridge.charger.session.SessionFixtures.COLLECT;
import static dev.evsebridge.charger.session.SessionFixtures.CONTACTOR_RESPONSE;
import static dev.evsebridge.charger.session.SessionFixtures.FIRMWARE;
import static dev.evsebridge.charger.session.SessionFixtures.FIRMWARE_TIMEOUT;
import static dev.evsebridge.charger.session.SessionFixtures.IMAGE;
import static dev.evsebridge.charger.session.SessionFixtures.LIMITS;
import static dev.evsebridge.charger.session.SessionFixtures.OPEN;
import static dev.evsebridge.charger.session.SessionFixtures.PING;
import static dev.evsebridge.charger.session.SessionFixtures.PING_RESPONSE;
import static dev.evsebridge.charger.session.SessionFixtures.REQUEST_TIMEOUT;
import static dev.evsebridge.charger.session.SessionFixtures.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.SerialNumber;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FirmwareUploadTest {
  private static final Duration A_MOMENT = Duration.ofMillis(1);

  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, new ComingsAndGoings(), new OpenRequests());
  private final TestCharger charger = TestCharger.connected(registry);

  @Test
  void endsWhenTheChargerConnectsAnew() {
    var upload = send(FIRMWARE);
    assertEquals(List.of(FIRMWARE), charger.received());
    assertOpen(upload);

    TestCharger.connected(registry);

    assertNull(response(upload));
    assertFalse(charger.isConnected(), "the reset leaves the old socket open");
  }

  @Test
  void endsWhenTheChargerConnectsAnewBeforeTheBridgeHasNotedThatTheImageHasLeft() {
    TestCharger flashed =
        new TestCharger(
            registry, TestCharger.admission(Set.of()), new BackPressure(), new LateNote());
    flashed.says(new Hello(TestCharger.SERIAL, 9));
    var upload = send(FIRMWARE);

    TestCharger back = TestCharger.connected(registry);

    assertNull(response(upload));
    assertOpen(send(PING));
    assertEquals(List.of(PING), back.received());
  }

  @Test
  void isNotEndedByAnOlderConnectionThatGoesLate() {
    TestCharger older =
        new TestCharger(
            registry, TestCharger.admission(Set.of()), new BackPressure(), new LateEnd());
    older.says(new Hello(TestCharger.SERIAL, 9));
    TestCharger newer = TestCharger.connected(registry);
    var upload = send(FIRMWARE);
    assertEquals(List.of(FIRMWARE), newer.received());

    older.channel.pipeline().get(LateEnd.class).end();

    assertFalse(older.isConnected());
    assertOpen(upload);
  }

  @Test
  void endsWhenTheChargerDisconnectsAndComesBack() {
    var upload = send(FIRMWARE);
    charger.channel.close();
    assertOpen(upload);

    TestCharger.connected(registry);

    assertNull(response(upload));
  }

  @Test
  void leavesNoRoomForOtherRequestsUntilTheChargerIsBack() {
    send(FIRMWARE);
    charger.received();

    assertEquals(ErrorCode.BUSY, error(send(PING)));
    assertEquals(ErrorCode.BUSY, error(send(FIRMWARE)));
    charger.channel.close();
    assertEquals(ErrorCode.BUSY, error(send(PING)));
    TestCharger back = TestCharger.connected(registry);

    assertOpen(send(PING));
    assertEquals(List.of(PING), back.received());
    assertEquals(List.of(), charger.received());
  }

  @Test
  void isRefusedWhileTheImagesForOthersFillTheMemory() {
    SessionRegistry small =
        new SessionRegistry(
            LIMITS,
            new ComingsAndGoings(),
            new OpenRequests(),
            new FirmwareUploads(IMAGE.lengthBytes()));
    TestCharger.connected(small);
    TestCharger other = new TestCharger(small);
    SerialNumber otherSerial = new SerialNumber("00".repeat(16));
    other.says(new Hello(otherSerial, 9));
    ChargerRequest forOther = new ChargerRequest.UploadFirmware(otherSerial.hex(), IMAGE);
    small.submit(FIRMWARE, Deadline.NONE);

    assertEquals(ErrorCode.BUSY, error(small.submit(forOther, Deadline.NONE)));
    assertEquals(List.of(), other.received());

    TestCharger.connected(small);
    assertOpen(small.submit(forOther, Deadline.NONE));
    assertEquals(List.of(forOther), other.received());
  }

  @Test
  void waitsForTheRequestsBeforeIt() {
    send(PING);
    var upload = send(FIRMWARE);
    var behindIt = send(PING);
    assertEquals(List.of(PING), charger.received());
    assertOpen(behindIt);

    charger.says(PING_RESPONSE);

    assertEquals(List.of(FIRMWARE), charger.received());
    assertOpen(upload);
    assertEquals(ErrorCode.BUSY, error(behindIt));
  }

  @Test
  void doesNotStandInTheWayOfOpeningTheContactorFirst() {
    send(CLOSE);
    var upload = send(FIRMWARE);
    var opening = send(OPEN);

    charger.says(CONTACTOR_RESPONSE);

    assertEquals(ErrorCode.CONTACTOR_CLOSED, error(upload));
    assertEquals(List.of(CLOSE, OPEN), charger.received());
    assertOpen(opening);
  }

  @Test
  void timesOutWhenTheChargerDoesNotComeBack() {
    var upload = send(FIRMWARE);
    charger.timePasses(FIRMWARE_TIMEOUT.minus(A_MOMENT));
    assertOpen(upload);

    charger.timePasses(A_MOMENT);

    assertEquals(ErrorCode.TIMEOUT, error(upload));
    assertEquals(List.of(FIRMWARE), charger.received());
    assertOpen(send(PING));
    assertEquals(List.of(PING), charger.received());
  }

  @Test
  void closesTheConnectionOfAChargerThatDoesNotTakeTheImageIn() {
    TestCharger stuck =
        new TestCharger(
            registry, TestCharger.admission(Set.of()), new BackPressure(), new StuckWrites());
    stuck.says(new Hello(TestCharger.SERIAL, 9));
    var upload = send(FIRMWARE);

    stuck.timePasses(FIRMWARE_TIMEOUT);

    assertEquals(ErrorCode.TIMEOUT, error(upload));
    assertFalse(stuck.isConnected());
  }

  @Test
  void failsWhenTheConnectionEndsBeforeAllOfTheImageHasLeft() {
    TestCharger stuck =
        new TestCharger(
            registry, TestCharger.admission(Set.of()), new BackPressure(), new StuckWrites());
    stuck.says(new Hello(TestCharger.SERIAL, 9));
    var upload = send(FIRMWARE);

    stuck.channel.close();

    assertEquals(ErrorCode.DISCONNECTED, error(upload));
    assertEquals(ErrorCode.NOT_CONNECTED, error(send(FIRMWARE)));
  }

  @Test
  void isNotDoneWhenTheChargerReconnectsBeforeAllOfTheImageHasLeft() {
    TestCharger stuck =
        new TestCharger(
            registry, TestCharger.admission(Set.of()), new BackPressure(), new StuckWrites());
    stuck.says(new Hello(TestCharger.SERIAL, 9));
    var upload = send(FIRMWARE);

    TestCharger.connected(registry);

    assertEquals(ErrorCode.DISCONNECTED, error(upload));
  }

  @Test
  void isNotTimedOutAfterItsEnd() {
    var upload = send(FIRMWARE);
    TestCharger back = TestCharger.connected(registry);

    back.timePasses(FIRMWARE_TIMEOUT.multipliedBy(2));

    assertNull(response(upload));
    assertTrue(back.isConnected());
  }

  @Test
  void isRefusedWhenTheLastReadingShowedAClosedContactor() {
    charger.says(reading(true));

    assertRefused();
    charger.says(reading(false));
    assertSent();
  }

  @Test
  void isRefusedAfterTheContactorWasClosed() {
    send(CLOSE);
    charger.says(CONTACTOR_RESPONSE);
    charger.received();

    assertRefused();
    send(OPEN);
    charger.says(CONTACTOR_RESPONSE);
    charger.received();
    assertSent();
  }

  @Test
  void isRefusedWhenTheResponseToClosingTheContactorWasLost() {
    send(CLOSE);
    charger.timePasses(REQUEST_TIMEOUT);
    charger.received();

    assertRefused();
  }

  @Test
  void isRefusedWhenTheContactorIsClosedByARequestBeforeIt() {
    send(CLOSE);
    var upload = send(FIRMWARE);
    assertEquals(List.of(CLOSE), charger.received());

    charger.says(CONTACTOR_RESPONSE);

    assertEquals(ErrorCode.CONTACTOR_CLOSED, error(upload));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void isRefusedStillWhenTheOpeningOfTheContactorWasNotResponseed() {
    charger.says(reading(true));
    send(OPEN);
    charger.timePasses(REQUEST_TIMEOUT);
    charger.received();

    assertRefused();
  }

  @Test
  void isRefusedWhenTheContactorWasClosedBeforeTheChargerReconnected() {
    charger.says(reading(true));
    charger.channel.close();
    TestCharger back = TestCharger.connected(registry);

    assertEquals(ErrorCode.CONTACTOR_CLOSED, error(send(FIRMWARE)));
    assertEquals(List.of(), back.received());
  }

  @Test
  void isRefusedWhenALateReadingIsOlderThanTheCommandToClose() {
    send(COLLECT);
    charger.timePasses(REQUEST_TIMEOUT);
    send(CLOSE);
    charger.says(reading(false));
    charger.timePasses(REQUEST_TIMEOUT);
    charger.received();

    assertRefused();
  }

  @Test
  void isAllowedAgainOnceTheRestartHasOpenedTheContactor() {
    send(FIRMWARE);
    charger.says(reading(true));
    TestCharger back = TestCharger.connected(registry);

    assertOpen(send(FIRMWARE));
    assertEquals(List.of(FIRMWARE), back.received());
  }

  private void assertRefused() {
    assertEquals(ErrorCode.CONTACTOR_CLOSED, error(send(FIRMWARE)));
    assertEquals(List.of(), charger.received());
  }

  private void assertSent() {
    assertOpen(send(FIRMWARE));
    assertEquals(List.of(FIRMWARE), charger.received());
  }

  private CompletionStage<@Nullable ChargerResponse> send(ChargerRequest request) {
    return registry.submit(request, Deadline.NONE);
  }

  /** A charger that acknowledges nothing: bytes stay in the socket's buffer. */
  private static final class StuckWrites extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {}
  }

  /** The image leaves at once; that is noted only when the connection is about to be closed. */
  private static final class LateNote extends ChannelOutboundHandlerAdapter {
    private @Nullable ChannelPromise written;

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      written = promise;
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
      if (written != null) {
        written.setSuccess();
      }
      ctx.close(promise);
    }
  }

  /** Ends only when it is told to. */
  private static final class LateEnd extends ChannelOutboundHandlerAdapter {
    private @Nullable Runnable end;

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
      end = () -> ctx.close(promise);
    }

    void end() {
      Objects.requireNonNull(end, "nobody wanted to close it").run();
    }
  }
}
