package dev.evsebridge.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.CorruptedFrameException;
import java.io.IOException;
import java.io.Reader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.SocketFactory;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttActionListener;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/**
 * The floor: what the same two libraries, Netty and Paho, need for the plain translation alone. One
 * event loop, no routes, no checks beyond the frame, no availability, no request queue, no retries:
 * it is there to be compared with, not to be used.
 *
 * <p>Readings wait in a queue of the event loop while Paho has enough to do; a queue that grows too
 * long stops the reading from chargers, so that TCP holds them back.
 */
final class FloorBridge implements MqttCallback {
  private static final String PUBLISH = "from_dehneEVSE";
  private static final String SUBSCRIBE = "to_dehneEVSE";
  private static final int UNDER_WAY_AT_QOS_0 = 256;
  private static final int BYTES_AT_ONCE = 16 * 1024;
  private static final int QUEUE_HIGH = 4096;
  private static final int QUEUE_LOW = 512;

  private final NioEventLoopGroup group = new NioEventLoopGroup(1);
  private final EventLoop loop = group.next();
  private final Map<String, Channel> sessions = new ConcurrentHashMap<>();
  private final JsonFactory jsonFactory = new JsonFactory();
  private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
  private final Set<Channel> paused = new HashSet<>();
  private final AtomicInteger underWay = new AtomicInteger();
  private final AtomicBoolean wakeUpPending = new AtomicBoolean();
  private final MqttActionListener published = new Published();
  private final MqttAsyncClient client;
  private final int qos;
  private int underWayMaximum = UNDER_WAY_AT_QOS_0;

  private FloorBridge(String broker, int qos) throws MqttException {
    this.client = new MqttAsyncClient(broker, "floor", new MemoryPersistence());
    this.qos = qos;
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    Properties configuration = new Properties();
    if (options.containsKey("-c")) {
      try (Reader file = Files.newBufferedReader(Path.of(options.get("-c")))) {
        configuration.load(file);
      }
    }
    new FloorBridge(
            options.getOrDefault("-h", "tcp://localhost:1883"),
            Integer.parseInt(configuration.getProperty("mqtt.qos", "1")))
        .run(Integer.parseInt(options.getOrDefault("-p", "9091")));
  }

  private void run(int port) throws MqttException, InterruptedException {
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setCleanStart(true);
    options.setSocketFactory(new PromptSockets());
    client.setCallback(this);
    IMqttToken connected = client.connect(options);
    connected.waitForCompletion();
    Integer receiveMaximum = connected.getResponseProperties().getReceiveMaximum();
    if (qos > 0 && receiveMaximum != null) {
      underWayMaximum = receiveMaximum;
    }
    client.subscribe(SUBSCRIBE, qos).waitForCompletion();
    new ServerBootstrap()
        .group(group)
        .channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, 4096)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(
            ChannelOption.RCVBUF_ALLOCATOR,
            new FixedRecvByteBufAllocator(BYTES_AT_ONCE).maxMessagesPerRead(1))
        .childHandler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel.pipeline().addLast(new Session());
              }
            })
        .bind(port)
        .sync();
  }

  /** Hello and frames of one charger, and their JSON. */
  private final class Session extends ByteToMessageDecoder {
    private String clientId = "";
    private int firmwareVersion;
    private byte[] scratch = new byte[1024];

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      if (clientId.isEmpty()) {
        if (in.readableBytes() < 17) {
          return;
        }
        byte[] serial = new byte[16];
        in.readBytes(serial);
        clientId = HexFormat.of().withUpperCase().formatHex(serial);
        firmwareVersion = in.readUnsignedByte();
        sessions.put(clientId, ctx.channel());
        enqueue(
            head("new_connection")
                .put(",\"handshake\":{\"firmware_version\":")
                .put(firmwareVersion)
                .put("}}"));
        return;
      }
      if (in.readableBytes() < 5) {
        return;
      }
      long length = in.getUnsignedInt(in.readerIndex() + 1);
      if (length > 65_536) {
        throw new CorruptedFrameException("frame length must be at most 65536 but was " + length);
      }
      if (in.readableBytes() < 5 + length) {
        return;
      }
      int type = in.readUnsignedByte();
      ByteBuf payload = in.skipBytes(4).readSlice((int) length);
      switch (type) {
        case 1 -> enqueue(head("response_ping").put("}"));
        case 2 -> enqueue(reading(payload));
        case 3 -> enqueue(head("response_set_pwm_percent").put("}"));
        case 4 -> enqueue(head("response_set_contactor_state").put("}"));
        case 100 -> enqueue(head("notify").put("}"));
        default -> throw new CorruptedFrameException("unknown frame type " + type);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
      publishQueue();
      if (queue.size() > QUEUE_HIGH && paused.add(ctx.channel())) {
        ctx.channel().config().setAutoRead(false);
      }
      super.channelReadComplete(ctx);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
      sessions.remove(clientId, ctx.channel());
      paused.remove(ctx.channel());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      System.err.println(clientId + ": " + cause);
      ctx.close();
    }

    private Json head(String messageType) {
      return new Json(scratch)
          .put("{\"message_type\":\"")
          .put(messageType)
          .put("\",\"client_id\":\"")
          .put(clientId)
          .put("\"");
    }

    private Json reading(ByteBuf in) {
      boolean contactor = in.readByte() == 1;
      Json json =
          head("response_collect_data")
              .put(",\"pwm_percent\":")
              .put(in.readUnsignedByte())
              .put(contactor ? ",\"contactor_state\":true" : ",\"contactor_state\":false")
              .put(",\"measurements\":{\"pilot_voltage\":\"")
              .put(pilotVoltage(in.readUnsignedByte()))
              .put("\",\"proximity_pilot_amps\":\"")
              .put(proximityPilot(in.readUnsignedByte()))
              .put("\",\"phase1_millivolts\":")
              .put(in.readUnsignedInt())
              .put(",\"phase2_millivolts\":")
              .put(in.readUnsignedInt())
              .put(",\"phase3_millivolts\":")
              .put(in.readUnsignedInt())
              .put(",\"phase1_milliamps\":")
              .put(in.readUnsignedInt())
              .put(",\"phase2_milliamps\":")
              .put(in.readUnsignedInt())
              .put(",\"phase3_milliamps\":")
              .put(in.readUnsignedInt())
              .put(",\"wifi_rssi\":")
              .put(in.readInt())
              .put(",\"uptime_milliseconds\":")
              .put(in.readUnsignedInt())
              .put(",\"current_control_pilot_adc\":")
              .put(firmwareVersion < 3 ? 0 : in.readUnsignedInt())
              .put(",\"current_proximity_pilot_adc\":")
              .put(firmwareVersion < 3 ? 0 : in.readUnsignedInt())
              .put(",\"logging_buffer\":\"");
      return json.putText(in).put("\"}}");
    }

    private void enqueue(Json json) {
      scratch = json.bytes;
      queue.add(Arrays.copyOf(json.bytes, json.length));
    }
  }

  private static String pilotVoltage(int code) {
    return switch (code) {
      case 0 -> "volt_12";
      case 1 -> "volt_9";
      case 2 -> "volt_6";
      case 3 -> "volt_3";
      case 4 -> "fault";
      default -> throw new CorruptedFrameException("unknown pilot voltage " + code);
    };
  }

  private static String proximityPilot(int code) {
    return switch (code) {
      case 0 -> "amp_13";
      case 1 -> "amp_20";
      case 2 -> "amp_32";
      case 3 -> "no_cable";
      default -> throw new CorruptedFrameException("unknown proximity pilot " + code);
    };
  }

  private void publishQueue() {
    while (underWay.get() < underWayMaximum) {
      byte[] payload = queue.poll();
      if (payload == null) {
        return;
      }
      underWay.incrementAndGet();
      publish(PUBLISH, payload, published);
    }
  }

  private void publish(String topic, byte[] payload, @Nullable MqttActionListener listener) {
    try {
      client.publish(topic, new MqttMessage(payload, qos, false, null), null, listener);
    } catch (MqttException e) {
      throw new IllegalStateException(e);
    }
  }

  private void goOn() {
    wakeUpPending.set(false);
    publishQueue();
    if (queue.size() < QUEUE_LOW && !paused.isEmpty()) {
      for (Channel channel : paused) {
        channel.config().setAutoRead(true);
      }
      paused.clear();
    }
  }

  /** Makes room for the next message; on Paho's thread. */
  private final class Published implements MqttActionListener {
    @Override
    public void onSuccess(IMqttToken token) {
      underWay.decrementAndGet();
      if (wakeUpPending.compareAndSet(false, true)) {
        loop.execute(FloorBridge.this::goOn);
      }
    }

    @Override
    public void onFailure(IMqttToken token, Throwable cause) {
      System.err.println("lost a message: " + cause);
      onSuccess(token);
    }
  }

  /** A request, on Paho's thread. */
  @Override
  public void messageArrived(String topic, MqttMessage message) throws IOException {
    String type = "";
    String clientId = "";
    int value = -1;
    try (JsonParser json = jsonFactory.createParser(message.getPayload())) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken token = json.nextToken();
        switch (name) {
          case "message_type" -> type = json.getText();
          case "client_id" -> clientId = json.getText();
          case "pwm_percent" -> value = json.getIntValue();
          case "contactor_state" -> value = token == JsonToken.VALUE_TRUE ? 1 : 0;
          default -> json.skipChildren();
        }
      }
    }
    Channel channel = sessions.get(clientId);
    if (channel == null) {
      publish(
          PUBLISH + "/error",
          "{\"message_type\":\"error\",\"client_id\":\"%s\",\"error\":\"not_connected\"}"
              .formatted(clientId)
              .getBytes(StandardCharsets.UTF_8),
          null);
      return;
    }
    ByteBuf frame = channel.alloc().buffer(6);
    switch (type) {
      case "request_ping" -> frame.writeByte(1).writeInt(0);
      case "request_data_collection" -> frame.writeByte(3).writeInt(0);
      case "request_set_pwm_percent" -> frame.writeByte(4).writeInt(1).writeByte(value);
      case "request_set_contactor_state" -> frame.writeByte(5).writeInt(1).writeByte(value);
      default -> throw new IOException("unknown message type " + type);
    }
    channel.writeAndFlush(frame, channel.voidPromise());
  }

  @Override
  public void disconnected(MqttDisconnectResponse response) {
    System.err.println("disconnected: " + response);
    System.exit(1);
  }

  @Override
  public void mqttErrorOccurred(MqttException exception) {
    System.err.println(exception.toString());
  }

  @Override
  public void deliveryComplete(IMqttToken token) {}

  @Override
  public void connectComplete(boolean reconnect, String serverUri) {}

  @Override
  public void authPacketArrived(int reasonCode, MqttProperties properties) {}

  /**
   * Sockets that do not hold back a response until the acknowledgement before it has been
   * acknowledged.
   */
  private static final class PromptSockets extends SocketFactory {
    @Override
    public Socket createSocket() throws IOException {
      Socket socket = new Socket();
      socket.setTcpNoDelay(true);
      return socket;
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
      Socket socket = createSocket();
      socket.connect(new InetSocketAddress(host, port));
      return socket;
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
      return createSocket(host.getHostAddress(), port);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress from, int fromPort)
        throws IOException {
      return createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort)
        throws IOException {
      return createSocket(host, port);
    }
  }

  /** JSON written straight into bytes. */
  private static final class Json {
    private byte[] bytes;
    private int length;

    Json(byte[] scratch) {
      bytes = scratch;
    }

    Json put(String ascii) {
      int count = ascii.length();
      room(count);
      for (int i = 0; i < count; i++) {
        bytes[length++] = (byte) ascii.charAt(i);
      }
      return this;
    }

    Json put(long number) {
      if (number < 0) {
        return put("-").put(-number);
      }
      int digits = 1;
      for (long rest = number; rest >= 10; rest /= 10) {
        digits++;
      }
      room(digits);
      long rest = number;
      for (int i = length + digits - 1; i >= length; i--) {
        bytes[i] = (byte) ('0' + rest % 10);
        rest /= 10;
      }
      length += digits;
      return this;
    }

    /** The rest of the buffer as the inside of a JSON string. */
    Json putText(ByteBuf in) {
      int count = in.readableBytes();
      if (in.forEachByte(octet -> octet >= 0) >= 0) {
        byte[] repaired = in.toString(StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
        for (byte octet : repaired) {
          putEscaped(octet);
        }
        return this;
      }
      room(6 * count);
      for (int i = in.readerIndex(), end = in.writerIndex(); i < end; i++) {
        putEscaped(in.getByte(i));
      }
      return this;
    }

    private void putEscaped(byte octet) {
      if (octet >= 0 && octet < ' ') {
        put("\\u00").put(octet < 16 ? "0" : "1");
        room(1);
        bytes[length++] = (byte) Character.forDigit(octet & 15, 16);
        return;
      }
      room(2);
      if (octet == '"' || octet == '\\') {
        bytes[length++] = '\\';
      }
      bytes[length++] = octet;
    }

    private void room(int count) {
      if (length + count > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + count));
      }
    }
  }
}
