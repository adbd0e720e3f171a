package dev.evsebridge.mqtt;

import dev.evsebridge.config.TlsMaterial;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.util.Objects;
import javax.net.SocketFactory;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.eclipse.paho.mqttv5.client.internal.NetworkModule;
import org.eclipse.paho.mqttv5.client.websocket.WebSocketNetworkModule;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.jspecify.annotations.Nullable;

/**
 * The network under one client of the broker. In place of the library's own modules, which
 *
 * <ul>
 *   <li>know only the first address of the broker's name;
 *   <li>leave the socket open when an attempt is given up before the broker has accepted it;
 *   <li>lose a packet's first byte when the rest of its header comes more than a second later;
 *   <li>wait for a frozen broker when they close a TLS socket.
 * </ul>
 */
final class BrokerNetwork implements NetworkModule {

  private static final int CONNECT_MILLIS = 4_000;

  /** For each address, if there are several. */
  private static final int CONNECT_MILLIS_EACH = 2_000;

  private static final int MQTT_PORT = 1_883;
  private static final int SECURE_MQTT_PORT = 8_883;
  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;

  /** Paho keeps its own reading buffer of packets; this one saves calls into TLS and pipes. */
  private static final int BUFFER_BYTES = 16 * 1024;

  private final URI broker;
  private final @Nullable TlsMaterial tls;
  private final long maximumPacketBytes;
  private final int keepAliveSeconds;
  private final GatheringOutput.Announcements announced = new GatheringOutput.Announcements();

  private @Nullable BrokerSocket socket;
  private @Nullable IncomingPackets input;
  private @Nullable OutputStream output;
  private boolean closed;

  /**
   * Creates the network, not yet connected.
   *
   * @param broker tcp, ssl, ws or wss
   * @param tls certificates for ssl and wss
   * @param maximumPacketBytes the longest packet that the broker may send
   * @param keepAliveSeconds how often it is probed at least, whatever the broker wants
   */
  BrokerNetwork(
      URI broker, @Nullable TlsMaterial tls, long maximumPacketBytes, int keepAliveSeconds) {
    this.broker = broker;
    this.tls = tls;
    this.keepAliveSeconds = keepAliveSeconds;
    this.maximumPacketBytes = maximumPacketBytes;
  }

  /** One more message will be written soon. */
  void announce() {
    announced.announce();
  }

  @Override
  public void start() throws IOException, MqttException {
    BrokerSocket tcp = connect();
    ArrivalStream arrivals = tcp.arrivals();
    Socket talking = tls == null ? tcp : secured(tcp, tls);
    if (isWebSocket()) {
      WebSocketNetworkModule frames =
          new WebSocketNetworkModule(
              new Prepared(talking), broker.toString(), host(broker), port(broker), "websocket");
      frames.start();
      useStreams(
          new BufferedInputStream(frames.getInputStream(), BUFFER_BYTES),
          arrivals,
          frames.getOutputStream());
    } else {
      InputStream in =
          tls == null ? arrivals : new BufferedInputStream(talking.getInputStream(), BUFFER_BYTES);
      useStreams(in, arrivals, new GatheringOutput(talking.getOutputStream(), announced));
    }
  }

  private synchronized void useStreams(InputStream in, ArrivalStream arrivals, OutputStream out)
      throws IOException {
    if (closed) {
      throw given();
    }
    input = new IncomingPackets(in, arrivals::arrivedAtNanos, maximumPacketBytes, keepAliveSeconds);
    output = out;
  }

  /** Looks the name up anew, and tries all its addresses. */
  private BrokerSocket connect() throws IOException {
    InetAddress[] addresses = InetAddress.getAllByName(host(broker));
    int patienceMillis = addresses.length == 1 ? CONNECT_MILLIS : CONNECT_MILLIS_EACH;
    IOException failure = null;
    for (InetAddress address : addresses) {
      BrokerSocket attempt = new BrokerSocket();
      own(attempt);
      try {
        attempt.connect(new InetSocketAddress(address, port(broker)), patienceMillis);
        attempt.setTcpNoDelay(true);
        attempt.setSoTimeout(ArrivalStream.TICK_MILLIS);
        return attempt;
      } catch (IOException e) {
        attempt.close();
        failure = e;
      }
    }
    throw Objects.requireNonNull(failure, "a name has an address");
  }

  private synchronized void own(BrokerSocket attempt) throws IOException {
    if (closed) {
      throw given();
    }
    socket = attempt;
  }

  private static SocketException given() {
    return new SocketException("the attempt has been given up");
  }

  private SSLSocket secured(Socket tcp, TlsMaterial material) throws IOException {
    SSLSocket secure =
        (SSLSocket)
            material
                .context()
                .getSocketFactory()
                .createSocket(tcp, host(broker), port(broker), true);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    return secure;
  }

  private boolean isWebSocket() {
    return broker.getScheme().startsWith("ws");
  }

  /** A URI knows no host with an underscore, which Docker allows; then it has an authority only. */
  private static String host(URI broker) {
    String host = broker.getHost();
    if (host == null) {
      host = broker.getAuthority().replaceFirst(":\\d+$", "");
    }
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static int port(URI broker) {
    if (broker.getPort() > 0) {
      return broker.getPort();
    }
    if (broker.getHost() == null && broker.getAuthority().matches(".*:\\d+")) {
      String authority = broker.getAuthority();
      return Integer.parseInt(authority.substring(authority.lastIndexOf(':') + 1));
    }
    return switch (broker.getScheme()) {
      case "ssl" -> SECURE_MQTT_PORT;
      case "ws" -> HTTP_PORT;
      case "wss" -> HTTPS_PORT;
      default -> MQTT_PORT;
    };
  }

  @Override
  public synchronized InputStream getInputStream() throws IOException {
    return packets();
  }

  /** What the broker sends; there once it is connected. */
  synchronized IncomingPackets packets() throws IOException {
    if (closed || input == null) {
      throw given();
    }
    return input;
  }

  /** The reason code of the broker's CONNACK; 0 if none has come. */
  synchronized int connectReason() {
    return input == null ? 0 : input.connectReason();
  }

  @Override
  public synchronized OutputStream getOutputStream() throws IOException {
    if (closed || output == null) {
      throw given();
    }
    return output;
  }

  /** Ends the connection, or the attempt, at once: without TLS's own goodbye, which may block. */
  @Override
  public void stop() throws IOException {
    BrokerSocket open;
    synchronized (this) {
      closed = true;
      open = socket;
    }
    if (open != null) {
      open.close();
    }
  }

  @Override
  public String getServerURI() {
    return broker.toString();
  }

  /** A plain socket that tells when something arrived. */
  private static final class BrokerSocket extends Socket {

    private @Nullable ArrivalStream arrivals;

    ArrivalStream arrivals() throws IOException {
      if (arrivals == null) {
        arrivals = new ArrivalStream(super.getInputStream());
      }
      return arrivals;
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return arrivals();
    }
  }

  /** Gives the library's WebSocket module a socket that is connected already. */
  private static final class Prepared extends SocketFactory {

    private final Socket real;

    Prepared(Socket real) {
      this.real = real;
    }

    @Override
    public Socket createSocket() {
      return new Socket() {
        @Override
        public void connect(SocketAddress endpoint, int timeoutMillis) {}

        @Override
        public void setSoTimeout(int timeoutMillis) {}

        @Override
        public InputStream getInputStream() throws IOException {
          return real.getInputStream();
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
          return real.getOutputStream();
        }
      };
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
  }
}
