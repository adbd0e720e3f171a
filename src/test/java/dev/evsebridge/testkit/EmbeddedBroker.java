package dev.evsebridge.testkit;

import java.io.IOException;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyAcceptor;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;

/**
 * An MQTT 5 broker (ActiveMQ Artemis) inside this JVM on 127.0.0.1, in memory only: what it holds,
 * retained messages included, is gone when it is closed.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final String ACCEPTOR = "mqtt";

  private final EmbeddedActiveMQ artemis = new EmbeddedActiveMQ();
  private final int port;

  /** Starts on a free port. */
  public EmbeddedBroker() throws IOException {
    this(0);
  }

  /**
   * Starts on the given port.
   *
   * @throws IOException if it does not start, because the port is taken for example
   */
  public EmbeddedBroker(int port) throws IOException {
    Configurator.setLevel("org.apache.activemq", Level.OFF);
    try {
      artemis.setConfiguration(inMemory(port)).start();
    } catch (Exception e) {
      throw new IOException("The broker does not start", e);
    }
    this.port =
        ((NettyAcceptor) artemis.getActiveMQServer().getRemotingService().getAcceptor(ACCEPTOR))
            .getActualPort();
    if (this.port <= 0) {
      close();
      throw new IOException("The broker cannot listen on port " + port);
    }
  }

  public int port() {
    return port;
  }

  /** The address for an MQTT client: {@code tcp://127.0.0.1:<port>}. */
  public String url() {
    return "tcp://127.0.0.1:" + port;
  }

  @Override
  public void close() throws IOException {
    try {
      artemis.stop();
    } catch (Exception e) {
      throw new IOException("The broker does not stop", e);
    }
  }

  private static Configuration inMemory(int port) throws Exception {
    return new ConfigurationImpl()
        .setPersistenceEnabled(false)
        .setSecurityEnabled(false)
        .setJMXManagementEnabled(false)
        .setMessageCounterEnabled(false)
        .setMaxDiskUsage(-1)
        .addAcceptorConfiguration(
            ACCEPTOR, "tcp://127.0.0.1:" + port + "?protocols=MQTT&useEpoll=false");
  }
}
