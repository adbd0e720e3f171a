package dev.evsebridge.chaos;

import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.Serials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** What anybody may do who reaches the port for chargers. */
final class StrangerFaults {
  private static final List<byte[]> PROBES =
      List.of(
          "GET / HTTP/1.1\r\nHost: charger\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
          HexFormat.of().parseHex("16030100dc010000d80303" + "5a".repeat(64)),
          "OPTIONS sip:nm SIP/2.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
          new byte[17],
          new byte[1],
          "\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

  private StrangerFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.harmless("a port scan", StrangerFaults::scan),
        Fault.harmless("connections that come and go at once", StrangerFaults::comeAndGo),
        Fault.harmless("hundreds of silent connections", StrangerFaults::silent),
        Fault.harmless("hundreds of half frames", StrangerFaults::halfFrames));
  }

  private static void scan(World world, Random random) throws IOException {
    List<Socket> open = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      byte[] probe = PROBES.get(random.nextInt(PROBES.size()));
      open.add(connect(world, 8));
      write(open.get(i), probe);
    }
    world.assertServes();
    closeAll(open, random);
  }

  private static void comeAndGo(World world, Random random) throws IOException {
    for (int i = 0; i < 400; i++) {
      Socket socket = connect(world, 9);
      if (random.nextBoolean()) {
        write(socket, RawCharger.helloBytes(Serials.next(), 9));
      }
      closeAll(List.of(socket), random);
    }
    world.assertServes();
  }

  private static void silent(World world, Random random) throws IOException {
    List<Socket> open = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      open.add(connect(world, 10 + i % 5));
      if (random.nextBoolean()) {
        write(open.get(i), new byte[random.nextInt(1, 17)]);
      }
    }
    world.assertServes();
    if (random.nextBoolean()) {
      World.pause(World.HANDSHAKE_TIMEOUT);
    }
    closeAll(open, random);
  }

  private static void halfFrames(World world, Random random) throws IOException {
    List<Socket> open = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      Socket socket = connect(world, 20 + i % 5);
      open.add(socket);
      write(socket, RawCharger.helloBytes(Serials.next(), 9));
      write(socket, new byte[] {2, 0, 0, 7, (byte) 0xF0});
      write(socket, new byte[random.nextInt(1, 2_000)]);
    }
    world.assertServes();
    closeAll(open, random);
  }

  private static Socket connect(World world, int network) throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress("127.0.0." + network, 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), world.port()), 5_000);
    return socket;
  }

  private static void write(Socket socket, byte[] bytes) throws IOException {
    try {
      socket.getOutputStream().write(bytes);
    } catch (SocketException closedByTheBridge) {
      // as it may
    }
  }

  private static void closeAll(List<Socket> sockets, Random random) throws IOException {
    for (Socket socket : sockets) {
      if (random.nextBoolean()) {
        socket.setSoLinger(true, 0);
      }
      socket.close();
    }
  }
}
