package dev.evsebridge.testkit;

import java.io.BufferedInputStream;
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

/**
 * A broker that answers every connection, subscription and message (QoS 1) with the reason codes it
 * was told, and delivers nothing: for refusals that Mosquitto's access rules never give.
 */
public final class RefusingBroker implements AutoCloseable {
  public static final int SUCCESS = 0;
  public static final int UNSUPPORTED_PROTOCOL_VERSION = 0x84;
  public static final int NOT_AUTHORISED = 0x87;

  private static final int CONNECT = 1;
  private static final int CONNACK = 0x20;
  private static final int PUBLISH = 3;
  private static final int PUBACK = 0x40;
  private static final int SUBSCRIBE = 8;
  private static final int SUBACK = 0x90;
  private static final int PINGREQ = 12;
  private static final int PINGRESP = 0xD0;

  private final ServerSocket server;
  private final int connectReason;
  private final int subscribeReason;
  private final int publishReason;
  private final AtomicInteger connections = new AtomicInteger();
  private final List<String> topics = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  private RefusingBroker(int connectReason, int subscribeReason, int publishReason) {
    this.connectReason = connectReason;
    this.subscribeReason = subscribeReason;
    this.publishReason = publishReason;
    try {
      server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** With the reason codes of its CONNACK, SUBACK and PUBACK packets. */
  public static RefusingBroker start(int connectReason, int subscribeReason, int publishReason) {
    RefusingBroker broker = new RefusingBroker(connectReason, subscribeReason, publishReason);
    run(broker::accept);
    return broker;
  }

  public String url() {
    return "tcp://127.0.0.1:" + server.getLocalPort();
  }

  /** How often somebody has asked to be connected. */
  public int connections() {
    return connections.get();
  }

  /** The topics of the messages that came, in their order. */
  public List<String> topics() {
    return List.copyOf(topics);
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
    Thread thread = new Thread(task, "refusing-broker");
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
      while (true) {
        int first = in.readUnsignedByte();
        byte[] packet = new byte[MqttPackets.variableInteger(in)];
        in.readFully(packet);
        switch (first >> 4) {
          case CONNECT -> {
            connections.incrementAndGet();
            send(out, CONNACK, 0, connectReason, 0);
          }
          case SUBSCRIBE -> send(out, SUBACK, packet[0], packet[1], 0, subscribeReason);
          case PUBLISH -> {
            int length = (packet[0] & 0xFF) << 8 | (packet[1] & 0xFF);
            topics.add(new String(packet, 2, length, StandardCharsets.UTF_8));
            send(out, PUBACK, packet[2 + length], packet[3 + length], publishReason, 0);
          }
          case PINGREQ -> send(out, PINGRESP);
          default -> {
            // nothing else asks for an answer
          }
        }
      }
    } catch (IOException gone) {
      // the client has left
    }
  }

  private static void send(OutputStream out, int first, int... rest) throws IOException {
    byte[] bytes = new byte[rest.length];
    for (int i = 0; i < rest.length; i++) {
      bytes[i] = (byte) rest[i];
    }
    MqttPackets.write(out, first, bytes);
  }
}
