package dev.evsebridge.app.reload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ConnectionHandler;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.Configuration;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.mqtt.LocalReply;
import dev.evsebridge.testkit.NoSources;
import dev.evsebridge.testkit.Patience;
import dev.evsebridge.testkit.Unwatched;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RouteTrafficTest {
  private static final Duration DEADLINE = Duration.ofSeconds(2);

  private static final Duration NEVER = Duration.ofMinutes(5);

  private final DefaultCamelContext context = new DefaultCamelContext();
  private final BackPressure backPressure = new BackPressure();
  private final OpenRequests requests = new OpenRequests();
  private final Announcements announcements = new Announcements();
  private final ReloadableDirect direct = new ReloadableDirect();
  private final AtomicInteger announced = new AtomicInteger();
  private final BrokerConnection broker;
  private final EventLoopGroup eventLoop = new DefaultEventLoopGroup(1);
  private final CompletableFuture<Channel> charger = new CompletableFuture<>();

  RouteTrafficTest(@TempDir Path folder) throws Exception {
    Path unused = Files.createFile(folder.resolve("application.properties"));
    BridgeSettings settings = Configuration.read(folder, null, Map.of(), Map.of());
    broker = new BrokerConnection(settings.mqtt(), 1, new NoSources());
    SessionRegistry registry = Unwatched.registry(settings.limits(), requests);
    Admission admission = new Admission(settings.limits(), SerialNumber::hex, Set.of());
    LocalAddress address = new LocalAddress(RouteTrafficTest.class);
    Channel server =
        new ServerBootstrap()
            .group(eventLoop)
            .channel(LocalServerChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new ConnectionHandler(registry, admission, backPressure, error -> {}));
                    charger.complete(channel);
                  }
                })
            .bind(address)
            .syncUninterruptibly()
            .channel();
    new Bootstrap()
        .group(eventLoop)
        .channel(LocalChannel.class)
        .handler(new ChannelInboundHandlerAdapter())
        .connect(server.localAddress())
        .syncUninterruptibly();
    Patience.until("the charger is connected", () -> charger.get().isActive());
  }

  @BeforeEach
  void start() throws Exception {
    context.addComponent("direct", direct);
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:report-error").process(exchange -> announced.incrementAndGet());
          }
        });
    context.start();
    announcements.to(context);
  }

  @AfterEach
  void stop() {
    eventLoop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    announcements.close();
    context.stop();
  }

  private RouteTraffic traffic(Duration atMost) {
    return new RouteTraffic(context, broker, backPressure, requests, announcements, direct, atMost);
  }

  @Test
  void letsEverythingPassAgainThoughTheReloadNeverEnds() throws Exception {
    traffic(DEADLINE).pause(Set.of("edited"));
    assertFalse(reads(), "chargers wait");
    CompletableFuture<Void> request = CompletableFuture.runAsync(this::request);
    CompletableFuture<Void> toNobody = CompletableFuture.runAsync(this::toNobody);
    announcements.error(new ErrorMessage(null, null, "busy", "waits"));

    Patience.until("chargers are read again", this::reads);
    request.get(20, TimeUnit.SECONDS);
    assertThrows(ExecutionException.class, () -> toNobody.get(20, TimeUnit.SECONDS));
    Patience.until("the bridge is heard", () -> announced.get() == 1);
  }

  @Test
  void letsEverythingPassWhenTheReloadIsDone() throws Exception {
    RouteTraffic traffic = traffic(NEVER);
    traffic.pause(Set.of("edited"));
    CompletableFuture<Void> request = CompletableFuture.runAsync(this::request);
    CompletableFuture<Void> toNobody = CompletableFuture.runAsync(this::toNobody);
    announcements.error(new ErrorMessage(null, null, "busy", "waits"));
    traffic.resume();

    assertEquals(true, reads());
    request.get(20, TimeUnit.SECONDS);
    assertThrows(ExecutionException.class, () -> toNobody.get(20, TimeUnit.SECONDS));
    Patience.until("the bridge is heard", () -> announced.get() == 1);
  }

  /** Whoever waits on its way for a third party is told while its route is there. */
  @Test
  void waitsForNobodyWhoWaitsForAnother() {
    CountDownLatch givenUp = new CountDownLatch(1);
    AtomicInteger othersGivenUp = new AtomicInteger();
    Runnable unused = requests.await("edited", "copy", givenUp::countDown);
    Runnable other = requests.await("other", "other", othersGivenUp::incrementAndGet);
    RouteTraffic traffic = traffic(NEVER);

    traffic.pause(Set.of("edited"));

    assertEquals(0, givenUp.getCount());
    assertEquals(0, othersGivenUp.get());
    traffic.resume();
    other.run();
    assertFalse(requests.anyOnItsWay(route -> route.equals("other")));
  }

  private void request() {
    broker.deliver("to_dehneEVSE", new byte[0], new LocalReply(reply -> {}));
  }

  private void toNobody() {
    ProducerTemplate template = context.createProducerTemplate();
    template.sendBody("direct:nobody", "body");
  }

  private boolean reads() {
    return charger.join().config().isAutoRead();
  }
}
