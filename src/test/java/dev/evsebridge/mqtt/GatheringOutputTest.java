package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class GatheringOutputTest {
  private static final byte[] PUBLISH = {0x32, 3, 'a', 'b', 'c'};
  private static final byte[] PING_REQUEST = {(byte) 0xC0, 0};

  private final GatheringOutput.Announcements announced = new GatheringOutput.Announcements();
  private final ServerSocket server;
  private final Socket client;
  private final Socket broker;
  private final OutputStream out;

  GatheringOutputTest() throws IOException {
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    client = new Socket();
    client.connect(server.getLocalSocketAddress());
    broker = server.accept();
    out = new GatheringOutput(client.getOutputStream(), announced);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    broker.close();
    server.close();
  }

  @Test
  void sendsAMessageAtOnceWhenNoOtherIsKnownToFollow() throws IOException {
    announced.announce();

    write(PUBLISH);

    assertReceived(PUBLISH);
  }

  @Test
  void gathersMessagesWhileOthersAreKnownToFollow() throws IOException {
    announced.announce();
    announced.announce();
    announced.announce();

    write(PUBLISH);
    write(PUBLISH);
    assertEquals(0, broker.getInputStream().available());
    write(PUBLISH);

    assertReceived(PUBLISH, PUBLISH, PUBLISH);
  }

  @Test
  void doesNotTakeOtherPacketsForAnnouncedMessages() throws IOException {
    announced.announce();

    write(PING_REQUEST);
    assertEquals(0, broker.getInputStream().available());
    write(PUBLISH);
    write(PING_REQUEST);

    assertReceived(PING_REQUEST, PUBLISH, PING_REQUEST);
  }

  @Test
  void countsAMessageOnceThoughItIsWrittenInPieces() throws IOException {
    announced.announce();
    announced.announce();

    out.write(PUBLISH[0]);
    out.write(PUBLISH, 1, 1);
    out.write(new byte[] {0x30, 0x30, 0x30});
    out.flush();
    assertEquals(0, broker.getInputStream().available());
    write(PUBLISH);

    assertReceived(new byte[] {0x32, 3, 0x30, 0x30, 0x30}, PUBLISH);
  }

  @Test
  void keepsTheOrderOfMessagesThatAreLargerThanItsBuffer() throws IOException {
    byte[] large = new byte[100_000];
    Arrays.fill(large, (byte) 7);
    large[0] = 0x32;
    announced.announce();
    announced.announce();
    announced.announce();

    write(PUBLISH);
    write(large);
    write(PUBLISH);

    assertReceived(PUBLISH, large, PUBLISH);
  }

  @Test
  void writesSingleBytesBeyondItsBuffer() throws IOException {
    byte[] bytes = new byte[70_000];
    Arrays.fill(bytes, (byte) 9);

    for (byte b : bytes) {
      out.write(b);
    }
    out.flush();

    assertReceived(bytes);
  }

  private void write(byte[] packet) throws IOException {
    out.write(packet);
    out.flush();
  }

  private void assertReceived(byte[]... packets) throws IOException {
    for (byte[] packet : packets) {
      assertArrayEquals(packet, broker.getInputStream().readNBytes(packet.length));
    }
    assertEquals(0, broker.getInputStream().available());
  }
}
