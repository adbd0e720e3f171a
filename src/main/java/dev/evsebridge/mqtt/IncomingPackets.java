package dev.evsebridge.mqtt;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * What the broker sends, packet by packet, made so that version 1.2.5 of the client library can
 * read it. The library (the last release; nobody mends it any more)
 *
 * <ul>
 *   <li>takes two-byte lengths for signed: Correlation Data from 32 768 bytes on end its receiving
 *       thread, and a Receive Maximum from 32 768 on becomes negative, so that nothing can be sent;
 *   <li>ends its receiving thread on a text that holds a control character;
 *   <li>compares what it receives with the Maximum Packet Size of the <i>broker</i>;
 *   <li>allocates as many bytes as a packet announces before it looks at any limit;
 *   <li>ends the connection on refusals that it doesn't know (SUBACK with 0x97, 0xA1 or 0xA2;
 *       PUBACK with others than eight codes), and on every refusal of a message of QoS 2;
 *   <li>sends no pings at all, or one a day, if the broker wants that (Server Keep Alive), and
 *       would not notice that it has frozen.
 * </ul>
 */
final class IncomingPackets extends InputStream {

  private static final int CONNACK = 2;
  private static final int PUBLISH = 3;
  private static final int PUBACK = 4;
  private static final int PUBREC = 5;
  private static final int SUBACK = 9;
  private static final int AUTH = 15;

  private static final int PUBACK_FIRST_BYTE = PUBACK << 4;

  /** A TLS record of type "alert": the broker took the CONNECT packet for one of TLS. */
  private static final int TLS_ALERT = 0x15;

  /** MQTT 5, section 2.2.2.2: identifiers of properties. */
  private static final int CONTENT_TYPE = 0x03;

  private static final int RESPONSE_TOPIC = 0x08;
  private static final int CORRELATION_DATA = 0x09;
  private static final int SERVER_KEEP_ALIVE = 0x13;
  private static final int RECEIVE_MAXIMUM = 0x21;
  private static final int USER_PROPERTY = 0x26;
  private static final int MAXIMUM_PACKET_SIZE = 0x27;

  private static final int DEFAULT_RECEIVE_MAXIMUM = 65_535;

  /** What fits into a signed number of two bytes. */
  private static final int LONGEST_READABLE = Short.MAX_VALUE;

  private static final int FIRST_FAILURE = 0x80;

  /** The one reason of a CONNACK that the library doesn't know. */
  private static final int QOS_NOT_SUPPORTED = 0x9B;

  /** MQTT 5, table 3-4: the failures of a PUBACK that the library knows. */
  private static final int[] KNOWN_PUBLISH_FAILURES = {0x80, 0x83, 0x87, 0x90, 0x97, 0x99};

  /** MQTT 5, table 3-8: the failures of a SUBACK that the library knows. */
  private static final int[] KNOWN_SUBSCRIBE_FAILURES = {0x80, 0x83, 0x87, 0x8F, 0x91, 0x9E};

  private static final int KEPT_BYTES = 8 * 1024;
  private static final int LONGEST_HEADER = 5;

  /** Of messages that were read and not yet delivered; the library keeps eleven at most. */
  private static final int ARRIVALS = 64;

  private final InputStream in;
  private final LongSupplier arrivedAtNanos;
  private final long maximumPacketBytes;
  private final int longestKeepAliveSeconds;
  private byte[] packet = new byte[KEPT_BYTES];
  private int position;
  private int end;
  private boolean begun;
  private volatile int receiveMaximum = DEFAULT_RECEIVE_MAXIMUM;
  private volatile long brokersMaximumPacketBytes = Long.MAX_VALUE;
  private volatile int connectReason;
  private volatile int subscribeReason;
  private final long[] arrivals = new long[ARRIVALS];
  private int noted;
  private volatile int published;
  private int delivered;

  /**
   * Reads packets.
   *
   * @param arrivedAtNanos when the bytes that were read last arrived
   * @param maximumPacketBytes the longest that the broker may send
   * @param longestKeepAliveSeconds a longer one of the broker is not kept to: more pings than it
   *     wants may be sent (MQTT 5, section 3.1.2.10)
   */
  IncomingPackets(
      InputStream in,
      LongSupplier arrivedAtNanos,
      long maximumPacketBytes,
      int longestKeepAliveSeconds) {
    this.in = in;
    this.arrivedAtNanos = arrivedAtNanos;
    this.maximumPacketBytes = maximumPacketBytes;
    this.longestKeepAliveSeconds = longestKeepAliveSeconds;
  }

  /** Unacknowledged messages that the broker allows. */
  int receiveMaximum() {
    return receiveMaximum;
  }

  /** The longest packet that the broker takes. */
  long brokersMaximumPacketBytes() {
    return brokersMaximumPacketBytes;
  }

  /** The reason code of the CONNACK as the broker sent it; 0 if none has come. */
  int connectReason() {
    return connectReason;
  }

  /** The reason code of the last SUBACK as the broker sent it. */
  int subscribeReason() {
    return subscribeReason;
  }

  /** When the message that is delivered next arrived; to be called once for each, in order. */
  long nextArrivalNanos() {
    return delivered == published
        ? System.nanoTime()
        : arrivals[(delivered++ & Integer.MAX_VALUE) % ARRIVALS];
  }

  @Override
  public int read() throws IOException {
    return position < end || fill() ? packet[position++] & 0xFF : -1;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (position == end && !fill()) {
      return -1;
    }
    int count = Math.min(length, end - position);
    System.arraycopy(packet, position, bytes, offset, count);
    position += count;
    return count;
  }

  @Override
  public int available() {
    return end - position;
  }

  private boolean fill() throws IOException {
    int first = in.read();
    if (first < 0) {
      return false;
    }
    int type = first >> 4;
    if (!begun) {
      begun = true;
      requireMqtt(first);
    }
    if (packet.length > KEPT_BYTES) {
      packet = new byte[KEPT_BYTES];
    }
    packet[0] = (byte) first;
    int header = 1;
    int rest = 0;
    int digit;
    do {
      if (header == LONGEST_HEADER) {
        throw new IOException("a packet's length has more than four bytes");
      }
      digit = readByte();
      packet[header] = (byte) digit;
      rest |= (digit & 0x7F) << (7 * (header - 1));
      header++;
    } while ((digit & 0x80) != 0);
    if (rest + header > maximumPacketBytes) {
      throw new IOException(
          "a packet of %d bytes came, and at most %d were allowed"
              .formatted(rest + header, maximumPacketBytes));
    }
    if (header + rest > packet.length) {
      packet = Arrays.copyOf(packet, header + rest);
    }
    if (type == PUBLISH) {
      arrivals[(noted & Integer.MAX_VALUE) % ARRIVALS] = arrivedAtNanos.getAsLong();
    }
    readFully(header, rest);
    position = 0;
    end = header + rest;
    try {
      makeReadable(type, header);
    } catch (IndexOutOfBoundsException e) {
      throw new IOException("a packet of type %d is cut short".formatted(type), e);
    }
    return true;
  }

  private static void requireMqtt(int first) throws IOException {
    if (first == TLS_ALERT) {
      throw new NotMqttException("it speaks TLS on that port; use ssl:// (or wss://)");
    }
    if (first != CONNACK << 4 && first != AUTH << 4) {
      throw new NotMqttException("it does not speak MQTT on that port; check mqtt.broker");
    }
  }

  private int readByte() throws IOException {
    int b = in.read();
    if (b < 0) {
      throw new EOFException();
    }
    return b;
  }

  private void readFully(int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int count = in.read(packet, offset + done, length - done);
      if (count < 0) {
        throw new EOFException();
      }
      done += count;
    }
  }

  private void makeReadable(int type, int body) {
    switch (type) {
      case CONNACK -> readConnectResponse(body);
      case PUBLISH -> readMessage(body);
      case PUBACK -> replaceUnknown(body + 2, KNOWN_PUBLISH_FAILURES);
      case PUBREC -> {
        if (end > body + 2 && at(body + 2) >= FIRST_FAILURE) {
          // It ends the exchange as a PUBACK does; the library knows no other way to say so.
          packet[0] = (byte) PUBACK_FIRST_BYTE;
          replaceUnknown(body + 2, KNOWN_PUBLISH_FAILURES);
        }
      }
      case SUBACK -> {
        int reason = afterProperties(body + 2);
        if (reason < end) {
          subscribeReason = at(reason);
        }
        for (int i = reason; i < end; i++) {
          replaceUnknown(i, KNOWN_SUBSCRIBE_FAILURES);
        }
      }
      default -> {
        // nothing that the library could not read
      }
    }
  }

  private int at(int index) {
    if (index >= end) {
      throw new IndexOutOfBoundsException(index);
    }
    return packet[index] & 0xFF;
  }

  private int twoBytes(int index) {
    return (at(index) << 8) | at(index + 1);
  }

  private void replaceUnknown(int index, int[] known) {
    if (index < end && at(index) >= FIRST_FAILURE) {
      int code = at(index);
      if (Arrays.stream(known).noneMatch(each -> each == code)) {
        packet[index] = (byte) FIRST_FAILURE;
      }
    }
  }

  /** Takes over the limits that the library misunderstands. */
  private void readConnectResponse(int body) {
    int reasonIndex = body + 1;
    if (end == body + 2) {
      // A broker of MQTT 3.1.1 answers in its own way, without properties.
      int reason =
          switch (at(reasonIndex)) {
            case 0 -> 0;
            case 2 -> 0x85;
            case 3 -> 0x88;
            case 4 -> 0x86;
            case 5 -> 0x87;
            default -> 0x84;
          };
      packet = new byte[] {packet[0], 3, packet[body], (byte) reason, 0};
      end = packet.length;
      connectReason = reason;
      return;
    }
    connectReason = at(reasonIndex);
    if (connectReason == QOS_NOT_SUPPORTED) {
      packet[reasonIndex] = (byte) FIRST_FAILURE;
    }
    int start = body + 2;
    int stop = afterProperties(start);
    int property = start + lengthBytes(start);
    while (property < stop) {
      int value = property + 1;
      int next = afterProperty(property);
      switch (at(property)) {
        case SERVER_KEEP_ALIVE -> {
          int seconds = twoBytes(value);
          if (seconds == 0 || seconds > longestKeepAliveSeconds) {
            packet[value] = (byte) (longestKeepAliveSeconds >> 8);
            packet[value + 1] = (byte) longestKeepAliveSeconds;
          }
        }
        case RECEIVE_MAXIMUM -> {
          receiveMaximum = twoBytes(value);
          if (receiveMaximum > LONGEST_READABLE) {
            packet[value] = (byte) (LONGEST_READABLE >> 8);
            packet[value + 1] = (byte) LONGEST_READABLE;
          }
        }
        case MAXIMUM_PACKET_SIZE -> {
          brokersMaximumPacketBytes = ((long) twoBytes(value) << 16) | twoBytes(value + 2);
          // the most that can be said: the library then has no limit that is not its own
          Arrays.fill(packet, value, value + 4, (byte) 0xFF);
        }
        default -> {
          // read by the library
        }
      }
      property = next;
    }
  }

  private void readMessage(int body) {
    boolean hasId = (packet[0] & 0x06) != 0;
    int topic = body + 2;
    int properties = topic + twoBytes(body) + (hasId ? 2 : 0);
    clean(topic, topic + twoBytes(body), '?');
    int stop = afterProperties(properties);
    int property = properties + lengthBytes(properties);
    while (property < stop) {
      int next = afterProperty(property);
      switch (at(property)) {
        case CONTENT_TYPE -> clean(property + 3, next, '?');
        // '#' may not stand in a topic either: the request is refused, and not the topic changed
        case RESPONSE_TOPIC -> clean(property + 3, next, '#');
        case USER_PROPERTY -> {
          int value = property + 3 + twoBytes(property + 1);
          clean(property + 3, value, '?');
          clean(value + 2, next, '?');
        }
        case CORRELATION_DATA -> {
          int surplus = twoBytes(property + 1) - LONGEST_READABLE;
          if (surplus > 0) {
            cut(body, properties, property + 3 + LONGEST_READABLE, surplus);
            packet[property + 1] = (byte) (LONGEST_READABLE >> 8);
            packet[property + 2] = (byte) LONGEST_READABLE;
            stop -= surplus;
            next -= surplus;
          }
        }
        default -> {
          // read by the library
        }
      }
      property = next;
    }
    noted++;
    published = noted;
  }

  /**
   * Takes bytes out of the properties of a message. The two lengths keep their number of bytes: a
   * longer form of the same number is not what the standard wants, but is read.
   */
  private void cut(int body, int properties, int from, int surplus) {
    int rest = end - body - surplus;
    int length = length(properties) - surplus;
    System.arraycopy(packet, from + surplus, packet, from, end - from - surplus);
    end -= surplus;
    writeLength(1, body - 1, rest);
    writeLength(properties, lengthBytes(properties), length);
  }

  private void writeLength(int index, int bytes, int value) {
    int left = value;
    for (int i = 0; i < bytes; i++) {
      packet[index + i] = (byte) ((left & 0x7F) | (i < bytes - 1 ? 0x80 : 0));
      left >>= 7;
    }
  }

  /** MQTT 5, section 1.5.4: replaces, byte by byte, the characters that the library dies of. */
  private void clean(int from, int to, char replacement) {
    for (int i = from; i < to; i++) {
      int b = at(i);
      if (b < 0x20 || b == 0x7F) {
        packet[i] = (byte) replacement;
      } else if (b >= 0xC0) {
        int bytes = b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
        if (i + bytes <= to && isForbidden(i, bytes)) {
          Arrays.fill(packet, i, i + bytes, (byte) replacement);
        }
      }
    }
  }

  private boolean isForbidden(int index, int bytes) {
    int second = at(index + 1);
    int last = at(index + bytes - 1);
    return switch (bytes) {
      case 2 -> at(index) == 0xC2 && second < 0xA0;
      case 3 ->
          at(index) == 0xEF
              && (second == 0xBF ? last >= 0xBE : second == 0xB7 && last >= 0x90 && last < 0xB0);
      default -> (second & 0x0F) == 0x0F && at(index + 2) == 0xBF && last >= 0xBE;
    };
  }

  private int length(int index) {
    int value = 0;
    for (int i = 0; ; i++) {
      int digit = at(index + i);
      value |= (digit & 0x7F) << (7 * i);
      if ((digit & 0x80) == 0 || i == 3) {
        return value;
      }
    }
  }

  private int lengthBytes(int index) {
    int bytes = 1;
    while ((at(index + bytes - 1) & 0x80) != 0 && bytes < 4) {
      bytes++;
    }
    return bytes;
  }

  private int afterProperties(int index) {
    int stop = index + lengthBytes(index) + length(index);
    if (stop > end) {
      throw new IndexOutOfBoundsException(stop);
    }
    return stop;
  }

  /** MQTT 5, table 2-4: the type of each property says how long it is. */
  private int afterProperty(int index) {
    int value = index + 1;
    return switch (at(index)) {
      case 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A -> value + 1;
      case 0x13, 0x21, 0x22, 0x23 -> value + 2;
      case 0x02, 0x11, 0x18, 0x27 -> value + 4;
      case 0x0B -> value + lengthBytes(value);
      case 0x26 -> {
        int second = value + 2 + twoBytes(value);
        yield second + 2 + twoBytes(second);
      }
      case 0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F -> value + 2 + twoBytes(value);
      default -> Integer.MAX_VALUE; // the library refuses it
    };
  }

  /** On that port is something else than a broker. */
  static final class NotMqttException extends IOException {
    private static final long serialVersionUID = 1L;

    NotMqttException(String what) {
      super(what);
    }
  }
}
