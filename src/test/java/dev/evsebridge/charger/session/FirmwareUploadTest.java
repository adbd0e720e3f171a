package dev.evsebridge.charger.session;

import static dev.evsebridge.charger.session.Outcomes.assertOpen;
import static dev.evsebridge.charger.session.Outcomes.detail;
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
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SerialNumber;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FirmwareUploadTest {
  private static final Duration A_MOMENT = Duration.ofMillis(1);
  private static final Reading JUST_STARTED = reading(false, 0, "");

  private final SessionRegistry registry =
      new SessionRegistry(LIMITS, new ComingsAndGoings(), new OpenRequests());
  private final TestCharger charger = TestCharger.connected(registry);

  @Test
  void asksForAReadingFirstAndPublishesIt() {
    var upload = send(FIRMWARE);
    assertEquals(List.of(COLLECT), charger.received());

    charger.says(reading(false));

    assertEquals(List.of(reading(false)), charger.published());
    assertEquals(List.of(FIRMWARE), charger.received());
    assertOpen(upload);
  }

  @Test
  void sendsTheImageTheMomentTheReadingIsIn() {
    send(FIRMWARE);
    charger.received();

    charger.channel.writeOneInbound(reading(false));

    assertEquals(FIRMWARE, charger.channel.readOutbound());
  }

  @Test
  void endsWhenTheFirstReadingOfTheNewConnectionShowsARestart() {
    var upload = sendImage();

    TestCharger back = TestCharger.connected(registry);
    assertOpen(upload);
    assertFalse(charger.isConnected(), "the reset leaves the old socket open");
    assertEquals(List.of(COLLECT), back.received());
    back.says(JUST_STARTED);

    assertNull(response(upload));
    assertEquals(List.of(JUST_STARTED), back.published());
  }

  @Test
  void isRefusedWhenTheChargerHasNotRestarted() {
    var upload = sendImage();
    TestCharger back = TestCharger.connected(registry);

    back.says(reading(false, 3_600_000, ""));

    assertEquals(ErrorCode.FIRMWARE_REFUSED, error(upload));
    assertEquals(
        "The charger has come back without having restarted: it has refused the firmware.",
        detail(upload));
  }

  @Test
  void saysWhatTheLogOfARefusingChargerSays() {
    var upload = sendImage();
    TestCharger back = TestCharger.connected(registry);

    back.says(
        reading(
            false, 3_600_000, "3599000: CRC of new firmware is wrong\0" + "3599999: Connected\0"));

    assertEquals(
        "The charger has come back without having restarted: it has refused the firmware."
            + " Its log says: 3599000: CRC of new firmware is wrong",
        detail(upload));
  }

  @Test
  void hasSucceededWhenTheChargerComesBackWithAnotherVersion() {
    var upload = sendImage();
    TestCharger back = new TestCharger(registry);
    back.says(new Hello(TestCharger.SERIAL, 10));

    back.says(reading(false, 3_600_000, ""));

    assertNull(response(upload));
  }

  @Test
  void asksAgainWhenTheNewConnectionEndsBeforeItsReading() {
    var upload = sendImage();
    TestCharger.connected(registry).channel.close();
    assertOpen(upload);

    TestCharger back = TestCharger.connected(registry);
    assertEquals(List.of(COLLECT), back.received());
    back.says(JUST_STARTED);

    assertNull(response(upload));
  }

  @Test
  void takesALaterReadingWhenTheFirstOneDoesNotCome() {
    var upload = sendImage();
    TestCharger back = TestCharger.connected(registry);
    back.timePasses(REQUEST_TIMEOUT);
    assertOpen(upload);

    back.says(JUST_STARTED);

    assertNull(response(upload));
  }

  @Test
  void timesOutWhenNoReadingTellsWhetherTheChargerHasRestarted() {
    var upload = sendImage();
    TestCharger back = TestCharger.connected(registry);

    back.timePasses(FIRMWARE_TIMEOUT);

    assertEquals(ErrorCode.TIMEOUT, error(upload));
  }

  @Test
  void endsWhenTheChargerConnectsAnewBeforeTheBridgeHasNotedThatTheImageHasLeft() {
    TestCharger flashed = charger(new LateNote());
    var upload = send(FIRMWARE);
    flashed.says(reading(false));

    TestCharger back = TestCharger.connected(registry);
    assertEquals(List.of(COLLECT), back.received());
    back.says(JUST_STARTED);

    assertNull(response(upload));
  }

  @Test
  void isNotEndedByAnOlderConnectionThatGoesLate() {
    TestCharger older = charger(new LateEnd());
    TestCharger newer = TestCharger.connected(registry);
    var upload = send(FIRMWARE);
    newer.says(reading(false));
    assertEquals(List.of(COLLECT, FIRMWARE), newer.received());

    older.channel.pipeline().get(LateEnd.class).end();

    assertFalse(older.isConnected());
    assertOpen(upload);
    assertEquals(List.of(), newer.received());
  }

  @Test
  void endsWhenTheChargerDisconnectsAndComesBack() {
    var upload = sendImage();
    charger.channel.close();
    assertOpen(upload);

    TestCharger.connected(registry).says(JUST_STARTED);

    assertNull(response(upload));
  }

  @Test
  void leavesNoRoomForOtherRequestsUntilTheChargerIsBack() {
    send(FIRMWARE);
    assertEquals(ErrorCode.BUSY, error(send(PING)));
    charger.says(reading(false));

    assertEquals(ErrorCode.BUSY, error(send(PING)));
    assertEquals(ErrorCode.BUSY, error(send(FIRMWARE)));
    charger.channel.close();
    assertEquals(ErrorCode.BUSY, error(send(PING)));
    TestCharger back = TestCharger.connected(registry);

    assertOpen(send(PING));
    assertEquals(List.of(COLLECT), back.received());
    back.says(JUST_STARTED);
    assertEquals(List.of(PING), back.received());
    assertEquals(List.of(COLLECT, FIRMWARE), charger.received());
  }

  @Test
  void isRefusedWhileTheImagesForOthersFillTheMemory() {
    SessionRegistry small =
        new SessionRegistry(
            LIMITS,
            new ComingsAndGoings(),
            new OpenRequests(),
            new FirmwareUploads(IMAGE.lengthBytes()));
    TestCharger first = TestCharger.connected(small);
    TestCharger other = new TestCharger(small);
    SerialNumber otherSerial = new SerialNumber("00".repeat(16));
    other.says(new Hello(otherSerial, 9));
    ChargerRequest forOther = new ChargerRequest.UploadFirmware(otherSerial.hex(), IMAGE);
    small.submit(FIRMWARE, Deadline.NONE);

    assertEquals(ErrorCode.BUSY, error(small.submit(forOther, Deadline.NONE)));
    assertEquals(List.of(), other.received());

    first.says(reading(true));
    assertOpen(small.submit(forOther, Deadline.NONE));
  }

  @Test
  void waitsForTheRequestsBeforeItAndRefusesThoseBehindIt() {
    send(PING);
    var upload = send(FIRMWARE);
    var behindIt = send(PING);
    assertEquals(List.of(PING), charger.received());
    assertOpen(behindIt);

    charger.says(PING_RESPONSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(false));

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
    charger.says(reading(true));

    assertEquals(ErrorCode.CONTACTOR_CLOSED, error(upload));
    assertEquals(List.of(CLOSE, COLLECT, OPEN), charger.received());
    assertOpen(opening);
  }

  @Test
  void timesOutWhenTheChargerDoesNotComeBack() {
    var upload = sendImage();
    charger.timePasses(FIRMWARE_TIMEOUT.minus(A_MOMENT));
    assertOpen(upload);

    charger.timePasses(A_MOMENT);

    assertEquals(ErrorCode.TIMEOUT, error(upload));
    assertOpen(send(PING));
    assertEquals(List.of(PING), charger.received());
  }

  @Test
  void timesOutWhenTheReadingBeforeItDoesNotCome() {
    var upload = send(FIRMWARE);
    charger.timePasses(REQUEST_TIMEOUT);

    assertEquals(ErrorCode.TIMEOUT, error(upload));
    assertEquals(List.of(COLLECT), charger.received());
    assertOpen(send(PING));
    assertEquals(List.of(PING), charger.received());
  }

  @Test
  void isNotSentWhenItsMessageHasExpiredMeanwhile() {
    long[] nowNanos = {0};
    var upload =
        registry.submit(FIRMWARE, Deadline.after(Duration.ofSeconds(1), () -> nowNanos[0]));
    nowNanos[0] = Duration.ofSeconds(1).toNanos();

    charger.says(reading(false));

    assertEquals(ErrorCode.TIMEOUT, error(upload));
    assertEquals(List.of(COLLECT), charger.received());
  }

  @Test
  void failsWhenTheConnectionEndsBeforeTheReading() {
    var upload = send(FIRMWARE);

    charger.channel.close();

    assertEquals(ErrorCode.DISCONNECTED, error(upload));
    assertEquals(ErrorCode.NOT_CONNECTED, error(send(FIRMWARE)));
  }

  @Test
  void closesTheConnectionOfAChargerThatDoesNotTakeTheImageIn() {
    TestCharger stuck = charger(new StuckWrites());
    var upload = send(FIRMWARE);
    stuck.says(reading(false));

    stuck.timePasses(FIRMWARE_TIMEOUT);

    assertEquals(ErrorCode.TIMEOUT, error(upload));
    assertFalse(stuck.isConnected());
  }

  @Test
  void failsWhenTheConnectionEndsBeforeAllOfTheImageHasLeft() {
    TestCharger stuck = charger(new StuckWrites());
    var upload = send(FIRMWARE);
    stuck.says(reading(false));

    stuck.channel.close();

    assertEquals(ErrorCode.DISCONNECTED, error(upload));
    assertEquals(ErrorCode.NOT_CONNECTED, error(send(FIRMWARE)));
  }

  @Test
  void isNotDoneWhenTheChargerReconnectsBeforeAllOfTheImageHasLeft() {
    TestCharger stuck = charger(new StuckWrites());
    var upload = send(FIRMWARE);
    stuck.says(reading(false));

    TestCharger.connected(registry);

    assertEquals(ErrorCode.DISCONNECTED, error(upload));
  }

  @Test
  void isNotTimedOutAfterItsEnd() {
    var upload = sendImage();
    TestCharger back = TestCharger.connected(registry);
    back.says(JUST_STARTED);

    back.timePasses(FIRMWARE_TIMEOUT.multipliedBy(2));
    charger.timePasses(FIRMWARE_TIMEOUT.multipliedBy(2));

    assertNull(response(upload));
    assertTrue(back.isConnected());
  }

  @Test
  void isRefusedWhenTheReadingShowsAClosedContactor() {
    var upload = send(FIRMWARE);

    charger.says(reading(true));

    assertEquals(ErrorCode.CONTACTOR_CLOSED, error(upload));
    assertEquals(List.of(COLLECT), charger.received());
  }

  @Test
  void isNotTakenForAllowedByAReadingThatIsOlderThanTheCommandToClose() {
    send(COLLECT);
    charger.timePasses(REQUEST_TIMEOUT);
    send(CLOSE);
    charger.timePasses(A_MOMENT);
    var upload = send(FIRMWARE);
    assertEquals(List.of(COLLECT, CLOSE), charger.received());

    charger.says(reading(false), CONTACTOR_RESPONSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(true));

    assertEquals(ErrorCode.CONTACTOR_CLOSED, error(upload));
    assertEquals(List.of(), charger.received());
  }

  @Test
  void isNotTakenForAllowedByALateReading() {
    send(COLLECT);
    charger.timePasses(REQUEST_TIMEOUT);
    charger.received();
    var upload = send(FIRMWARE);
    assertEquals(List.of(PING), charger.received());

    charger.says(reading(false));
    charger.says(PING_RESPONSE);
    assertEquals(List.of(COLLECT), charger.received());
    charger.says(reading(true));

    assertEquals(ErrorCode.CONTACTOR_CLOSED, error(upload));
  }

  @Test
  void tellsHowItGoes() {
    List<String> told = new ArrayList<>();
    registry.addFirmwareListener(
        new FirmwareListener() {
          @Override
          public void checking(ChargerSession session, int imageBytes) {
            told.add("checking " + imageBytes);
          }

          @Override
          public void uploading(ChargerSession session, long takenBytes, long totalBytes) {
            told.add("uploading " + takenBytes + " of " + totalBytes);
          }

          @Override
          public void restarting(ChargerSession session) {
            told.add("restarting");
          }

          @Override
          public void done(ChargerSession session) {
            told.add("done " + session.firmwareVersion());
          }

          @Override
          public void failed(ChargerSession session, ErrorCode code, String detail) {
            told.add("failed " + code);
          }
        });
    send(FIRMWARE);
    charger.says(reading(true));
    sendImage();
    TestCharger.connected(registry).says(JUST_STARTED);

    assertEquals(
        List.of(
            "checking 100",
            "failed CONTACTOR_CLOSED",
            "checking 100",
            "uploading 0 of 109",
            "restarting",
            "done 9"),
        told);
  }

  private CompletionStage<@Nullable ChargerResponse> sendImage() {
    charger.received();
    var upload = send(FIRMWARE);
    charger.says(reading(false));
    assertEquals(List.of(COLLECT, FIRMWARE), charger.received());
    return upload;
  }

  private CompletionStage<@Nullable ChargerResponse> send(ChargerRequest request) {
    return registry.submit(request, Deadline.NONE);
  }

  private TestCharger charger(ChannelHandler before) {
    TestCharger charger =
        new TestCharger(registry, TestCharger.admission(Set.of()), new BackPressure(), before);
    charger.says(new Hello(TestCharger.SERIAL, 9));
    return charger;
  }

  /** A charger that acknowledges nothing of the image: its bytes stay in the socket's buffer. */
  private static final class StuckWrites extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      if (!message.equals(FIRMWARE)) {
        ctx.write(message, promise);
      }
    }
  }

  /** The image leaves at once; that is noted only when the connection is about to be closed. */
  private static final class LateNote extends ChannelOutboundHandlerAdapter {
    private @Nullable ChannelPromise written;

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      if (message.equals(FIRMWARE)) {
        written = promise;
      } else {
        ctx.write(message, promise);
      }
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
