package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What goes on without the external control, the broker or the bridge. */
class LifeTest {
  private static ControlSettings.Builder supervised() {
    return Bench.sixteenAmps().aliveTimeout(Duration.ofSeconds(30));
  }

  @Test
  void stopsWhenTheControlIsSilentAndGoesOnByItselfWhenItIsBack() {
    Bench bench = Bench.charging(supervised());
    bench.event(new Event.Alive());
    long sign = bench.millis();

    bench.run(29_900);
    assertEquals(List.of(), bench.commands());
    bench.run(200);
    assertEquals(30_000, bench.timeOf("PWM 100") - sign);
    assertEquals(Why.CONTROL_SILENT, bench.why());
    assertEquals(LifeSign.SILENT, bench.status().life());
    bench.run(2_000).pilot(PilotVoltage.VOLT_9).run(1_000);
    long opened = bench.timeOf("open");

    bench.run(5_000).event(new Event.Alive());
    assertEquals(LifeSign.ALIVE, bench.status().life());
    assertEquals(Why.MIN_OFF, bench.why());
    bench.quietly(PilotVoltage.VOLT_6);
    for (int i = 0; i < 8; i++) {
      bench.run(10_000).event(new Event.Alive());
    }

    assertTrue(bench.timeOf("close") - opened >= 60_000, "restart_delay");
    assertNull(bench.status().why());
  }

  @Test
  void lowersToTheFallbackAndComesBackAtASetPointThatChangesNothing() {
    Bench bench = Bench.charging(supervised().fallbackDeciamps(60));
    bench.event(new Event.Alive());

    bench.run(60_000);
    assertEquals(List.of("PWM 10"), bench.commands());
    assertEquals(LimitedBy.FALLBACK, bench.status().limitedBy());
    bench.limit(160).run(5_000);

    assertEquals(List.of("PWM 10", "PWM 26"), bench.commands());
  }

  @Test
  void takesSetPointsThatChangeNothingForSignsOfLife() {
    Bench bench = Bench.charging(supervised().fallbackDeciamps(60));

    for (int i = 0; i < 360; i++) {
      bench.limit(160).run(10_000);
    }

    assertEquals(List.of(), bench.commands());
  }

  @Test
  void storesOnlySetPointsThatChangeSomething() {
    Bench bench = new Bench(Bench.sixteenAmps()).connect();

    assertTrue(bench.set(false, 160).last().memoryChanged(), "the same as nothing, but said");
    assertFalse(bench.set(false, 160).last().memoryChanged());
    assertFalse(bench.limit(160).last().memoryChanged());
    assertTrue(bench.limit(100).last().memoryChanged());
    assertTrue(bench.enable(true).last().memoryChanged());
  }

  @Test
  void takesNothingForASignOfLifeThatHasWaitedWhileTheProcessWasFrozen() {
    Bench bench = Bench.charging(supervised());
    bench.event(new Event.Alive());
    bench.run(29_900);
    long frozenNanos = Duration.ofMinutes(1).toNanos();

    bench.event(new Event.Alive(frozenNanos));
    bench.event(new Event.SetPoint(null, 160, frozenNanos));
    bench.run(200);
    assertEquals(LifeSign.SILENT, bench.status().life());

    bench.event(new Event.Alive());
    bench.event(new Event.Alive(frozenNanos));
    assertEquals(LifeSign.ALIVE, bench.status().life());
  }

  @Test
  void takesTheLastWillForSilenceAtOnce() {
    Bench bench = Bench.charging(Bench.sixteenAmps().aliveTopic(true));
    bench.event(new Event.Alive());
    bench.run(600_000);
    assertEquals(List.of(), bench.commands());

    bench.event(new Event.Silent());

    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(Why.CONTROL_SILENT, bench.why());
  }

  @Test
  void countsSilenceFromTheStart() {
    Bench bench = new Bench(Bench.sixteenAmps().aliveTopic(true));

    bench.run(9_000);
    assertEquals(LifeSign.ALIVE, bench.status().life());
    bench.run(2_000);
    assertEquals(LifeSign.SILENT, bench.status().life());
    bench.event(new Event.Alive());
    assertEquals(LifeSign.ALIVE, bench.status().life());
  }

  @Test
  void supervisesNobodyUnlessAskedTo() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.event(new Event.Silent());
    bench.run(600_000);

    assertEquals(List.of(), bench.commands());
    assertEquals(LifeSign.NOT_SUPERVISED, bench.status().life());
  }

  @Test
  void stopsWithoutTheBrokerAndStillWatchesThePlug() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.event(new Event.BrokerLost());
    assertEquals(List.of("PWM 100"), bench.commands());
    assertEquals(Why.BROKER_LOST, bench.why());
    bench.run(1_000).pilot(PilotVoltage.VOLT_12);
    assertEquals(List.of("PWM 100", "open"), bench.commands());
    bench.forget().run(60_000);
    assertTrue(bench.count("collect") >= 11, "polls go on");
    assertEquals(Why.BROKER_LOST, bench.why());
    bench.event(new Event.BrokerBack());
    assertEquals(Why.NO_VEHICLE, bench.why());
  }

  @Test
  void goesOnWithTheFallbackWithoutTheBroker() {
    Bench bench = Bench.charging(Bench.sixteenAmps().fallbackDeciamps(60));

    bench.event(new Event.BrokerLost());
    bench.run(600_000);
    assertEquals(List.of("PWM 10"), bench.commands());
    bench.event(new Event.BrokerBack());

    assertEquals(List.of("PWM 10", "PWM 26"), bench.commands());
  }

  @Test
  void goesOnAsBeforeWithoutTheBrokerWhereThatIsWanted() {
    Bench bench = Bench.charging(Bench.sixteenAmps().brokerLoss(ControlSettings.BrokerLoss.KEEP));

    bench.event(new Event.BrokerLost());
    bench.run(60_000);

    assertEquals(List.of(), bench.commands());
    assertNull(bench.status().why());
  }

  @Test
  void stopsGracefullyAndLeavesWhenTheBridgeStops() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    long stopped = bench.millis();

    bench.event(new Event.Stopping());
    assertEquals(Why.BRIDGE_STOPPING, bench.why());
    bench.run(2_000).pilot(PilotVoltage.VOLT_9).run(1_000);

    assertEquals(List.of("PWM 100", "open", "leave BRIDGE_STOPPING"), bench.commands());
    assertTrue(bench.timeOf("leave BRIDGE_STOPPING") - stopped <= 3_000);
  }

  @Test
  void leavesInTimeAlthoughTheCarIgnoresTheEnd() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    long stopped = bench.millis();

    bench.event(new Event.Stopping());
    bench.run(8_000);

    assertEquals(List.of("PWM 100", "open", "leave BRIDGE_STOPPING"), bench.commands());
    assertTrue(bench.timeOf("leave BRIDGE_STOPPING") - stopped <= 7_500);
  }

  @Test
  void leavesACarChargingWhereThatIsWanted() {
    Bench bench = Bench.charging(Bench.sixteenAmps().onStop(ControlSettings.OnStop.LEAVE));

    bench.event(new Event.Stopping());

    assertEquals(List.of("leave BRIDGE_STOPPING"), bench.commands());
  }

  @Test
  void withdrawsAnOfferBeforeTheBridgeLeaves() {
    Bench bench = Bench.offered(Bench.sixteenAmps());

    bench.event(new Event.Stopping());
    bench.run(100);

    assertEquals(List.of("PWM 100", "leave BRIDGE_STOPPING"), bench.commands());
  }

  @Test
  void takesAChargingCarOverAfterARestart() {
    Bench bench = Bench.charging(Bench.sixteenAmps());

    bench.restart(20_000).connect().run(60_000);

    assertEquals(List.of(), bench.commands());
    assertEquals(ControlState.CHARGING, bench.state());
    assertEquals(160, bench.status().limitDeciamps());
  }

  @Test
  void remembersTheDelayAfterAStopByTheLimitOverARestart() {
    Bench bench = Bench.charging(Bench.sixteenAmps());
    bench.limit(0).run(1_000).pilot(PilotVoltage.VOLT_9).run(1_000).limit(160);
    long opened = bench.timeOf("open");

    bench.restart(1_000).connect().run(1_000);
    bench.pilot(PilotVoltage.VOLT_6).run(90_000);

    assertTrue(bench.timeOf("close") - opened >= 60_000, "restarted too early");
  }

  @Test
  void remembersTheStartsOverARestart() {
    Bench bench = Bench.charging(Bench.sixteenAmps().startsPerHour(1));
    bench.pilot(PilotVoltage.VOLT_9).run(1_000);

    bench.restart(1_000).connect().run(1_000);
    bench.pilot(PilotVoltage.VOLT_6).run(60_000);

    assertEquals(0, bench.count("close"));
    assertEquals(Why.TOO_MANY_STARTS, bench.why());
  }
}
