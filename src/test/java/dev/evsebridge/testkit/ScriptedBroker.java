package dev.evsebridge.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A broker for one client that does what no real one does on demand: it answers each packet as it
 * was told, says anything, and ends the connection whenever it likes. Unless told otherwise it
 * accepts connections, subscriptions and messages, and delivers nothing.
 */
public final class ScriptedBroker implements AutoCloseable {
  public static final int CONNACK = 0x20;
  public static final int PUBACK = 0x40;
  public static final int PUBREC = 0x50;
  public static final int SUBACK = 0x90;
  public static final int PINGRESP = 0xD0;
  public static final int DISCONNECT = 0xE0;
  public static final int AUTH = 0xF0;

  private static final int CONNECT_TYPE = 1;
  private static final int PUBLISH_TYPE = 3;
  private static final int PUBREL_TYPE = 6;
  private static final int SUBSCRIBE_TYPE = 8;
  private static final int PINGREQ_TYPE = 12;
  private static final int PUBCOMP = 0x70;
  private static final int QOS_1 = 0x02;
  private static final int RETAINED = 0x01;

  private final ServerSocket server;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger pings = new AtomicInteger();
  private final List<Received> messages = new CopyOnWriteArrayList<>();
  private final List<Subscribed> subscriptions = new CopyOnWriteArrayList<>();
  private final List<byte[]> connects = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final List<Integer> acknowledged = new CopyOnWriteArrayList<>();
  private final AtomicInteger ids = new AtomicInteger();

  private volatile Function<byte[], int @Nullable []> onConnect = packet -> new int[] {0, 0, 0};
  private volatile Function<Subscribed, Integer> onSubscribe = subscribed -> 1;
  private volatile Function<Received, Integer> onPublish = received -> 0;
  private volatile boolean answersPings = true;
  private volatile @Nullable OutputStream current;

  private ScriptedBroker(int port) {
    try {
      server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static ScriptedBroker start() {
    ScriptedBroker broker = new ScriptedBroker(0);
    run(broker::accept);
    return broker;
  }

  /**
   * A message that came.
   *
   * @param id its packet identifier; 0 at QoS 0
   */
  public record Received(
      int connection, String topic, int qos, boolean retained, String text, int id) {}

  /**
   * A subscription that was asked for.
   *
   * @param retainHandling 0: stored messages please; 1: if it is new; 2: none
   * @param withIdentifier whether it has a subscription identifier
   */
  public record Subscribed(
      int connection, String filter, int retainHandling, boolean withIdentifier) {}

  /** Thrown by a script: the connection ends without a word. */
  public static final class HangUp extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int reason;

    /** Without a word. */
    public HangUp() {
      this(-1);
    }

    /** With a DISCONNECT packet of this reason. */
    public HangUp(int reason) {
      this.reason = reason;
    }
  }

  /** The body of the CONNACK for each CONNECT; null for none. */
  public ScriptedBroker onConnect(Function<byte[], int @Nullable []> script) {
    onConnect = script;
    return this;
  }

  /** The reason code of the SUBACK for each subscription. */
  public ScriptedBroker onSubscribe(Function<Subscribed, Integer> script) {
    onSubscribe = script;
    return this;
  }

  /** The reason code of the PUBACK or PUBREC for each message; negative for none. */
  public ScriptedBroker onPublish(Function<Received, Integer> script) {
    onPublish = script;
    return this;
  }

  /** From now on no ping has an answer. */
  public void answerNoPings() {
    answersPings = false;
  }

  public String url() {
    return "tcp://127.0.0.1:" + port();
  }

  public int port() {
    return server.getLocalPort();
  }

  /** How often somebody has asked to be connected. */
  public int connections() {
    return connections.get();
  }

  public int pings() {
    return pings.get();
  }

  public List<Received> messages() {
    return List.copyOf(messages);
  }

  public List<Subscribed> subscriptions() {
    return List.copyOf(subscriptions);
  }

  /** CONNECT packets without their first byte and length. */
  public List<byte[]> connects() {
    return List.copyOf(connects);
  }

  /** Packet identifiers of what the client has acknowledged. */
  public List<Integer> acknowledged() {
    return List.copyOf(acknowledged);
  }

  /** Connections that the client has not closed. */
  public long openConnections() {
    return sockets.stream().filter(socket -> !socket.isClosed()).count();
  }

  /** Sends any packet on the connection that was made last. */
  public void send(int firstByte, byte[] rest) {
    OutputStream out = current;
    if (out == null) {
      throw new IllegalStateException("nobody is connected");
    }
    try {
      synchronized (out) {
        MqttPackets.write(out, firstByte, rest);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Delivers a message with QoS 1 and these properties; returns its packet identifier. */
  public int deliver(String topic, byte[] properties, String text) {
    return deliver(topic, properties, text, 0);
  }

  /** The same as a message that the broker had stored. */
  public int deliverStored(String topic, String text) {
    return deliver(topic, new byte[0], text, RETAINED);
  }

  private int deliver(String topic, byte[] properties, String text, int flags) {
    int id = ids.incrementAndGet();
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    byte[] name = topic.getBytes(StandardCharsets.UTF_8);
    packet.write(name.length >> 8);
    packet.write(name.length);
    packet.writeBytes(name);
    packet.write(id >> 8);
    packet.write(id);
    packet.writeBytes(length(properties.length));
    packet.writeBytes(properties);
    packet.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    send((PUBLISH_TYPE << 4) | QOS_1 | flags, packet.toByteArray());
    return id;
  }

  /** MQTT 5, section 1.5.5. */
  public static byte[] length(int value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int left = value;
    do {
      bytes.write(left > 127 ? (left & 0x7F) | 0x80 : left);
      left >>= 7;
    } while (left > 0);
    return bytes.toByteArray();
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void run(Runnable task) {
    Thread thread = new Thread(task, "scripted-broker");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        sockets.add(socket);
        run(() -> serve(socket));
      } catch (IOException closed) {
        // the end of the loop
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      OutputStream out = socket.getOutputStream();
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      try {
        while (true) {
          int first = in.readUnsignedByte();
          byte[] packet = new byte[MqttPackets.variableInteger(in)];
          in.readFully(packet);
          answer(out, first, packet);
        }
      } catch (HangUp hangUp) {
        if (hangUp.reason >= 0) {
          answer(out, DISCONNECT, hangUp.reason);
        }
      }
    } catch (IOException gone) {
      // the client has left
    }
  }

  private void answer(OutputStream out, int first, byte[] packet) throws IOException {
    switch (first >> 4) {
      case CONNECT_TYPE -> {
        connections.incrementAndGet();
        connects.add(packet);
        int[] body = onConnect.apply(packet);
        if (body != null) {
          current = out;
          answer(out, CONNACK, body);
        }
      }
      case SUBSCRIBE_TYPE -> {
        Subscribed subscribed = subscribed(packet);
        subscriptions.add(subscribed);
        answer(out, SUBACK, packet[0], packet[1], 0, onSubscribe.apply(subscribed));
      }
      case PUBLISH_TYPE -> {
        Received received = received(first, packet);
        messages.add(received);
        int reason = onPublish.apply(received);
        int id = 2 + length(packet);
        if (received.qos() > 0 && reason >= 0) {
          answer(out, received.qos() == 1 ? PUBACK : PUBREC, packet[id], packet[id + 1], reason, 0);
        }
      }
      case PUBACK >> 4 -> acknowledged.add(((packet[0] & 0xFF) << 8) | (packet[1] & 0xFF));
      case PUBREL_TYPE -> answer(out, PUBCOMP, packet[0], packet[1]);
      case PINGREQ_TYPE -> {
        pings.incrementAndGet();
        if (answersPings) {
          answer(out, PINGRESP);
        }
      }
      default -> {
        // nothing else asks for an answer
      }
    }
  }

  private Subscribed subscribed(byte[] packet) {
    int properties = packet[2];
    int filter = 3 + properties;
    int length = ((packet[filter] & 0xFF) << 8) | (packet[filter + 1] & 0xFF);
    String text = new String(packet, filter + 2, length, StandardCharsets.UTF_8);
    int options = packet[filter + 2 + length];
    return new Subscribed(connections.get(), text, (options >> 4) & 3, properties > 0);
  }

  private Received received(int first, byte[] packet) {
    int length = length(packet);
    int qos = (first >> 1) & 3;
    String topic = new String(packet, 2, length, StandardCharsets.UTF_8);
    int properties = 2 + length + (qos > 0 ? 2 : 0);
    int start = properties + 1;
    int size = packet[properties] & 0x7F;
    if (packet[properties] < 0) {
      size |= (packet[properties + 1] & 0x7F) << 7;
      start++;
    }
    String text =
        start + size > packet.length
            ? ""
            : new String(
                packet, start + size, packet.length - start - size, StandardCharsets.UTF_8);
    int id = qos == 0 ? 0 : ((packet[2 + length] & 0xFF) << 8) | (packet[3 + length] & 0xFF);
    return new Received(connections.get(), topic, qos, (first & 1) != 0, text, id);
  }

  private static int length(byte[] packet) {
    return ((packet[0] & 0xFF) << 8) | (packet[1] & 0xFF);
  }

  private static void answer(OutputStream out, int first, int... rest) throws IOException {
    byte[] bytes = new byte[rest.length];
    for (int i = 0; i < rest.length; i++) {
      bytes[i] = (byte) rest[i];
    }
    synchronized (out) {
      MqttPackets.write(out, first, bytes);
    }
  }
}
