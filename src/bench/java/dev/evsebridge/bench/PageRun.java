package dev.evsebridge.bench;

import dev.evsebridge.testkit.Browser;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.Serials;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How long somebody with a phone waits for the page: from the start of the navigation until a
 * control of the first card can be used, by the clock of the browser. The browser itself slows the
 * link down, as its developer tools do: to so many bits per second, and each request waits for the
 * latency. Setting up a connection costs nothing extra there.
 */
final class PageRun {
  private static final int CHARGERS = 3;

  private static final String CLOCK =
      """
      new MutationObserver(() => {
        if (window.operableAt === undefined
            && document.querySelector('.card .controls .switch:enabled, .card .allow:enabled')) {
          window.operableAt = performance.now();
        }
      }).observe(document, {subtree: true, childList: true, attributes: true});
      """;

  private static final String TRANSFERRED =
      "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
          + ".filter(e => !e.name.endsWith('/events')).map(e => e.transferSize)";

  /** What the browser makes of the link; bits per second. */
  private record Link(String name, int downBits, int upBits, int latencyMillis) {}

  private static final List<Link> LINKS =
      List.of(
          new Link("no limit", 0, 0, 0),
          new Link("3G: 1.6 Mbit/s, 150 ms", 1_600_000, 750_000, 150),
          new Link("slow 3G: 400 kbit/s, 400 ms", 400_000, 400_000, 400));

  private PageRun() {}

  static void run(int rounds) {
    int port = FreePort.find();
    try (Installation installation =
            Installation.with(
                    bridge ->
                        bridge
                            .property("web.port", Integer.toString(port))
                            // Nobody asks these chargers for anything.
                            .property("evse.idle_timeout", "1h"))
                .start();
        Browser browser = Browser.open()) {
      for (int i = 0; i < CHARGERS; i++) {
        String serial = Serials.next();
        installation.charger(serial).answerLikeFirmware(ChargerReading.typical(), 9);
        installation.probe().request(Messages.collect(serial));
        installation.probe().take(MqttProbe.message("response_collect_data", serial));
      }
      browser.beforeEachPage(CLOCK).wide(360);
      String url = "http://127.0.0.1:" + port + "/";
      for (Link link : LINKS) {
        browser.link(link.latencyMillis(), link.downBits(), link.upBits());
        measure(browser, url, link.name() + ", first visit", rounds, true);
        measure(browser, url, link.name() + ", again", rounds, false);
      }
    }
  }

  private static void measure(
      Browser browser, String url, String name, int rounds, boolean forgetting) {
    List<Double> operable = new ArrayList<>();
    List<Double> painted = new ArrayList<>();
    String transferred = "";
    // The first one warms up.
    for (int round = 0; round <= rounds; round++) {
      if (forgetting) {
        browser.forget();
      }
      browser.at(url);
      Patience.until(
          "the page can be used",
          () -> Boolean.TRUE.equals(browser.run("return window.operableAt !== undefined")));
      if (round > 0) {
        operable.add(number(browser.run("return window.operableAt")));
        painted.add(
            number(
                browser.run(
                    "return performance.getEntriesByName('first-contentful-paint')[0].startTime")));
        transferred = String.valueOf(browser.run(TRANSFERRED));
      }
    }
    operable.sort(null);
    painted.sort(null);
    System.out.printf(
        Locale.ROOT,
        "%-42s usable after %4.0f ms (%.0f to %.0f), first seen after %4.0f ms; bytes %s%n",
        name,
        operable.get(rounds / 2),
        operable.get(0),
        operable.get(rounds - 1),
        painted.get(rounds / 2),
        transferred);
  }

  private static double number(@Nullable Object value) {
    return value instanceof Number number ? number.doubleValue() : Double.NaN;
  }
}
