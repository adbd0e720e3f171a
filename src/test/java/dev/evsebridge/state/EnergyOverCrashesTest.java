package dev.evsebridge.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.control.Calibration;
import dev.evsebridge.control.PhaseCalibration;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.state.ChargerJournal.Batch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/**
 * Whenever the bridge is killed, what subscribers have heard of energy never falls and is never
 * heard of as 0 or unknown again.
 */
class EnergyOverCrashesTest {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");
  private static final int CHARGERS = 3;
  private static final List<PilotVoltage> PILOTS =
      List.of(PilotVoltage.VOLT_12, PilotVoltage.VOLT_9, PilotVoltage.VOLT_6, PilotVoltage.VOLT_3);

  @Property(tries = 60)
  void neverFalls(@ForAll long seed) {
    Path file = null;
    try {
      file = Files.createTempFile("chargers", ".txt");
      Files.delete(file);
      new Walk(new Random(seed), file).run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (file != null) {
        boolean unused = file.toFile().delete();
      }
    }
  }

  private static final class Walk implements StatePublisher {
    private final Random random;
    private final Path file;
    private final Map<String, ChargerState> heard = new LinkedHashMap<>();
    private final Map<String, SessionReport> reports = new LinkedHashMap<>();
    private final Object[] connections = new Object[CHARGERS];
    private final boolean[] closed = new boolean[CHARGERS];
    private final PilotVoltage[] pilots = new PilotVoltage[CHARGERS];
    private ChargerJournal journal;
    private StateBoard board;
    private @Nullable Batch onItsWay;
    private long millis;
    private int rises;

    Walk(Random random, Path file) throws IOException {
      this.random = random;
      this.file = file;
      journal = new ChargerJournal(file);
      board = start();
    }

    private StateBoard start() throws IOException {
      journal = new ChargerJournal(file);
      Sensors sensors =
          new Sensors(
              new PhaseCalibration(new Calibration(0, 10, 1), null, null),
              new PhaseCalibration(new Calibration(0, 100, 1), null, null));
      StateBoard fresh = new StateBoard(serial -> sensors, "root", 100, this, clientId -> {});
      fresh.open(journal.read(), SerialNumber::hex, nanos());
      for (int i = 0; i < CHARGERS; i++) {
        connections[i] = new Object();
        fresh.connected(connections[i], serial(i).hex(), serial(i), 9, nanos());
      }
      fresh.brokerConnected(nanos());
      return fresh;
    }

    void run() throws IOException {
      for (int i = 0; i < CHARGERS; i++) {
        pilots[i] = PilotVoltage.VOLT_12;
      }
      for (int step = 0; step < 2_000; step++) {
        millis += random.nextInt(3_000);
        int charger = random.nextInt(CHARGERS);
        switch (random.nextInt(40)) {
          case 0 -> pilots[charger] = PILOTS.get(random.nextInt(PILOTS.size()));
          case 1, 2 -> closed[charger] = !closed[charger];
          case 3 -> {
            // Killed: what is on its way to the disk has arrived, or has not.
            if (onItsWay != null && random.nextBoolean()) {
              journal.write(onItsWay);
            }
            onItsWay = null;
            millis += random.nextInt(20_000);
            board = start();
          }
          case 4 -> {
            board.brokerLost();
            board.brokerConnected(nanos());
          }
          default -> {
            // Nothing but the reading.
          }
        }
        board.reading(
            connections[charger],
            serial(charger).hex(),
            ChargerStateExamples.reading(26, closed[charger], pilots[charger], 60_000 + millis),
            NOON.plusMillis(millis),
            nanos(),
            nanos());
        write();
        Long unused = board.sweep(nanos());
      }
      assertTrue(rises > 0, "something was counted");
    }

    /** The disk takes its time, and fails now and then. */
    private void write() throws IOException {
      Batch batch = onItsWay;
      if (batch == null) {
        onItsWay = board.beginBatch(nanos(), false);
      } else if (random.nextInt(4) > 0) {
        onItsWay = null;
        if (random.nextInt(10) == 0) {
          board.failed(batch, nanos());
        } else {
          journal.write(batch);
          board.written(batch, nanos());
        }
      }
    }

    @Override
    public void state(String clientId, ChargerState state) {
      ChargerState before = heard.put(clientId, state);
      if (before == null || before.energyKwh() == null) {
        return;
      }
      double now = value(state.energyKwh());
      assertTrue(now >= before.energyKwh(), () -> now + " after " + before.energyKwh());
      if (now > before.energyKwh()) {
        rises++;
      }
      if (before.sessionStart() != null && before.sessionStart().equals(state.sessionStart())) {
        assertTrue(value(state.sessionKwh()) >= value(before.sessionKwh()));
        assertTrue(value(state.chargingSeconds()) >= value(before.chargingSeconds()));
      }
    }

    private static double value(@Nullable Number number) {
      assertNotNull(number, "it was known before");
      return number.doubleValue();
    }

    @Override
    public void session(String clientId, SessionReport report) {
      SessionReport before = reports.put(clientId, report);
      if (before != null && before.sessionStart().equals(report.sessionStart())) {
        assertEquals(before, report, "a finished session does not change");
      }
      assertEquals(
          value(report.sessionKwh()),
          value(report.energyKwhEnd()) - value(report.energyKwhStart()),
          0.0001);
    }

    @Override
    public void log(String clientId, LogLine line) {
      throw new AssertionError(line);
    }

    @Override
    public void clear(String topic) {
      throw new AssertionError(topic);
    }

    private long nanos() {
      return millis * 1_000_000;
    }

    private static SerialNumber serial(int charger) {
      return new SerialNumber(("0" + charger).repeat(16));
    }
  }
}
