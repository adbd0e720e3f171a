package dev.evsebridge.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber that reads whatever the broker has sent, even if the broker was killed right
 * afterwards, and that keeps its session at the broker: what it does not get, the broker never took
 * from the publisher, if that broker sends on before it acknowledges, as Mosquitto does.
 *
 * <p>It subscribes with QoS 0 and sends nothing of its own, so that the end of a killed broker's
 * connection is a goodbye behind the last message, not a reset that destroys what was on its way.
 * The broker must be told {@code queue_qos0_messages true}.
 */
public final class SteadySubscriber implements AutoCloseable {
  private static final int CONNECT = 0x10;
  private static final int CONNACK = 2;
  private static final int PUBLISH = 3;
  private static final int SUBSCRIBE = 0x82;
  private static final int SUBACK = 9;
  private static final int SESSION_EXPIRY = 0x11;
  private static final int ONLY_IF_NEW = 1 << 4;
  private static final long BEFORE_NEXT_ATTEMPT_NANOS = 50_000_000;

  private final String clientId = "steady-" + UUID.randomUUID();
  private final int port;
  private final String filter;
  private final BiConsumer<String, byte[]> receiver;
  private volatile boolean subscribed;
  private volatile boolean closed;
  private volatile @Nullable Socket socket;

  private SteadySubscriber(int port, String filter, BiConsumer<String, byte[]> receiver) {
    this.port = port;
    this.filter = filter;
    this.receiver = receiver;
  }

  /**
   * Subscribes, now and after each loss of the connection.
   *
   * @param receiver takes topic and payload, on one thread
   */
  public static SteadySubscriber start(
      Mosquitto mosquitto, String filter, BiConsumer<String, byte[]> receiver) {
    SteadySubscriber subscriber = new SteadySubscriber(mosquitto.port(), filter, receiver);
    Thread thread = new Thread(subscriber::run, "steady-subscriber");
    thread.setDaemon(true);
    thread.start();
    subscriber.awaitSubscribed();
    return subscriber;
  }

  /** Waits until the broker has confirmed the subscription on the present connection. */
  public void awaitSubscribed() {
    Patience.until("the subscriber is connected", () -> subscribed);
  }

  @Override
  public void close() {
    closed = true;
    Socket current = socket;
    if (current != null) {
      try {
        current.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void run() {
    while (!closed) {
      try (Socket fresh = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket = fresh;
        listen(fresh);
      } catch (IOException gone) {
        // comes back below
      }
      subscribed = false;
      LockSupport.parkNanos(BEFORE_NEXT_ATTEMPT_NANOS);
    }
  }

  private void listen(Socket fresh) throws IOException {
    DataOutputStream out = new DataOutputStream(fresh.getOutputStream());
    MqttPackets.write(out, CONNECT, connect());
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(fresh.getInputStream(), 1 << 16));
    while (true) {
      int first = in.readUnsignedByte();
      byte[] packet = new byte[MqttPackets.variableInteger(in)];
      in.readFully(packet);
      switch (first >> 4) {
        case CONNACK -> MqttPackets.write(out, SUBSCRIBE, subscribe());
        case SUBACK -> subscribed = true;
        case PUBLISH -> published((first >> 1) & 3, packet);
        default -> {
          // nothing else concerns us
        }
      }
    }
  }

  private void published(int qos, byte[] packet) {
    int topicLength = (packet[0] & 0xFF) << 8 | (packet[1] & 0xFF);
    String topic = new String(packet, 2, topicLength, StandardCharsets.UTF_8);
    int at = 2 + topicLength + (qos > 0 ? 2 : 0);
    int properties = 0;
    int shift = 0;
    int digit;
    do {
      digit = packet[at++];
      properties |= (digit & 0x7F) << shift;
      shift += 7;
    } while ((digit & 0x80) != 0);
    at += properties;
    byte[] payload = new byte[packet.length - at];
    System.arraycopy(packet, at, payload, 0, payload.length);
    receiver.accept(topic, payload);
  }

  private byte[] connect() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF("MQTT");
    out.writeByte(5);
    out.writeByte(0); // goes on with the old session
    out.writeShort(0); // no keep-alive
    out.writeByte(5);
    out.writeByte(SESSION_EXPIRY);
    out.writeInt(-1);
    out.writeUTF(clientId);
    return bytes.toByteArray();
  }

  private byte[] subscribe() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeShort(1);
    out.writeByte(0);
    out.writeUTF(filter);
    out.writeByte(ONLY_IF_NEW);
    return bytes.toByteArray();
  }
}
