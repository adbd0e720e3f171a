package dev.evsebridge.testkit;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The network between a client and its broker: it passes everything on, counts the connections,
 * writes down what the client subscribes to and publishes on, and can be blocked as by a firewall
 * that drops packets: connections stay open, and nothing comes through.
 */
public final class Cable implements AutoCloseable {
  private static final int PUBLISH = 3;
  private static final int SUBSCRIBE = 8;

  private final ServerSocket entry;
  private final boolean readable;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final List<String> subscribed = new CopyOnWriteArrayList<>();
  private final Map<String, Integer> published = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile int brokerPort;
  private boolean blocked;
  private int connections;

  private Cable(int brokerPort, boolean readable) throws IOException {
    this.brokerPort = brokerPort;
    this.readable = readable;
    entry = new ServerSocket(FreePort.find(), 50, InetAddress.getLoopbackAddress());
    start("cable", this::accept);
  }

  public static Cable to(int brokerPort) {
    return open(brokerPort, true);
  }

  /** To a port that speaks TLS: what it passes on it can't read, and writes nothing down. */
  public static Cable toSecure(int brokerPort) {
    return open(brokerPort, false);
  }

  private static Cable open(int brokerPort, boolean readable) {
    try {
      return new Cable(brokerPort, readable);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where the client finds its broker. */
  public String url() {
    return "tcp://127.0.0.1:" + port();
  }

  public int port() {
    return entry.getLocalPort();
  }

  /** What was subscribed to so far, each time it was. */
  public List<String> subscribed() {
    return List.copyOf(subscribed);
  }

  /** The topics that were published on so far. */
  public Set<String> publishedTo() {
    return Set.copyOf(published.keySet());
  }

  /** How often something was published on a topic so far. */
  public int published(String topic) {
    return published.getOrDefault(topic, 0);
  }

  /** From now on nothing comes through, and nobody is told. */
  public void block() {
    setBlocked(true);
  }

  /** What was held back comes through, and everything after it. */
  public void unblock() {
    setBlocked(false);
  }

  /** From now on new connections go to another broker; those that are there end. */
  public void leadTo(int otherPort) {
    brokerPort = otherPort;
    cut();
  }

  /** Ends all connections; the client may connect again at once. */
  public void cut() {
    sockets.forEach(Cable::closeQuietly);
  }

  private void setBlocked(boolean newState) {
    lock.lock();
    try {
      blocked = newState;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the client has connected that many times in all, successfully or not. */
  public void awaitConnections(int number) {
    Patience.until(number + " connections to the broker", () -> connections() >= number);
  }

  public int connections() {
    lock.lock();
    try {
      return connections;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    closeQuietly(entry);
    sockets.forEach(Cable::closeQuietly);
    unblock();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = entry.accept();
      sockets.add(client);
      lock.lock();
      try {
        connections++;
      } finally {
        lock.unlock();
      }
      start("cable-" + client.getPort(), () -> join(client));
    }
  }

  private void join(Socket client) throws IOException {
    try (client;
        Socket broker = new Socket(InetAddress.getLoopbackAddress(), brokerPort)) {
      sockets.add(broker);
      client.setTcpNoDelay(true);
      broker.setTcpNoDelay(true);
      start(
          "cable-back-" + client.getPort(),
          () -> {
            try (client;
                broker) {
              pass(broker.getInputStream(), client.getOutputStream());
            }
          });
      if (!readable) {
        pass(client.getInputStream(), broker.getOutputStream());
        return;
      }
      DataInputStream in = new DataInputStream(client.getInputStream());
      while (true) {
        passPacket(in, broker.getOutputStream());
      }
    } finally {
      sockets.remove(client);
    }
  }

  private void pass(InputStream in, OutputStream out) throws IOException {
    byte[] buffer = new byte[8192];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      awaitUnblocked();
      out.write(buffer, 0, count);
    }
  }

  /** MQTT 5, section 2.1: type and flags, remaining length as a variable byte integer, the rest. */
  private void passPacket(DataInputStream in, OutputStream out) throws IOException {
    List<Byte> head = new ArrayList<>();
    int first = in.readUnsignedByte();
    head.add((byte) first);
    int length = 0;
    int shift = 0;
    int digit;
    do {
      digit = in.readUnsignedByte();
      head.add((byte) digit);
      length |= (digit & 0x7F) << shift;
      shift += 7;
    } while ((digit & 0x80) != 0);
    byte[] packet = new byte[head.size() + length];
    for (int at = 0; at < head.size(); at++) {
      packet[at] = head.get(at);
    }
    in.readFully(packet, head.size(), length);
    note(first >> 4, packet, head.size());
    awaitUnblocked();
    out.write(packet);
  }

  private void note(int type, byte[] packet, int start) {
    if (type == PUBLISH) {
      String topic = text(packet, start);
      if (!topic.isEmpty()) { // otherwise an alias stands for one that was named before
        published.merge(topic, 1, Integer::sum);
      }
    } else if (type == SUBSCRIBE) {
      // packet identifier, properties (shorter than 128 bytes here), one filter
      int properties = packet[start + 2];
      subscribed.add(text(packet, start + 3 + properties));
    }
  }

  private static String text(byte[] packet, int at) {
    int length = (packet[at] & 0xFF) << 8 | (packet[at + 1] & 0xFF);
    return new String(packet, at + 2, length, StandardCharsets.UTF_8);
  }

  private void awaitUnblocked() throws IOException {
    lock.lock();
    try {
      while (blocked && !entry.isClosed()) {
        boolean unused = changed.await(1, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      lock.unlock();
    }
  }

  /** What a thread here does until a socket ends. */
  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  private static void start(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException ended) {
                // one of the ends has hung up
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception alreadyClosed) {
      // as wanted
    }
  }
}
