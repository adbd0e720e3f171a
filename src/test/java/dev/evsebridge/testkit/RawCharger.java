package dev.evsebridge.testkit;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The charger's end of the wire: a plain socket that sends what it is told, byte for byte, and
 * keeps what comes as frames. It checks nothing and answers nothing, unless told to {@link
 * #answerLikeFirmware answer like the firmware}.
 */
public final class RawCharger implements AutoCloseable {
  private static final int LONGEST_FRAME = 1 << 20;

  private final Socket socket;
  private final OutputStream out;
  private final BlockingQueue<WireFrame> frames = new LinkedBlockingQueue<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable ChargerReading answers;

  private RawCharger(Socket socket) throws IOException {
    this.socket = socket;
    out = socket.getOutputStream();
  }

  /** Opens the connection and says nothing yet. */
  public static RawCharger connect(int port) {
    return connect(port, InetAddress.getLoopbackAddress().getHostAddress());
  }

  /** Opens the connection from another address of this machine, such as 127.0.0.2. */
  public static RawCharger connect(int port, String fromAddress) {
    try {
      Socket socket = new Socket();
      socket.bind(new InetSocketAddress(fromAddress, 0));
      socket.setTcpNoDelay(true);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5000);
      RawCharger charger = new RawCharger(socket);
      Thread reader = new Thread(charger::read, "charger-" + socket.getLocalPort());
      reader.setDaemon(true);
      reader.start();
      return charger;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public RawCharger hello(String serial, int firmwareVersion) {
    return send(helloBytes(serial, firmwareVersion));
  }

  public static byte[] helloBytes(String serial, int firmwareVersion) {
    byte[] hello = Arrays.copyOf(HexFormat.of().parseHex(serial), 17);
    hello[16] = (byte) firmwareVersion;
    return hello;
  }

  /** Everything in one write. */
  public RawCharger send(byte[] bytes) {
    return sendInPieces(bytes, bytes.length);
  }

  public RawCharger send(WireFrame frame) {
    return send(frame.bytes());
  }

  public RawCharger sendHex(String hex) {
    return send(HexFormat.of().parseHex(hex));
  }

  /** A frame's head alone, with any length, and whatever follows it. */
  public RawCharger sendHead(int type, long length, byte... following) {
    return send(
        ByteBuffer.allocate(5 + following.length)
            .put((byte) type)
            .putInt((int) length)
            .put(following)
            .array());
  }

  /** One write per piece, without the system gluing them together at this end. */
  public RawCharger sendInPieces(byte[] bytes, int size) {
    synchronized (out) {
      try {
        for (int at = 0; at < bytes.length; at += size) {
          out.write(bytes, at, Math.min(size, bytes.length - at));
          out.flush();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return this;
  }

  public RawCharger sendByteByByte(byte[] bytes) {
    return sendInPieces(bytes, 1);
  }

  /**
   * From now on answers every ping, collect, PWM and contactor request at once. The reading takes
   * the PWM and the contactor as they were set. The frames can be taken all the same.
   */
  public RawCharger answerLikeFirmware(ChargerReading reading, int firmwareVersion) {
    answers = reading.firmwareVersion(firmwareVersion);
    return this;
  }

  public RawCharger answerLikeFirmware() {
    return answerLikeFirmware(ChargerReading.typical(), 9);
  }

  public RawCharger stopAnswering() {
    answers = null;
    return this;
  }

  /** The next frame that came, waiting for it. */
  public WireFrame takeFrame() {
    return takeFrame(Patience.LIMIT);
  }

  public WireFrame takeFrame(Duration limit) {
    try {
      WireFrame frame = frames.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (frame == null) {
        throw new AssertionError(
            "no frame came to the charger within " + limit + (isOpen() ? "" : ": it was closed"));
      }
      return frame;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** The next frame that came, null if none comes in time. */
  public @Nullable WireFrame pollFrame(Duration limit) {
    try {
      return frames.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Says that nothing more will come, and waits for the bridge to close the connection. */
  public void finish() {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    awaitClosed();
    close();
  }

  /** The frames that came and were not taken yet. */
  public List<WireFrame> untakenFrames() {
    return new ArrayList<>(frames);
  }

  /** Waits for the bridge to close the connection. */
  public RawCharger awaitClosed() {
    return awaitClosed(Patience.LIMIT);
  }

  public RawCharger awaitClosed(Duration limit) {
    try {
      if (!closed.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("the connection was not closed within " + limit);
      }
      return this;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Whether neither end has closed it. */
  public boolean isOpen() {
    return closed.getCount() > 0;
  }

  /** Breaks the connection with an RST instead of a goodbye. */
  public void reset() {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read() {
    try (DataInputStream in = new DataInputStream(socket.getInputStream())) {
      while (true) {
        int type = in.readUnsignedByte();
        long length = Integer.toUnsignedLong(in.readInt());
        if (length > LONGEST_FRAME) {
          frames.add(new WireFrame(type, "length " + length));
          return;
        }
        byte[] payload = new byte[(int) length];
        in.readFully(payload);
        WireFrame frame = WireFrame.of(type, payload);
        answer(frame, payload);
        frames.add(frame);
      }
    } catch (IOException | UncheckedIOException ended) {
      // the end of the connection, from whichever side
    } finally {
      closed.countDown();
    }
  }

  private void answer(WireFrame request, byte[] payload) {
    ChargerReading reading = answers;
    if (reading == null) {
      return;
    }
    switch (request.type()) {
      case WireFrame.PING -> send(WireFrame.of(WireFrame.ANSWER_TO_PING));
      case WireFrame.COLLECT -> {
        send(reading.frame());
        reading.log("");
      }
      case WireFrame.SET_PWM -> {
        reading.pwmPercent(payload[0]);
        send(WireFrame.of(WireFrame.ANSWER_TO_PWM));
      }
      case WireFrame.SET_CONTACTOR -> {
        reading.contactor(payload[0]);
        send(WireFrame.of(WireFrame.ANSWER_TO_CONTACTOR));
      }
      default -> {
        // a firmware upload is never answered
      }
    }
  }
}
