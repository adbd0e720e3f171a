package dev.evsebridge.mqtt;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.SocketFactory;

/**
 * Plain sockets to the broker. They send without delay, and they gather what is written while more
 * messages are known to follow: one system call for many messages instead of one for each.
 */
final class BrokerSockets extends SocketFactory {

  private static final int BUFFER_BYTES = 64 * 1024;

  /** Messages handed to the client and not yet seen here. */
  private final AtomicInteger announced = new AtomicInteger();

  /** One more message will be written soon. */
  void announce() {
    announced.incrementAndGet();
  }

  @Override
  public Socket createSocket() {
    return new GatheringSocket();
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress local, int localPort) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
    throw new UnsupportedOperationException();
  }

  private final class GatheringSocket extends Socket {

    @Override
    public InputStream getInputStream() throws IOException {
      return new BufferedInputStream(super.getInputStream(), BUFFER_BYTES);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      setTcpNoDelay(true);
      return new GatheringStream(super.getOutputStream());
    }
  }

  /** Each message ends with a flush; it is obeyed when no other message is known to follow. */
  private final class GatheringStream extends OutputStream {

    /** MQTT 5, table 2-1: the upper four bits of a PUBLISH packet's first byte. */
    private static final int PUBLISH = 3;

    private final OutputStream socket;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int filled;
    private boolean atPacketStart = true;

    GatheringStream(OutputStream socket) {
      this.socket = socket;
    }

    @Override
    public void write(int b) throws IOException {
      packetStarts(b);
      if (filled == buffer.length) {
        drain();
      }
      buffer[filled++] = (byte) b;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return;
      }
      packetStarts(bytes[offset]);
      if (length > buffer.length - filled) {
        drain();
      }
      if (length > buffer.length) {
        socket.write(bytes, offset, length);
      } else {
        System.arraycopy(bytes, offset, buffer, filled, length);
        filled += length;
      }
    }

    private void packetStarts(int firstByte) {
      if (atPacketStart) {
        atPacketStart = false;
        if (((firstByte & 0xFF) >> 4) == PUBLISH) {
          announced.decrementAndGet();
        }
      }
    }

    @Override
    public void flush() throws IOException {
      atPacketStart = true;
      if (announced.get() <= 0) {
        drain();
      }
    }

    private void drain() throws IOException {
      socket.write(buffer, 0, filled);
      filled = 0;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
