package dev.evsebridge.testkit;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Just enough of an MQTT 3.1.1 client to publish one message at QoS 1, as old clients do. */
public final class Mqtt311Publisher {
  private Mqtt311Publisher() {}

  /** Returns when the broker has acknowledged it. */
  public static void publish(int brokerPort, String topic, String text) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), brokerPort);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        DataInputStream in = new DataInputStream(socket.getInputStream())) {
      socket.setSoTimeout((int) Patience.LIMIT.toMillis());
      MqttPackets.write(out, 0x10, connect());
      expect(in, 0x20, 2);
      MqttPackets.write(out, 0x32, publication(topic, text));
      expect(in, 0x40, 2);
      MqttPackets.write(out, 0xE0, new byte[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] connect() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (DataOutputStream data = new DataOutputStream(body)) {
      data.writeUTF("MQTT");
      data.writeByte(4); // 3.1.1
      data.writeByte(0x02); // clean session
      data.writeShort(60);
      data.writeUTF("old-client");
    }
    return body.toByteArray();
  }

  private static byte[] publication(String topic, String text) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (DataOutputStream data = new DataOutputStream(body)) {
      data.writeUTF(topic);
      data.writeShort(1);
      data.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return body.toByteArray();
  }

  private static void expect(DataInputStream in, int head, int length) throws IOException {
    int type = in.readUnsignedByte();
    int remaining = in.readUnsignedByte();
    if (type != head || remaining != length) {
      throw new IOException(
          "expected packet %x of %d, got %x of %d".formatted(head, length, type, remaining));
    }
    in.readFully(new byte[length]);
  }
}
