package dev.evsebridge.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What Home Assistant and its Supervisor make of an add-on's page: {@code /} holds it in a frame,
 * and what is asked for below {@link #PATH} is passed on with the headers that they add and leave
 * out (homeassistant/components/hassio/ingress.py, supervisor/api/ingress.py). One request for each
 * connection. Everybody is logged in.
 */
public final class IngressProxy implements AutoCloseable {
  /** Where the add-on's page is. */
  public static final String PATH = "/api/hassio_ingress/aToken";

  private static final Set<String> LEFT_OUT =
      Set.of("accept-encoding", "connection", "x-ingress-path", "x-forwarded-for");

  private static final String FRAME =
      "<!doctype html><title>Home Assistant</title><link rel=icon href=data:,><iframe id=\"addon\" src=\""
          + PATH
          + "/\">";

  private final ServerSocket server;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private IngressProxy(int target) throws IOException {
    this.target = target;
    this.server = new ServerSocket();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePort.find()));
    run("ingress", this::accept);
  }

  /** Before the add-on on this port of 127.0.0.1. */
  public static IngressProxy to(int target) throws IOException {
    return new IngressProxy(target);
  }

  public int port() {
    return server.getLocalPort();
  }

  private static void run(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = server.accept();
        run("ingress-" + client.getPort(), () -> serve(client));
      }
    } catch (IOException closed) {
      // It has been closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      List<String> head = head(client.getInputStream());
      String[] request = head.get(0).split(" ", -1);
      if (request[1].startsWith(PATH + "/")) {
        pass(client, request, head.subList(1, head.size()));
      } else {
        String answer = request[1].equals("/") ? "200 OK" : "404 Not Found";
        byte[] page = request[1].equals("/") ? FRAME.getBytes(StandardCharsets.UTF_8) : new byte[0];
        write(
            client.getOutputStream(),
            List.of(
                "HTTP/1.1 " + answer,
                "Content-Type: text/html; charset=utf-8",
                "Content-Length: " + page.length,
                "Connection: close"));
        client.getOutputStream().write(page);
      }
    } catch (IOException gone) {
      // Whoever has asked, or was asked, is gone.
    }
  }

  private void pass(Socket client, String[] request, List<String> headers) throws IOException {
    List<String> head = new ArrayList<>();
    head.add(request[0] + " " + request[1].substring(PATH.length()) + " HTTP/1.1");
    String host = "";
    for (String line : headers) {
      String name = line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT);
      if (!LEFT_OUT.contains(name)) {
        head.add(line);
      }
      if (name.equals("host")) {
        host = line.substring(line.indexOf(':') + 1).strip();
      }
    }
    head.add("X-Ingress-Path: " + PATH);
    head.add("X-Forwarded-For: " + client.getInetAddress().getHostAddress());
    head.add("X-Forwarded-Host: " + host);
    head.add("X-Forwarded-Proto: http");
    head.add("Connection: close");
    try (Socket addon = new Socket(InetAddress.getLoopbackAddress(), target)) {
      open.add(addon);
      write(addon.getOutputStream(), head);
      run("ingress-body-" + client.getPort(), () -> pump(client, addon));
      addon.getInputStream().transferTo(client.getOutputStream());
    } finally {
      open.removeIf(Socket::isClosed);
    }
  }

  /** The browser's leaving ends the add-on's connection too. */
  private static void pump(Socket client, Socket addon) {
    try (addon) {
      client.getInputStream().transferTo(addon.getOutputStream());
    } catch (IOException gone) {
      // The answer is complete, or one of them has left.
    }
  }

  private static void write(OutputStream out, List<String> head) throws IOException {
    out.write((String.join("\r\n", head) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private static List<String> head(InputStream in) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      text.append((char) next);
    }
    return List.of(text.substring(0, text.length() - 4).split("\r\n", -1));
  }

  /** How many requests are being passed on just now. */
  public int underWay() {
    return open.size();
  }

  /** Cuts what is being passed on, as where the Supervisor is restarted. */
  public void cut() throws IOException {
    for (Socket addon : Set.copyOf(open)) {
      open.remove(addon);
      addon.close();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
