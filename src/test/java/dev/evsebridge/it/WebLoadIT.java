package dev.evsebridge.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.EventProbe;
import dev.evsebridge.testkit.Figures;
import dev.evsebridge.testkit.FreePort;
import dev.evsebridge.testkit.HttpProbe;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many chargers, and readers that do not read. */
@RequiresMosquitto
class WebLoadIT {
  private static final int PORT = FreePort.find();
  private static final HttpProbe HTTP = HttpProbe.of(PORT);
  private static final int MOST_STREAMS = 20;
  private static final int MOST_CHARGERS = 500;

  @RegisterExtension
  static final Installation INSTALLATION =
      Installation.with(bridge -> bridge.property("web.port", Integer.toString(PORT)));

  private final String serial = Serials.next();

  /** The system itself keeps some 2.5 MB for a reader on the same machine that does not read. */
  @Test
  void dropsReadersThatDoNotReadAndKeepsNothingForThem() throws IOException {
    List<String> serials = List.of(Serials.next(), Serials.next(), Serials.next(), serial);
    List<ChargerReading> readings = new ArrayList<>();
    for (String each : serials) {
      ChargerReading reading = ChargerReading.typical();
      readings.add(reading);
      INSTALLATION.charger(each).answerLikeFirmware(reading, 9);
    }
    List<Socket> stuck = new ArrayList<>();
    try (EventProbe reader = EventProbe.open(HTTP)) {
      readAll(serials, readings, 0, reader);
      Figures before = Figures.of(INSTALLATION.bridge());
      for (int i = 1; i < MOST_STREAMS; i++) {
        Socket socket = HTTP.connect();
        socket
            .getOutputStream()
            .write(
                "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        stuck.add(socket);
      }
      Patience.until("all are taken", () -> HTTP.get("/events").status() == 503);
      // 100 kB of events each time, 6 MB for each reader.
      for (int i = 1; i <= 60; i++) {
        readAll(serials, readings, i, reader);
      }
      long grown =
          Figures.of(INSTALLATION.bridge()).residentKibibytes() - before.residentKibibytes();
      assertTrue(grown < 30_000, () -> grown + " KiB more for " + stuck.size() + " readers");

      Patience.until(
          "there is room again",
          Duration.ofSeconds(60),
          () -> {
            try (EventProbe another = EventProbe.open(HTTP)) {
              return another.status() == 200;
            }
          });
      assertEnds(stuck.get(0));
      readAll(serials, readings, 61, reader);
    } finally {
      for (Socket socket : stuck) {
        socket.close();
      }
    }
  }

  /** Returns when a reader of the events has heard of it. */
  private static void readAll(
      List<String> serials, List<ChargerReading> readings, int number, EventProbe reader) {
    for (int i = 0; i < serials.size(); i++) {
      readings.get(i).log("1: x\0".repeat(199) + "2: " + number + "\0");
      assertEquals(
          200,
          HTTP.post(
                  "/api/chargers/" + serials.get(i) + "/requests",
                  "{\"message_type\":\"request_data_collection\"}")
              .status());
    }
    JsonNode unused =
        reader.take(
            "log",
            serials.get(serials.size() - 1),
            line -> line.get("text").asText().equals(Integer.toString(number)));
  }

  private static void assertEnds(Socket socket) throws IOException {
    byte[] some = new byte[64 * 1024];
    try {
      int read = socket.getInputStream().read(some);
      while (read >= 0) {
        read = socket.getInputStream().read(some);
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the stream was not closed", e);
    } catch (IOException e) {
      // It was reset.
    }
  }

  @Test
  void leavesOutTheSeriesOfEachChargerWhenThereAreTooMany() {
    for (int i = 0; i < MOST_CHARGERS; i++) {
      INSTALLATION.connect().hello(Serials.next(), 9);
    }
    Patience.until("all are there", () -> series("evse_charger_connected{") == MOST_CHARGERS);

    RawCharger last = INSTALLATION.connect().hello(serial, 9);
    Patience.until("it is too many", () -> series("evse_charger_") == 0);
    assertTrue(metrics().contains("\nevse_bridge_chargers_connected 501"), WebLoadIT::metrics);

    last.close();
    Patience.until("it has gone", () -> series("evse_charger_connected{") == MOST_CHARGERS);
  }

  private static long series(String begin) {
    return metrics().lines().filter(line -> line.startsWith(begin)).count();
  }

  private static String metrics() {
    return HTTP.get("/metrics").body();
  }
}
