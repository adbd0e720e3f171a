package dev.evsebridge.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A client of the bridge's web port that sends what it is told, word for word: the JDK's own client
 * would not send a wrong {@code Host}.
 */
public final class HttpProbe {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final int port;
  private final InetAddress from;

  private HttpProbe(int port, InetAddress from) {
    this.port = port;
    this.from = from;
  }

  public static HttpProbe of(int port) {
    return new HttpProbe(port, InetAddress.getLoopbackAddress());
  }

  /** The same from another address of this machine, such as 127.0.0.2. */
  public HttpProbe from(String address) {
    try {
      return new HttpProbe(port, InetAddress.getByName(address));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** What came back. */
  public record Answer(int status, List<String> headers, String body) {
    public JsonNode json() {
      try {
        return MAPPER.readTree(body);
      } catch (IOException e) {
        throw new AssertionError("no JSON: " + this, e);
      }
    }

    /** The value of a header, or null. */
    public @Nullable String header(String name) {
      return headers.stream()
          .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT)))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(null);
    }
  }

  public Answer get(String path, String... headers) {
    return send("GET", path, "", headers);
  }

  /** As the bridge's own page does. */
  public Answer post(String path, String body) {
    return send(
        "POST", path, body, "Origin: http://127.0.0.1:" + port, "Content-Type: application/json");
  }

  /**
   * Sends a request and reads until the connection is closed.
   *
   * @param headers whole lines; {@code Host} is added unless one of them is it, or {@code -Host}
   */
  public Answer send(String method, String path, String body, String... headers) {
    List<String> lines = new ArrayList<>(List.of(headers));
    if (!lines.remove("-Host") && lines.stream().noneMatch(line -> line.startsWith("Host:"))) {
      lines.add("Host: 127.0.0.1:" + port);
    }
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    lines.add("Connection: close");
    if (content.length > 0) {
      lines.add("Content-Length: " + content.length);
    }
    String head = method + " " + path + " HTTP/1.1\r\n" + String.join("\r\n", lines) + "\r\n\r\n";
    try (Socket socket = connect()) {
      socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
      writeAsFarAsTaken(socket, content);
      return parse(readAll(socket.getInputStream()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A socket to the port; what is read from it must come within 20 s. */
  public Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(from, 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5_000);
    socket.setSoTimeout((int) Patience.LIMIT.toMillis());
    return socket;
  }

  private static void writeAsFarAsTaken(Socket socket, byte[] content) {
    try {
      socket.getOutputStream().write(content);
      socket.getOutputStream().flush();
    } catch (IOException e) {
      // It has been answered before it was sent as a whole.
    }
  }

  /** Until the end, or as long as patience lasts: a stream has none. */
  private static byte[] readAll(InputStream in) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    long endNanos = System.nanoTime() + Patience.LIMIT.toNanos();
    byte[] some = new byte[8192];
    try {
      for (int read = in.read(some); read >= 0; read = in.read(some)) {
        all.write(some, 0, read);
        if (System.nanoTime() - endNanos > 0) {
          break;
        }
      }
    } catch (IOException e) {
      // What came before the connection was cut off is looked at.
    }
    return all.toByteArray();
  }

  private static Answer parse(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      throw new AssertionError("no HTTP response: '" + text + "'");
    }
    List<String> head = List.of(text.substring(0, end).split("\r\n", -1));
    String body = text.substring(end + 4);
    boolean chunked =
        head.stream().anyMatch(line -> line.toLowerCase(Locale.ROOT).contains("chunked"));
    return new Answer(
        Integer.parseInt(head.get(0).split(" ", -1)[1]),
        head.subList(1, head.size()),
        chunked ? withoutChunks(body) : body);
  }

  private static String withoutChunks(String body) {
    StringBuilder whole = new StringBuilder();
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    int at = 0;
    while (at < bytes.length) {
      int end = at;
      while (end < bytes.length - 1 && bytes[end] != '\r') {
        end++;
      }
      int length = Integer.parseInt(new String(bytes, at, end - at, StandardCharsets.UTF_8), 16);
      whole.append(new String(bytes, end + 2, length, StandardCharsets.UTF_8));
      at = end + 2 + length + 2;
    }
    return whole.toString();
  }
}
