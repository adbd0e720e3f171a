package dev.evsebridge.web;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.evsebridge.config.ConfigurationException;
import dev.evsebridge.config.WebSettings;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.runtime.Failures;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The port for people and monitors: health, metrics, API and page. */
public final class Web implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Web.class);

  private final WebSettings settings;
  private final Sources sources;
  private final BrokerCheck brokerCheck;
  private final WebServer server;
  private final EventStreams streams;

  /** Creates it, to be told what happens from now on; it does not listen yet. */
  public Web(WebSettings settings, Sources sources) {
    this.settings = settings;
    this.sources = sources;
    this.server = new WebServer(settings);
    this.brokerCheck = new BrokerCheck(sources.failSafe(), sources.brokerLossGrace());
    sources.broker().addListener(brokerCheck);
    this.streams = new EventStreams(server.vertx(), this::bridge, sources.elsewhere());
    sources.states().watch(streams.book());
    sources.registry().addListener(streams.book());
    sources.firmware().watch(streams.book());
    Requests requests = new Requests(sources, settings.readOnly());
    sources.registry().addFirmwareListener(requests);
    new HealthReport(
            sources.camel(),
            sources.eventLoops(),
            brokerCheck,
            new ListenerCheck(sources.failSafe()))
        .addTo(server.router());
    sources.states().addForgetListener((serial, clientId) -> streams.book().forgotten(clientId));
    Metrics metrics = new Metrics(sources, brokerCheck, streams.book());
    sources.registry().time(metrics::took);
    metrics.addTo(server.router());
    new Api(streams, requests, server.visitors()).addTo(server.router());
    Page.addTo(server.router());
  }

  /** How the bridge itself is; its name stands for no charger. */
  private ObjectNode bridge() {
    boolean connected = sources.failSafe().isBrokerConnected();
    boolean listening = sources.failSafe().isListening();
    return JsonNodeFactory.instance
        .objectNode()
        .put("client_id", "bridge")
        .put("version", sources.version())
        .put("broker_connected", connected)
        .put("listening", listening)
        .put("fail_safe", brokerCheck.isAwayForLong())
        .put("read_only", settings.readOnly());
  }

  /** An error has been published. */
  public void failed(ErrorMessage error) {
    streams.book().failed(error);
  }

  /**
   * Begins to listen.
   *
   * @throws ConfigurationException when the address can't be used
   */
  public void start() throws ConfigurationException {
    try {
      server.start();
    } catch (IOException e) {
      throw new ConfigurationException(
          "Can't listen for browsers on %s:%d (web.address, web.port): %s"
              .formatted(settings.address(), settings.port(), Failures.rootMessage(e)));
    }
    LOG.info("The page is at {}", address());
  }

  private String address() {
    String host =
        settings.address().contains(":") ? "[" + settings.address() + "]" : settings.address();
    return "http://%s:%d/".formatted(host, settings.port());
  }

  @Override
  public void close() {
    server.stop();
  }
}
