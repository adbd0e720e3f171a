package dev.evsebridge.chaos;

import static dev.evsebridge.chaos.World.check;

import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** What becomes of the process of the bridge, and of its surroundings. */
final class ProcessFaults {
  private ProcessFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.ofProcess("the bridge is killed", ProcessFaults::killed),
        Fault.ofProcess("the bridge is stopped", ProcessFaults::stopped),
        Fault.ofProcess("the bridge is killed, its files damaged", ProcessFaults::damaged),
        Fault.ofProcess("the bridge freezes", ProcessFaults::frozen),
        Fault.harmless("nobody reads the output of the bridge", ProcessFaults::outputBlocked));
  }

  private static void killed(World world, Random random) {
    restarted(world, world.bridge()::kill);
  }

  private static void stopped(World world, Random random) {
    restarted(
        world,
        () -> {
          int status = world.bridge().stop();
          check(status == 0 || status == 143, "stopped with status " + status);
        });
  }

  private static void damaged(World world, Random random) {
    restarted(
        world,
        () -> {
          world.bridge().kill();
          damage(world.bridge().directory().resolve("state"), random);
        });
  }

  /** A power cut may leave half lines and any bytes. */
  private static void damage(Path folder, Random random) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] garbage = new byte[random.nextInt(1, 50)];
        random.nextBytes(garbage);
        Path unused = Files.write(file, garbage, StandardOpenOption.APPEND);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void restarted(World world, Runnable end) {
    world.quieten();
    end.run();
    check(!world.bridge().isListening(), "somebody listens in place of the bridge");
    world.startBridge();
    world.requests().resume();
  }

  /** What has expired by the time the bridge goes on is not carried out. */
  private static void frozen(World world, Random random) {
    world.quieten();
    ReturningCharger charger = world.anyCharger();
    charger.forgetCommands();
    world.bridge().freeze();
    for (int i = 0; i < 4; i++) {
      world
          .probe()
          .requestExpiringAfter(
              Duration.ofSeconds(1), Messages.setContactor(charger.serial(), true));
    }
    World.pause(Duration.ofMillis(random.nextInt(2_500, 5_000)));
    world.bridge().thaw();
    Patience.until(
        "the bridge has dealt with what came meanwhile",
        () -> world.outcome(world.ask(Messages.ping("nobody"))).isType("error"));
    check(
        !charger.commands().contains(WireFrame.setContactor(true)),
        "a command was carried out after its expiry");
    Duration unused = world.requests().resume();
  }

  private static void outputBlocked(World world, Random random) {
    world
        .output()
        .blockedWhile(
            () -> {
              for (int i = 0; i < 600; i++) {
                String request = Messages.setPwm(world.anyCharger().serial(), 10 + i % 80);
                check(
                    world.outcome(world.ask(request)).isType("response_set_pwm_percent"),
                    "no answer");
              }
            });
  }
}
