package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.testkit.Browser;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresBrowser;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The page, as a person sees and uses it. */
@RequiresMosquitto
@RequiresBrowser
class PageIT {
  private static Browser browser;

  private final int port = FreePort.find();
  private final String url = "http://127.0.0.1:" + port + "/";
  private final String serial = Serials.next();
  private final String card = "[data-client-id='" + serial + "'] ";

  @BeforeAll
  static void open() {
    browser = Browser.open();
  }

  @AfterAll
  static void close() {
    browser.close();
  }

  private Installation installation(String... settings) {
    return Installation.with(
            bridge -> {
              bridge.property("web.port", Integer.toString(port));
              for (String setting : settings) {
                String[] parts = setting.split("=", 2);
                bridge.property(parts[0].strip(), parts[1].strip());
              }
              return bridge;
            })
        .start();
  }

  @Test
  void readsAndSwitchesAfterItHasAskedBack() {
    try (Installation installation = installation()) {
      ChargerReading reading = ChargerReading.typical().contactor(0).pilotVoltage(2);
      RawCharger charger = installation.charger(serial).answerLikeFirmware(reading, 9);
      browser.at(url);
      until("its card is there", () -> browser.text(card + ".link").equals("online"));
      assertFalse(browser.find(card + ".switch").isEnabled());
      assertTrue(browser.text(card).contains("first reading"), () -> browser.text(card));

      browser.find(card + ".read").click();
      until("its state is there", () -> browser.text(card + ".contactor").equals("open"));
      assertTrue(browser.text(card).contains("not calibrated"), () -> browser.text(card));
      charger.takeFrame();

      browser.find(card + ".switch").click();
      WebElement dialog = browser.find("dialog[open]");
      assertTrue(dialog.getText().contains("does not check"), dialog::getText);
      browser.press(Keys.ESCAPE);
      until("it has gone", () -> !dialog.isDisplayed());
      assertEquals(List.of(), charger.untakenFrames());

      browser.find(card + ".switch").click();
      browser.find("#confirm-yes").click();
      assertEquals(WireFrame.setContactor(true), charger.takeFrame());
      installation.probe().take(MqttProbe.message("response_set_contactor_state", serial));
      until("it is said", () -> browser.text(card + ".outcome").contains("told to close"));
      assertEquals(List.of(), browser.complaints());
    }
  }

  @Test
  void showsTheErrorOfARefusedRequestWordForWord() {
    try (Installation installation = installation("evse.request_timeout = 300ms")) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      browser.at(url);
      until("its card is there", () -> browser.text(card + ".link").equals("online"));
      browser.find(card + ".read").click();
      until("it is said", () -> browser.text(card + ".outcome").equals("Read."));
      charger.stopAnswering();
      browser.find(card + ".read").click();
      MqttProbe.Message error = installation.probe().take(MqttProbe.errorOf(serial));
      until(
          "the error is shown",
          () -> browser.text(card + "[role=status]").contains(error.field("detail")));
    }
  }

  @Test
  void showsNothingToSwitchWhereItIsOnlyToBeRead() {
    try (Installation installation = installation("web.read_only = true")) {
      installation.charger(serial).answerLikeFirmware();
      browser.at(url);
      installation.probe().request(Messages.collect(serial));
      until("its state is there", () -> browser.text(card).contains("Last reading"));
      browser.run(
          "document.querySelectorAll(arguments[0] + 'details').forEach(d => d.open = true)", card);
      assertEquals(
          0L,
          browser.run(
              "return [...document.querySelectorAll('button, input')].filter(e => e.offsetParent).length"));
      assertTrue(browser.text(card).contains("web.read_only"), () -> browser.text(card));
      assertEquals("open", browser.text(card + ".contactor"));
    }
  }

  @Test
  void takesALogForTextWhateverItHolds() {
    String markup = "<img src=x onerror=\"document.body.id='hacked'\"><script>alert(1)</script>";
    try (Installation installation = installation()) {
      installation
          .charger(serial)
          .answerLikeFirmware(ChargerReading.typical().log("7: " + markup + "\0"), 9);
      browser.at(url);
      until("its card is there", () -> browser.text(card + ".link").equals("online"));
      browser.find(card + ".read").click();
      browser.find(card + ".log summary").click();
      until("the line is there", () -> browser.text(card + ".log ol").contains(markup));
      assertNotEquals("hacked", browser.run("return document.body.id"));
      assertEquals(List.of(), browser.complaints());
    }
  }

  @Test
  void asksNoChargerByItself() {
    try (Installation installation = installation()) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      browser.at(url);
      until("its card is there", () -> browser.text(card + ".link").equals("online"));
      // A second one comes and is shown: by then the first would have been asked.
      String other = Serials.next();
      installation.charger(other).answerLikeFirmware();
      installation.probe().request(Messages.collect(other));
      until(
          "that is shown",
          () -> browser.text("[data-client-id='" + other + "']").contains("Last reading"));
      browser.run("window.dispatchEvent(new Event('focus'))");
      assertEquals(List.of(), charger.untakenFrames());
    }
  }

  @Test
  void saysWhenTheBrokerIsAwayAndWhenTheBridgeIsLost() {
    try (Installation installation = installation()) {
      installation.charger(serial).answerLikeFirmware();
      installation.probe().request(Messages.collect(serial));
      browser.at(url);
      until("its state is there", () -> browser.text(card).contains("Last reading"));
      assertEquals("", browser.text("[role=alert]"));

      installation.mosquitto().stop();
      until("it says so", () -> browser.text("[role=alert]").contains("broker"));
      installation.mosquitto().start();
      until("all is well again", () -> browser.text("[role=alert]").isEmpty());

      installation.bridge().kill();
      until("it says so", () -> browser.text("[role=alert]").contains("bridge"));
      assertFalse(browser.find(card + ".read").isEnabled());
      installation.bridge().start().awaitListening();
      until("all is well again", () -> browser.text("[role=alert]").isEmpty());
    }
  }

  @Test
  void canBeUsedByKeyboardAlone() {
    try (Installation installation = installation()) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      browser.at(url);
      until("its card is there", () -> browser.text(card + ".link").equals("online"));
      for (int i = 0; i < 10 && !focused().equals("read"); i++) {
        browser.press(Keys.TAB);
      }
      browser.press(Keys.ENTER);
      assertEquals(WireFrame.collect(), charger.takeFrame());
    }
  }

  private static String focused() {
    return String.valueOf(browser.run("return document.activeElement.className"));
  }

  @Test
  void sendsFirmwareAndSaysHowItGoes(@TempDir Path folder) throws Exception {
    try (Installation installation = installation()) {
      ChargerReading reading = ChargerReading.typical().contactor(0);
      RawCharger charger = installation.charger(serial);
      browser.at(url);
      installation.probe().request(Messages.collect(serial));
      charger.takeFrame();
      charger.send(reading.frame());
      until("its state is there", () -> browser.text(card).contains("Last reading"));
      browser.find(card + ".firmware summary").click();
      Path image = Files.write(folder.resolve("new.bin"), new byte[5000]);
      browser.find(card + ".firmware input").sendKeys(image.toString());
      until("it is checked", () -> browser.text(card + ".image").contains("5000 bytes"));
      browser.find(card + ".firmware button").click();
      browser.find("#confirm-yes").click();

      assertEquals(WireFrame.collect(), charger.takeFrame());
      charger.send(reading.frame());
      assertEquals(Messages.firmwareFrame(new byte[5000]), charger.takeFrame());
      until("it is said", () -> browser.text(card + ".progress").contains("restart"));
      charger.close();
      RawCharger restarted = installation.charger(serial, serial, 10);
      restarted.takeFrame();
      restarted.send(reading.firmwareVersion(10).uptime(1).frame());
      until("it is said", () -> browser.text(card + ".progress").contains("version 10"));
    }
  }

  @Test
  void showsChargersThatChargeAndLetsThemBeSwitched() {
    int chargers = 3;
    String[] names = {"Garage", "Carport", "Guests"};
    try (Simulator named = simulator(1, chargers);
        Installation installation = installation(settings(named, names));
        Simulator simulator = simulator(installation.bridge().port(), chargers)) {
      simulator.start();
      browser.at(url).wide(1280);
      String garage = "[data-client-id='Garage'] ";
      until("one charges", () -> browser.text(garage + ".state").equals("Charging"));
      until("all are there", () -> browser.text(".card .link").equals("online\nonline\nonline"));
      until(
          "power is shown",
          () -> browser.text(garage + ".power").matches("(?s)1\\d\\.\\d\\s+kW.*"));
      for (int width : new int[] {360, 1280}) {
        browser.picture("page-" + width, width);
        assertEquals(
            (long) width, browser.run("return document.documentElement.scrollWidth"), "too wide");
      }
      browser.dark().picture("page-360-dark", 360);
      assertEquals(
          0L,
          browser.run(
              "return [...document.querySelectorAll('button')].filter(b => b.offsetParent && b.offsetHeight < 24).length"));

      SimulatedCharger charger = simulator.chargers().get(0);
      browser.find(garage + ".allow").click();
      until("the contactor is open", () -> !charger.isContactorClosed());
      until("that is shown", () -> browser.text(garage + ".contactor").equals("open"));
      until("with a reason", () -> browser.text(garage + ".why").contains("switched off"));
      assertEquals("false", browser.find(garage + ".allow").getDomAttribute("aria-checked"));
      assertEquals(List.of(), browser.complaints());
    }
  }

  private static Simulator simulator(int port, int chargers) {
    return new Simulator(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
        chargers,
        SimulatorTiming.DEFAULT,
        Scenario.CHARGING);
  }

  private static String[] settings(Simulator named, String... names) {
    var settings = new ArrayList<String>();
    for (int i = 0; i < names.length; i++) {
      SimulatedCharger charger = named.chargers().get(i);
      settings.add("evse_name.id_" + charger.serial() + " = " + names[i]);
      settings.addAll(charger.calibrationSettings());
    }
    settings.add("control.mode = on");
    settings.add("control.max_amps = 16");
    settings.add("control.initial_enabled = true");
    return settings.toArray(String[]::new);
  }

  private static void until(String what, Callable<Boolean> condition) {
    Patience.until(what, Duration.ofSeconds(90), condition);
  }
}
