package dev.evsebridge.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.simulator.Scenario;
import dev.evsebridge.simulator.SimulatedCharger;
import dev.evsebridge.simulator.Simulator;
import dev.evsebridge.simulator.SimulatorTiming;
import dev.evsebridge.testkit.BridgeProcess;
import dev.evsebridge.testkit.Browser;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.IngressProxy;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresBrowser;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
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
      openWithCard();
      assertFalse(browser.find(card + ".switch").isEnabled());
      assertTrue(browser.text(card).contains("first reading"), () -> browser.text(card));

      browser.click(card + ".read");
      until("its state is there", () -> browser.text(card + ".contactor").equals("open"));
      assertTrue(browser.text(card).contains("not calibrated"), () -> browser.text(card));
      charger.takeFrame();

      browser.click(card + ".switch");
      WebElement dialog = browser.find("dialog[open]");
      assertTrue(dialog.getText().contains("does not check"), dialog::getText);
      browser.press(Keys.ESCAPE);
      until("it has gone", () -> !dialog.isDisplayed());
      assertEquals(List.of(), charger.untakenFrames());

      browser.click(card + ".switch");
      browser.click("#confirm-yes");
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
      openWithCard();
      browser.click(card + ".read");
      until("it is said", () -> browser.text(card + ".outcome").equals("Read."));
      charger.stopAnswering();
      browser.click(card + ".read");
      MqttProbe.Message error = installation.probe().take(MqttProbe.errorOf(serial));
      until(
          "the error is shown",
          () -> browser.text(card + "[role=status]").contains(error.field("detail")));
      until("it is counted", () -> browser.text(card + ".errors .count").equals("1"));
      browser.click(card + ".errors summary");
      assertTrue(browser.text(card + ".errors li").contains(error.field("detail")));
      assertTrue(browser.find(card + ".read").isEnabled());
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
      assertEquals(
          0L,
          browser.run(
              "return document.querySelectorAll(arguments[0] + ':is(button, input):enabled').length",
              card));
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
      openWithCard();
      browser.click(card + ".read");
      browser.click(card + ".log summary");
      until("the line is there", () -> browser.text(card + ".log ol").contains(markup));
      assertNotEquals("hacked", browser.run("return document.body.id"));
      assertEquals(List.of(), browser.complaints());
    }
  }

  @Test
  void asksNoChargerByItself() {
    try (Installation installation = installation()) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      openWithCard();
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
      openWithReading();
      assertEquals("", browser.text("[role=alert]"));

      installation.mosquitto().stop();
      until("it says so", () -> browser.text("[role=alert]").contains("broker"));
      installation.mosquitto().start();
      until("all is well again", () -> browser.text("[role=alert]").isEmpty());

      installation.bridge().kill();
      until("it says so", () -> browser.text("[role=alert]").contains("bridge"));
      assertFalse(browser.find(card + ".read").isEnabled());
      assertTrue(browser.text(card + ".reason").contains("lost the bridge"));
      assertEquals("out of date", browser.text(card + ".link"));
      installation.bridge().start().awaitListening();
      until("all is well again", () -> browser.text("[role=alert]").isEmpty());
      until("its end is told", () -> browser.text(card + ".link").startsWith("offline since "));
      assertEquals("Offline", browser.text(card + ".state"));
      assertFalse(browser.find(card + ".read").isEnabled());
      assertEquals("The charger is offline.", browser.text(card + ".reason"));
    }
  }

  @Test
  void saysWhatTheFailSafeHasDone() {
    try (Installation installation = installation("bridge.broker_loss_grace = 500ms")) {
      installation.charger(serial).answerLikeFirmware();
      installation.probe().request(Messages.collect(serial));
      openWithReading();
      installation.mosquitto().stop();
      until("it says so", () -> browser.text("[role=alert]").contains("fail-safe has acted"));
      assertTrue(browser.text("[role=alert]").contains("lets no chargers connect"));
      until("its end is told", () -> browser.text(card + ".link").startsWith("offline since "));
      assertEquals("0 of 1 online", browser.text("#summary"));
    }
  }

  @Test
  void saysWhatTheCarDoesAndWhyItDoesNotCharge() {
    try (Installation installation = installation()) {
      ChargerReading reading = ChargerReading.typical().contactor(0).pwmPercent(26);
      installation.charger(serial).answerLikeFirmware(reading, 9);
      browser.at(url);
      String[] words = {
        "No car", "Car connected", "Car connected, asks for power", "Car wants ventilation", "Fault"
      };
      for (int pilot = 0; pilot < words.length; pilot++) {
        reading.pilotVoltage(pilot);
        installation.probe().request(Messages.collect(serial));
        String expected = words[pilot];
        until(expected, () -> browser.text(card + ".state").equals(expected));
        if (pilot == 2) {
          assertEquals("The contactor is open.", browser.text(card + ".why"));
          assertEquals("15.6 A", browser.text(card + ".offered"));
        }
      }
      reading.pilotVoltage(2).contactor(1);
      installation.probe().request(Messages.collect(serial));
      until("it charges", () -> browser.text(card + ".state").equals("Charging"));
      assertEquals("", browser.text(card + ".why"));
      assertEquals("closed", browser.text(card + ".contactor"));
      assertEquals("1 of 1 online, 1 charging", browser.text("#summary"));
    }
  }

  @Test
  void locksControlsWhileARequestIsUnderWay() {
    try (Installation installation = installation("evse.request_timeout = 60s")) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      openWithCard();
      browser.click(card + ".read");
      until("it is said", () -> browser.text(card + ".outcome").equals("Read."));
      charger.takeFrame();
      charger.stopAnswering();
      browser.click(card + ".read");
      charger.takeFrame();
      assertTrue(browser.text(card + ".reason").contains("under way"));
      assertEquals(
          0L,
          browser.run(
              "return document.querySelectorAll(arguments[0] + '.controls :is(button, input):enabled').length",
              card));
      charger.send(ChargerReading.typical().frame());
      until("it is said", () -> browser.text(card + ".outcome").equals("Read."));
      assertEquals("", browser.text(card + ".reason"));
      assertEquals("read", focused());
    }
  }

  @Test
  void offersCurrentAndNoneByKeyboard() {
    try (Installation installation = installation()) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      installation.probe().request(Messages.collect(serial));
      charger.takeFrame();
      openWithReading();
      WebElement ampere = browser.find(card + ".offer input");
      ampere.sendKeys(Keys.chord(Keys.CONTROL, "a"), "10", Keys.ENTER);
      // It begins at the answer that does nothing.
      assertEquals("confirm-no", browser.run("return document.activeElement.id"));
      assertTrue(browser.text("dialog").contains("what the cable, the fuse and the wiring"));
      browser.press(Keys.TAB);
      browser.press(Keys.ENTER);
      assertEquals(WireFrame.setPwm(16), charger.takeFrame());
      until("it is said", () -> browser.text(card + ".outcome").equals("Offered: 10 A."));

      browser.find(card + ".none").sendKeys(Keys.ENTER);
      browser.press(Keys.ENTER);
      until("it is closed", () -> !browser.find("dialog").isDisplayed());
      browser.find(card + ".none").sendKeys(Keys.ENTER);
      browser.press(Keys.TAB);
      browser.press(Keys.ENTER);
      assertEquals(WireFrame.setPwm(100), charger.takeFrame());
      assertEquals(List.of(), charger.untakenFrames());
    }
  }

  /** IEC 61851-1, table A.8: above 51 A a percent is 2.5 A. */
  @Test
  void offersALargeCurrentAsItsOwnDutyCycle() {
    try (Installation installation = installation()) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      installation.probe().request(Messages.collect(serial));
      charger.takeFrame();
      openWithReading();
      WebElement ampere = browser.find(card + ".offer input");
      ampere.sendKeys(Keys.chord(Keys.CONTROL, "a"), "63", Keys.ENTER);
      assertTrue(browser.text("dialog").contains("89 percent"), () -> browser.text("dialog"));
      browser.click("#confirm-yes");
      assertEquals(WireFrame.setPwm(89), charger.takeFrame());
    }
  }

  @Test
  void fitsOnAPhoneWithEverythingUnfolded() {
    try (Installation installation = installation("evse.request_timeout = 300ms")) {
      String line = "7: " + "0123456789".repeat(20);
      RawCharger charger =
          installation
              .charger(serial)
              .answerLikeFirmware(ChargerReading.typical().log(line + "\0"), 9);
      installation.probe().request(Messages.collect(serial));
      charger.takeFrame();
      openWithReading();
      charger.stopAnswering();
      browser.wide(360).click(card + ".read");
      until("its error is there", () -> browser.text(card + ".errors .count").equals("1"));
      until("its log is there", () -> browser.text(card + ".log .count").equals("1"));
      browser.run(
          "document.querySelectorAll(arguments[0] + 'details').forEach(d => d.open = true)", card);
      assertEquals(360L, browser.run("return document.documentElement.scrollWidth"), "too wide");
      // A card cuts off what is too wide for it.
      assertEquals(
          "",
          browser.run(
              "const right = document.querySelector(arguments[0]).getBoundingClientRect().right;"
                  + " return [...document.querySelectorAll(arguments[0] + '*')]"
                  + ".filter(e => e.getBoundingClientRect().right > right + 0.5)"
                  + ".map(e => e.className || e.tagName).join(' ')",
              card));
      browser.picture("page-360-unfolded", 360);
      browser.wide(1280);
    }
  }

  @Test
  void listensAnewToABridgeThatHasFallenSilent() {
    try (Installation installation = installation()) {
      installation.charger(serial).answerLikeFirmware();
      openWithCard();
      browser.run("window.before = stream");
      until(
          "it listens anew",
          () ->
              Boolean.TRUE.equals(
                  browser.run("lastSign = Date.now() - 26_000; return stream !== before")));
      until("all is well again", () -> browser.text("[role=alert]").isEmpty());
      installation.probe().request(Messages.collect(serial));
      until("it goes on", () -> browser.text(card).contains("Last reading"));
    }
  }

  @Test
  void triesAgainWhereItsStreamWasRefused() throws IOException {
    List<Socket> others = new ArrayList<>();
    try (Installation installation = installation()) {
      installation.charger(serial).answerLikeFirmware();
      for (int i = 0; i < 20; i++) {
        Socket other = HttpProbe.of(port).connect();
        others.add(other);
        other
            .getOutputStream()
            .write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
        assertEquals('H', other.getInputStream().read());
      }
      browser.at(url);
      until("it is refused", () -> Long.valueOf(2).equals(browser.run("return stream.readyState")));
      assertEquals("Waiting for the bridge …", browser.text("#empty"));
      for (Socket other : others) {
        other.close();
      }
      until("its card is there", () -> browser.text(card + ".link").equals("online"));
    } finally {
      for (Socket other : others) {
        other.close();
      }
    }
  }

  @Test
  void setsTheLimitByKeyboard() {
    try (Installation installation =
        installation("control.mode = on", "control.max_amps = 16", "control.cable = fixed:32")) {
      installation.charger(serial).answerLikeFirmware();
      browser.at(url);
      until("it is read", () -> browser.text(card).contains("Last reading"));
      assertEquals("16 A", browser.text(card + ".slide output"));
      assertEquals("16", browser.find(card + ".slide input").getDomProperty("max"));
      assertFalse(browser.find(card + ".raw-control").isDisplayed());
      browser.find(card + ".slide input").sendKeys("");
      for (int amps = 15; amps >= 14; amps--) {
        String shown = amps + " A";
        int expected = amps;
        assertEquals("range", browser.run("return document.activeElement.type"));
        browser.press(Keys.ARROW_LEFT);
        installation
            .probe()
            .take(
                MqttProbe.onTopic("from_dehneEVSE/" + serial + "/state")
                    .and(state -> state.json().path("limit_amps").asDouble() == expected));
        until(
            "it is said",
            () -> browser.text(card + ".outcome").equals("The limit is " + shown + "."));
        until("it is shown", () -> browser.text(card + ".slide output").equals(shown));
      }

      Object unused =
          browser.run(
              "const shown = cards.get(arguments[0]); shown.state.errors = ['overcurrent'];"
                  + " shown.update(); shown.root.querySelector('.reset').click()",
              serial);
      until("it is said", () -> browser.text(card + ".outcome").contains("have been reset"));
    }
  }

  @Test
  void saysWhichBridgeHasACharger() {
    try (Installation installation = installation("bridge.name = one");
        BridgeProcess two =
            BridgeProcess.connectingTo(installation.mosquitto())
                .property("bridge.name", "two")
                .start()
                .awaitListening()) {
      // Of several bridges each asks for a ping first.
      installation.connect().answerLikeFirmware().hello(serial, 9);
      installation.probe().take(MqttProbe.message("new_connection", serial));
      installation.probe().request(Messages.collect(serial));
      openWithReading();
      try (RawCharger moved =
          RawCharger.connect(two.port()).answerLikeFirmware().hello(serial, 9)) {
        until("it is said", () -> browser.text(card + ".link").equals("at the bridge two"));
        assertEquals("At another bridge", browser.text(card + ".state"));
        assertFalse(browser.find(card + ".read").isEnabled());
        assertTrue(browser.text(card + ".reason").contains("bridge two"));
        assertTrue(moved.isOpen());
      }
      until("its end is told", () -> browser.text(card + ".link").startsWith("offline since "));
      installation.connect().answerLikeFirmware().hello(serial, 9);
      until("it is back", () -> browser.text(card + ".link").equals("online"));
    }
  }

  @Test
  void worksWithinHomeAssistant() throws IOException {
    try (Installation installation =
            installation("web.password = only for tests", "web.ingress = 127.0.0.1");
        IngressProxy homeAssistant = IngressProxy.to(port)) {
      RawCharger charger =
          installation
              .charger(serial)
              .answerLikeFirmware(ChargerReading.typical().log("7: one line\0"), 9);
      browser.at("http://127.0.0.1:" + homeAssistant.port() + "/").inFrame("#addon");
      until("its card is there", () -> browser.text(card + ".link").equals("online"));
      browser.click(card + ".read");
      until("it is said", () -> browser.text(card + ".outcome").equals("Read."));
      charger.takeFrame();
      until("its log is there", () -> browser.text(card + ".log .count").equals("1"));

      homeAssistant.cut();
      until("it says so", () -> browser.text("[role=alert]").contains("lost the bridge"));
      until("all is well again", () -> browser.text("[role=alert]").isEmpty());
      until("it is told anew", () -> browser.text(card + ".log .count").equals("1"));

      charger.close();
      until("its end is told", () -> browser.text(card + ".link").startsWith("offline since "));
      installation
          .probe()
          .publish(
              "to_dehneEVSE/bridge/request/forget",
              "{\"client_id\":\"%s\"}".formatted(serial).getBytes(StandardCharsets.UTF_8));
      until("it is gone", () -> browser.text("#chargers").equals("No charger has connected yet."));
    }
  }

  @Test
  void endsItsStreamWhenItIsLeft() throws IOException {
    try (Installation installation = installation();
        IngressProxy proxy = IngressProxy.to(port)) {
      installation.charger(serial).answerLikeFirmware();
      browser.at("http://127.0.0.1:" + proxy.port() + IngressProxy.PATH + "/");
      until("its card is there", () -> browser.text(card + ".link").equals("online"));
      browser.at("about:blank");
      // The browser itself would end it after some 45 s.
      Patience.until("it is ended", () -> proxy.underWay() == 0);
      browser.back();
      until("it goes on", () -> browser.text(card + ".link").equals("online"));
      assertEquals("", browser.text("[role=alert]"));
      installation.probe().request(Messages.collect(serial));
      until("it goes on", () -> browser.text(card).contains("Last reading"));
    }
  }

  @Test
  void refusesFirmwareThatCanNotBeSent(@TempDir Path folder) throws IOException {
    try (Installation installation = installation()) {
      installation.charger(serial).answerLikeFirmware(ChargerReading.typical().contactor(1), 9);
      installation.probe().request(Messages.collect(serial));
      openWithReading();
      browser.click(card + ".firmware summary");
      WebElement file = browser.find(card + ".firmware input");
      WebElement upload = browser.find(card + ".firmware button");
      for (int size : new int[] {0, 126_977}) {
        file.sendKeys(Files.write(folder.resolve(size + ".bin"), new byte[size]).toString());
        until("it is refused", () -> browser.text(card + ".image").contains(size + " bytes"));
        assertTrue(browser.text(card + ".image").contains("no firmware image"));
        assertFalse(upload.isEnabled());
      }
      file.sendKeys(Files.write(folder.resolve("new.bin"), new byte[126_976]).toString());
      until("it is taken", upload::isEnabled);
      upload.click();
      assertTrue(browser.text("dialog").contains("made for it"));
      browser.click("#confirm-yes");
      MqttProbe.Message error = installation.probe().take(MqttProbe.errorOf(serial));
      assertEquals("contactor_closed", error.field("error"));
      until(
          "it is said",
          () ->
              browser
                  .text(card + ".progress")
                  .matches("Refused.*: \\Q" + error.field("detail") + "\\E"));
      assertTrue(browser.find(card + ".read").isEnabled());
    }
  }

  @Test
  void canBeUsedByKeyboardAlone() {
    try (Installation installation = installation()) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      openWithCard();
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
      browser.click(card + ".firmware summary");
      Path image = Files.write(folder.resolve("new.bin"), new byte[5000]);
      browser.find(card + ".firmware input").sendKeys(image.toString());
      until("it is checked", () -> browser.text(card + ".image").contains("5000 bytes"));
      browser.click(card + ".firmware button");
      browser.click("#confirm-yes");

      assertEquals(WireFrame.collect(), charger.takeFrame());
      until("it is said", () -> browser.text(card + ".progress").contains("Checking"));
      assertTrue(browser.text(card + ".reason").contains("taking in firmware"));
      assertFalse(browser.find(card + ".read").isEnabled());
      assertTrue(browser.find(card + "progress").isDisplayed());
      assertEquals(
          "Sending: 43 %, 43",
          browser.run(
              "const shown = cards.get(arguments[0]); const told = shown.state.firmware;"
                  + " shown.state.firmware = {state: 'uploading', update_percentage: 43};"
                  + " shown.update();"
                  + " const said = shown.root.querySelector('.progress').textContent + ', '"
                  + " + shown.root.querySelector('progress').value;"
                  + " shown.state.firmware = told; shown.update(); return said",
              serial));
      charger.send(reading.frame());
      assertEquals(Messages.firmwareFrame(new byte[5000]), charger.takeFrame());
      until("it is said", () -> browser.text(card + ".progress").contains("restart"));
      charger.close();
      RawCharger restarted = installation.charger(serial, serial, 10);
      restarted.takeFrame();
      restarted.send(reading.firmwareVersion(10).uptime(1).frame());
      until("it is said", () -> browser.text(card + ".progress").contains("version 10"));
      until("it is usable again", () -> browser.find(card + ".read").isEnabled());
      assertFalse(browser.find(card + "progress").isDisplayed());
      assertEquals("version 10", browser.text(card + ".firmware .count"));
    }
  }

  @Test
  void showsAnUploadThatSomebodyElseHasBegun() {
    try (Installation installation = installation()) {
      RawCharger charger = installation.charger(serial).answerLikeFirmware();
      installation.probe().request(Messages.collect(serial));
      charger.takeFrame();
      openWithReading();
      charger.stopAnswering();
      installation.probe().request(Messages.firmware(serial, new byte[5000]));
      charger.takeFrame();
      browser.click(card + ".firmware summary");
      until("it is said", () -> browser.text(card + ".progress").contains("Checking"));
      assertEquals("The charger is taking in firmware.", browser.text(card + ".reason"));
      assertFalse(browser.find(card + ".read").isEnabled());
      assertFalse(browser.find(card + ".switch").isEnabled());
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
      assertTrue(
          browser.text(garage + ".energy").matches("This session\\s+\\d+\\.\\d\\d kWh"),
          () -> browser.text(garage + ".energy"));
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
      browser.click(garage + ".allow");
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

  private void openWithCard() {
    browser.at(url);
    until("its card is there", () -> browser.text(card + ".link").equals("online"));
  }

  private void openWithReading() {
    browser.at(url);
    until("its state is there", () -> browser.text(card).contains("Last reading"));
  }

  private static void until(String what, Callable<Boolean> condition) {
    Patience.until(what, Duration.ofSeconds(90), condition);
  }
}
