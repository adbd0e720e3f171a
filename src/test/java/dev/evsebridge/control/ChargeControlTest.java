package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.ComingsAndGoings;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionFixtures;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.charger.session.TestCharger;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.message.SetPointRequest.SetPoints;
import dev.evsebridge.testkit.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is meant by a set-point, with one charger that has a name and one that has none. */
class ChargeControlTest {

  private static final SerialNumber NAMED = new SerialNumber("0A".repeat(16));
  private static final SerialNumber NAMELESS = new SerialNumber("0B".repeat(16));
  private static final ControlMemory SWITCHED_ON =
      new ControlMemory(true, 160, Set.of(), null, null, List.of(), 0, 0);

  private final Map<String, ControlStatus> statuses = new ConcurrentHashMap<>();
  private volatile Consumer<String> onStatus = clientId -> {};
  private final ControlJournal journal;
  private final ChargeControl control;

  ChargeControlTest(@TempDir Path folder) {
    journal = new ControlJournal(folder, Clock.systemUTC());
    control =
        new ChargeControl(
            serial -> Bench.sixteenAmps().build(),
            serial -> serial.equals(NAMED) ? "Carport" : serial.hex(),
            clientId -> false,
            journal,
            (serial, clientId, status) -> {
              onStatus.accept(clientId);
              statuses.put(clientId, status);
            },
            Duration.ofMillis(50));
  }

  @BeforeEach
  void start() throws IOException {
    journal.write(NAMED, SWITCHED_ON);
    journal.write(NAMELESS, SWITCHED_ON);
    control.start();
  }

  /** Waits until nothing is written into the folder any more. */
  @AfterEach
  void stop() {
    control.stop();
  }

  @Test
  void findsAChargerByItsName() {
    assertEquals("Carport", clientIdOf("Carport"));
  }

  @Test
  void findsAChargerThatHasANameByItsSerialNumberToo() {
    assertEquals("Carport", clientIdOf(NAMED.hex()));
  }

  @Test
  void findsAChargerWithoutANameByItsSerialNumber() {
    assertEquals(NAMELESS.hex(), clientIdOf(NAMELESS.hex()));
  }

  @Test
  void refusesASetPointForNobody() {
    for (String nobody :
        new String[] {"carport", "0C".repeat(16), NAMELESS.hex().toLowerCase(Locale.ROOT)}) {
      RequestFailedException refusal =
          assertThrows(RequestFailedException.class, () -> clientIdOf(nobody));

      assertEquals(ErrorCode.NOT_CONNECTED, refusal.code());
    }
  }

  @Test
  void takesOverTheSetPointsOfTheBridgeThatHadTheChargerBefore() {
    control.takeOver(NAMED, false, 100);
    Patience.until(
        "its set-points hold",
        () -> {
          ControlStatus status = statuses.get("Carport");
          return status != null && !status.enabled() && status.limitDeciamps() == 100;
        });
  }

  /** It was there once, without having told anything: that alone is forgotten again. */
  @Test
  void keepsAChargerThatIsBackWhileItIsAboutToBeForgotten() {
    CountDownLatch busy = new CountDownLatch(1);
    Thread eventLoop = Thread.currentThread();
    onStatus =
        clientId -> {
          if (Thread.currentThread() != eventLoop) {
            await(busy);
          }
        };
    SessionRegistry registry =
        new SessionRegistry(SessionFixtures.LIMITS, control, new OpenRequests());
    control.takeOver(NAMED, false, 100);
    TestCharger.connected(registry).channel.close();
    registry.addListener(
        new ComingsAndGoings() {
          @Override
          public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
            busy.countDown();
            awaitWhatWasToBeDone();
          }
        });

    TestCharger back = TestCharger.connected(registry);
    ChargerSession session = registry.find(TestCharger.ID);

    assertTrue(session != null && control.controls(session), "raw requests are kept away");
    back.channel.close();
  }

  /** One thing is done after the other. */
  private void awaitWhatWasToBeDone() {
    control.takeOver(NAMELESS, false, 80);
    Patience.until(
        "its set-points hold",
        () -> {
          ControlStatus status = statuses.get(NAMELESS.hex());
          return status != null && status.limitDeciamps() == 80;
        });
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(20, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void storesASetPointOnceThereIsRoomForIt() throws IOException {
    Path full = journal.file(NAMED).resolveSibling(NAMED.hex() + ".json.new");
    // The first attempt removes the link, so that the next one finds a disk that is not full.
    Path unused = Files.createSymbolicLink(full, Path.of("/dev/full"));

    assertEquals("Carport", clientIdOf("Carport"));

    Patience.until("it is stored", () -> Boolean.FALSE.equals(journal.read(NAMED).enabled()));
  }

  private String clientIdOf(String named) {
    return control.take(new SetPoints(named, false, null), null).clientId();
  }
}
