package dev.evsebridge.testkit;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.ElementClickInterceptedException;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A real browser without a window. Nothing is downloaded for it. */
public final class Browser implements AutoCloseable {
  private static final Path PICTURES = Path.of(System.getProperty("basedir", ""), "target/page");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  static boolean isInstalled() {
    return chromium().isPresent() && chromedriver().isPresent();
  }

  private static Optional<File> chromium() {
    return program("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
  }

  private static Optional<File> chromedriver() {
    return program("/usr/bin/chromedriver", "/usr/local/bin/chromedriver");
  }

  private static Optional<File> program(String... paths) {
    return Stream.of(paths).map(File::new).filter(File::canExecute).findFirst();
  }

  public static Browser open() {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium().orElseThrow());
    options.addArguments(
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    return new Browser(
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver().orElseThrow())
                .usingAnyFreePort()
                .build(),
            options));
  }

  /** Opens a page. What there was to complain about an earlier one is forgotten. */
  public Browser at(String url) {
    driver.get("about:blank");
    List<String> unused = complaints();
    driver.get(url);
    return this;
  }

  /** Back to the page before. */
  public void back() {
    driver.navigate().back();
  }

  /** What follows is about the page in this frame, until another page is opened. */
  public Browser inFrame(String selector) {
    driver.switchTo().frame(find(selector));
    return this;
  }

  /** As wide as a phone, or as a screen on a desk. */
  public Browser wide(int pixels) {
    size(pixels, 900);
    return this;
  }

  private void size(int width, long height) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
  }

  public Browser dark() {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
    return this;
  }

  /** A link as slow as this, for all pages from now on; 0 bits per second: as fast as it is. */
  public Browser link(int latencyMillis, int downBitsPerSecond, int upBitsPerSecond) {
    driver.executeCdpCommand("Network.enable", Map.of());
    driver.executeCdpCommand(
        "Network.emulateNetworkConditions",
        Map.of(
            "offline",
            false,
            "latency",
            latencyMillis,
            "downloadThroughput",
            downBitsPerSecond == 0 ? -1 : downBitsPerSecond / 8,
            "uploadThroughput",
            upBitsPerSecond == 0 ? -1 : upBitsPerSecond / 8));
    return this;
  }

  /** Runs a script in each page before those of the page itself. */
  public Browser beforeEachPage(String script) {
    driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
    return this;
  }

  /** Forgets what it has kept of pages. */
  public void forget() {
    driver.executeCdpCommand("Network.clearBrowserCache", Map.of());
  }

  public WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  /**
   * Clicks once the element stays where it was looked for: what is said meanwhile moves the page.
   */
  public void click(String selector) {
    Patience.until(
        "a click on " + selector,
        () -> {
          try {
            find(selector).click();
            return true;
          } catch (ElementClickInterceptedException e) {
            return false;
          }
        });
  }

  /** The visible text of all elements; one that has gone meanwhile counts as empty. */
  public String text(String selector) {
    Object text =
        driver.executeScript(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText).join('\\n')",
            selector);
    return String.valueOf(text);
  }

  public @Nullable Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /** Presses keys where the focus is. */
  public void press(CharSequence... keys) {
    driver.switchTo().activeElement().sendKeys(keys);
  }

  /** What the browser itself complains about, such as what the page's policy has kept away. */
  public List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(entry -> entry.getMessage())
        .toList();
  }

  /** Writes what is seen, from top to bottom, to {@code target/page}. */
  public void picture(String name, int width) {
    size(width, 900);
    if (run("return Math.min(4000, document.documentElement.scrollHeight)")
        instanceof Long height) {
      size(width, height);
    }
    try {
      Files.createDirectories(PICTURES);
      Files.write(PICTURES.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
