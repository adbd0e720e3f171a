package dev.evsebridge.simulator;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The bridge's end of the wire, played with nothing but blocking sockets. */
final class PlainBridge implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 10_000;
  private static final int NOTIFICATION = 100;

  private final ServerSocket server;
  private final List<Wire> wires = new ArrayList<>();

  PlainBridge() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    server.setSoTimeout(TIMEOUT_MILLIS);
  }

  InetSocketAddress address() {
    return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
  }

  /** Waits for the next charger and takes its hello off the wire. */
  Wire accept() throws IOException {
    Socket socket = server.accept();
    socket.setSoTimeout(TIMEOUT_MILLIS);
    Wire wire = new Wire(socket);
    wires.add(wire);
    return wire;
  }

  boolean hasVisitorWithin(int millis) throws IOException {
    server.setSoTimeout(millis);
    try {
      accept();
      return true;
    } catch (SocketTimeoutException noVisitor) {
      return false;
    } finally {
      server.setSoTimeout(TIMEOUT_MILLIS);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Wire wire : wires) {
      wire.close();
    }
  }

  static final class Wire implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final byte[] hello;

    Wire(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new DataInputStream(socket.getInputStream());
      this.out = new DataOutputStream(socket.getOutputStream());
      this.hello = in.readNBytes(17);
    }

    byte[] hello() {
      return hello.clone();
    }

    void send(int type, byte... payload) throws IOException {
      sendRaw(frame(type, payload));
    }

    void sendRaw(byte... bytes) throws IOException {
      out.write(bytes);
      out.flush();
    }

    /** Sends a request and waits for what the charger says next, notifications left out. */
    Frame ask(int type, byte... payload) throws IOException {
      send(type, payload);
      Frame answer = read();
      while (answer.type == NOTIFICATION) {
        answer = read();
      }
      return answer;
    }

    Frame read() throws IOException {
      int type = in.readUnsignedByte();
      byte[] payload = new byte[in.readInt()];
      in.readFully(payload);
      return new Frame(type, ByteBuffer.wrap(payload));
    }

    /** Waits for the charger to end the connection, whatever it says before. */
    void awaitEnd() throws IOException {
      in.readAllBytes();
    }

    boolean isSilentFor(int millis) throws IOException {
      socket.setSoTimeout(millis);
      try {
        in.readByte();
        return false;
      } catch (SocketTimeoutException silent) {
        return true;
      } finally {
        socket.setSoTimeout(TIMEOUT_MILLIS);
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  record Frame(int type, ByteBuffer payload) {}

  static byte[] frame(int type, byte... payload) {
    return ByteBuffer.allocate(5 + payload.length)
        .put((byte) type)
        .putInt(payload.length)
        .put(payload)
        .array();
  }
}
