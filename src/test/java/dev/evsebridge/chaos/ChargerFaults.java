package dev.evsebridge.chaos;

import static dev.evsebridge.chaos.World.check;
import static dev.evsebridge.testkit.MqttProbe.errorOf;
import static dev.evsebridge.testkit.MqttProbe.message;

import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** What chargers may do. */
final class ChargerFaults {
  private static final int CLOSED = 1;

  private ChargerFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.harmless("a charger skips one answer", ChargerFaults::skipsOneAnswer),
        Fault.harmless("a charger stops answering", ChargerFaults::stopsAnswering),
        Fault.harmless("a charger answers late", ChargerFaults::answersLate),
        Fault.harmless("a charger answers twice and unasked", ChargerFaults::answersTwice),
        Fault.harmless("a charger resets after one of three pings", ChargerFaults::resets),
        Fault.harmless("a charger stops reading", ChargerFaults::stopsReading),
        Fault.harmless("a charger breaks the protocol", ChargerFaults::breaksTheProtocol),
        Fault.harmless("a charger sends a frame byte by byte", ChargerFaults::dribbles),
        Fault.harmless("a charger is back before its old socket is gone", ChargerFaults::isBack),
        Fault.harmless("two devices with one serial number", ChargerFaults::twins),
        Fault.harmless("a charger sends thousands of readings", ChargerFaults::chatters),
        Fault.harmless("firmware for a closed contactor", ChargerFaults::firmwareWhileClosed),
        Fault.harmless("firmware that the charger refuses", ChargerFaults::firmwareRefused),
        Fault.harmless("firmware that ends in a broken connection", ChargerFaults::firmwareBroken),
        Fault.harmless("readings under invented serial numbers", ChargerFaults::invented));
  }

  private static void skipsOneAnswer(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger = world.charger(serial)) {
      String skipped = world.ask(Messages.ping(serial));
      check(charger.takeFrame().equals(WireFrame.ping()), "no ping came");
      world.assertError(skipped, "timeout");
      charger.answerLikeFirmware();
      for (int i = 0; i < 3; i++) {
        String next = random.nextBoolean() ? Messages.ping(serial) : Messages.collect(serial);
        String error = world.outcome(world.ask(next)).field("error");
        check(error.isEmpty(), "a charger that answers again is blamed: " + error);
      }
    }
  }

  private static void stopsAnswering(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger = world.charger(serial)) {
      List<String> topics = askForAnything(world, serial, random, random.nextInt(3, 25));
      for (String topic : topics) {
        world.assertError(topic, "timeout", "disconnected", "busy", "not_connected");
      }
      charger.awaitClosed();
    }
  }

  private static List<String> askForAnything(
      World world, String serial, Random random, int number) {
    List<String> topics = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      topics.add(
          world.ask(
              switch (random.nextInt(4)) {
                case 0 -> Messages.ping(serial);
                case 1 -> Messages.collect(serial);
                case 2 -> Messages.setPwm(serial, 10 + random.nextInt(80));
                default -> Messages.setContactor(serial, false);
              }));
    }
    return topics;
  }

  private static void answersLate(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger = world.charger(serial)) {
      String topic = world.ask(Messages.setPwm(serial, 20));
      check(charger.takeFrame().equals(WireFrame.setPwm(20)), "no request came");
      world.assertError(topic, "timeout");
      charger.send(WireFrame.of(WireFrame.ANSWER_TO_PWM)).answerLikeFirmware();
      check(
          world.outcome(world.ask(Messages.setPwm(serial, 30))).isType("response_set_pwm_percent"),
          "a late answer has cost the next one");
    }
  }

  private static void answersTwice(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger = world.charger(serial)) {
      for (int type = WireFrame.ANSWER_TO_PING; type <= WireFrame.ANSWER_TO_CONTACTOR; type++) {
        if (type != WireFrame.READING) {
          charger.send(WireFrame.of(type)).send(WireFrame.of(type));
        }
      }
      charger.send(WireFrame.of(WireFrame.NOTIFY)).answerLikeFirmware();
      check(world.outcome(world.ask(Messages.ping(serial))).isType("response_ping"), "no answer");
    }
  }

  private static void resets(World world, Random random) {
    String serial = Serials.next();
    RawCharger charger = world.charger(serial);
    List<String> topics = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      topics.add(world.ask(Messages.ping(serial)));
    }
    charger.takeFrame();
    charger.reset();
    for (String topic : topics) {
      world.assertError(topic, "disconnected", "not_connected");
    }
  }

  private static void stopsReading(World world, Random random) throws IOException {
    String serial = Serials.next();
    try (Socket deaf = new Socket()) {
      deaf.setReceiveBufferSize(1024);
      deaf.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), world.port()));
      deaf.getOutputStream().write(RawCharger.helloBytes(serial, 9));
      world.probe().take(message("new_connection", serial));
      for (String topic : askForAnything(world, serial, random, 30)) {
        world.assertError(topic, "timeout", "disconnected", "busy", "not_connected");
      }
    }
  }

  private static void breaksTheProtocol(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger = world.charger(serial)) {
      switch (random.nextInt(5)) {
        case 0 -> charger.sendHead(WireFrame.READING, 0xFFFF_FFFFL);
        case 1 -> charger.sendHead(99, 0);
        case 2 -> charger.send(ChargerReading.typical().pilotVoltage(1).contactor(7).frame());
        case 3 -> charger.sendHead(WireFrame.NOTIFY, 3, (byte) 1, (byte) 2, (byte) 3);
        default -> {
          byte[] garbage = new byte[2000];
          random.nextBytes(garbage);
          garbage[0] = 77;
          charger.send(garbage);
        }
      }
      charger.awaitClosed();
      check(
          world.probe().take(errorOf(serial)).field("error").equals("protocol_error"),
          "no protocol_error");
    }
  }

  private static void dribbles(World world, Random random) {
    String serial = Serials.next();
    byte[] reading = ChargerReading.typical().frame().bytes();
    int cut = random.nextInt(1, reading.length - 1);
    try (RawCharger charger = world.charger(serial)) {
      charger.sendByteByByte(Arrays.copyOf(reading, cut));
      if (random.nextBoolean()) {
        charger.sendByteByByte(Arrays.copyOfRange(reading, cut, reading.length));
        world.probe().take(message("response_collect_data", serial));
        charger.sendByteByByte(Arrays.copyOf(reading, cut));
      }
      charger.awaitClosed(World.HANDSHAKE_TIMEOUT.plus(World.SLACK));
    }
  }

  private static void isBack(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger before = world.charger(serial)) {
      for (int i = 0; i < 5; i++) {
        String topic = world.ask(Messages.ping(serial));
        try (RawCharger after =
            RawCharger.connect(world.port()).answerLikeFirmware().hello(serial, 9)) {
          String error = world.outcome(topic).field("error");
          check(
              List.of("", "disconnected", "timeout", "not_connected").contains(error),
              "unexpected " + error);
          before.awaitClosed(World.SLACK);
        }
      }
    }
  }

  private static void twins(World world, Random random) {
    String serial = Serials.next();
    List<RawCharger> sockets = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      sockets.add(
          RawCharger.connect(world.port(), i % 2 == 0 ? "127.0.0.5" : "127.0.0.6")
              .answerLikeFirmware()
              .hello(serial, 9));
    }
    sockets.subList(0, 11).forEach(RawCharger::awaitClosed);
    check(world.outcome(world.ask(Messages.ping(serial))).isType("response_ping"), "no answer");
    sockets.forEach(RawCharger::close);
  }

  private static void chatters(World world, Random random) {
    String serial = Serials.next();
    byte[] reading = ChargerReading.typical().log("x".repeat(900)).frame().bytes();
    try (RawCharger charger = world.charger(serial)) {
      for (int i = 0; i < 3_000; i++) {
        charger.send(reading);
        if (i % 500 == 0) {
          world.assertServes();
        }
      }
      charger.send(WireFrame.of(WireFrame.NOTIFY));
      world.probe().take(message("notify", serial), World.SLACK.multipliedBy(3));
      charger.answerLikeFirmware();
      check(world.outcome(world.ask(Messages.ping(serial))).isType("response_ping"), "no answer");
    }
  }

  private static void firmwareWhileClosed(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger = world.charger(serial)) {
      if (random.nextBoolean()) {
        charger.answerLikeFirmware(ChargerReading.typical().contactor(CLOSED), 9);
        world.assertError(world.ask(firmware(serial, random)), "contactor_closed");
      } else {
        // says nothing at all
        world.assertError(world.ask(firmware(serial, random)), "timeout", "contactor_closed");
      }
      check(
          charger.untakenFrames().stream().noneMatch(each -> each.type() == WireFrame.FIRMWARE),
          "an image went out though the contactor is closed, or nobody knows");
    }
  }

  private static String firmware(String serial, Random random) {
    byte[] image = new byte[random.nextInt(1, 60_000)];
    random.nextBytes(image);
    return Messages.firmware(serial, image);
  }

  private static void firmwareRefused(World world, Random random) {
    String serial = Serials.next();
    ChargerReading reading = ChargerReading.typical().uptime(1_000_000);
    try (RawCharger charger = world.charger(serial)) {
      charger.answerLikeFirmware(reading, 9);
      String topic = world.ask(firmware(serial, random));
      awaitImage(charger);
      reading.uptime(1_010_000);
      charger.close();
      try (RawCharger again =
          RawCharger.connect(world.port()).answerLikeFirmware(reading, 9).hello(serial, 9)) {
        world.assertError(topic, "firmware_refused");
        check(again.isOpen(), "a charger that has refused its firmware was disconnected");
      }
    }
  }

  private static void awaitImage(RawCharger charger) {
    while (charger.takeFrame().type() != WireFrame.FIRMWARE) {
      // the reading before it
    }
  }

  private static void firmwareBroken(World world, Random random) {
    String serial = Serials.next();
    RawCharger charger = world.charger(serial).answerLikeFirmware();
    String topic = world.ask(firmware(serial, random));
    if (random.nextBoolean()) {
      awaitImage(charger);
    }
    charger.reset();
    world.assertError(topic, "disconnected", "timeout", "not_connected");
  }

  private static void invented(World world, Random random) {
    String serial = Serials.next();
    try (RawCharger charger =
        world.charger(serial).answerLikeFirmware(ChargerReading.typical().contactor(CLOSED), 9)) {
      List<RawCharger> strangers = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        byte[] anySerial = new byte[16];
        random.nextBytes(anySerial);
        strangers.add(
            RawCharger.connect(world.port(), "127.0.0.7")
                .hello(HexFormat.of().formatHex(anySerial), 9)
                .send(ChargerReading.typical().contactor(CLOSED).frame()));
      }
      world.assertError(world.ask(firmware(serial, random)), "contactor_closed");
      strangers.forEach(RawCharger::reset);
    }
  }
}
