package dev.evsebridge.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;

/** A reader of the bridge's server-sent events. */
public final class EventProbe implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Socket socket;
  private final BufferedReader lines;
  private final int status;

  private EventProbe(Socket socket) throws IOException {
    this.socket = socket;
    this.lines =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    this.status = Integer.parseInt(lines.readLine().split(" ", -1)[1]);
  }

  public static EventProbe open(HttpProbe http) throws IOException {
    Socket socket = http.connect();
    socket
        .getOutputStream()
        .write(
            "GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
    return new EventProbe(socket);
  }

  public int status() {
    return status;
  }

  /** Reads on until such an event comes; one without a name is a {@code message}. */
  public JsonNode take(String event, String clientId) {
    return take(event, clientId, data -> true);
  }

  public JsonNode take(String event, String clientId, Predicate<JsonNode> wanted) {
    String name = "message";
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("event: ")) {
          name = line.substring("event: ".length());
        } else if (line.startsWith("data: ")) {
          JsonNode data = MAPPER.readTree(line.substring("data: ".length()));
          if (name.equals(event)
              && data.get("client_id").asText().equals(clientId)
              && wanted.test(data)) {
            return data;
          }
          name = "message";
        }
      }
    } catch (IOException e) {
      throw new AssertionError("no event " + event + " of " + clientId, e);
    }
    throw new AssertionError("the stream has ended without an event " + event);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
