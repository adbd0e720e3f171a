package dev.evsebridge.web;

import dev.evsebridge.config.WebSettings;
import dev.evsebridge.runtime.LogThrottle;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The web server (Vert.x Web): one thread of its own, apart from those of chargers and broker.
 *
 * <p>It is used as it is and not by way of Camel's {@code platform-http}: that brings type
 * converters which load classes of Vert.x at each start, also where there is no web server; its
 * options for limits can't be set; and its static files are looked for in the working directory.
 */
final class WebServer {

  private static final Logger LOG = LoggerFactory.getLogger(WebServer.class);

  private static final long START_SECONDS = 20;
  private static final long STOP_SECONDS = 2;

  private final WebSettings settings;
  private final Vertx vertx;
  private final Router router;
  private final SecurityRules rules;
  private final Visitors visitors = new Visitors();
  private final LogThrottle faults = new LogThrottle(5, Duration.ofMinutes(1));

  WebServer(WebSettings settings) {
    this.settings = settings;
    // The JVM's own look-up is good enough; Vert.x would start its own.
    setUnlessChosen("vertx.disableDnsResolver", "true");
    setUnlessChosen("vertx.disableTCCL", "true");
    this.vertx =
        Vertx.vertx(
            new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setPreferNativeTransport(false)
                .setBlockedThreadCheckInterval(Duration.ofSeconds(10).toMillis())
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false)));
    this.router = Router.router(vertx);
    this.rules = new SecurityRules(settings);
    router.route().handler(rules::check).failureHandler(this::failed);
    for (int status : new int[] {400, 404}) {
      // What fits no route fails before or after all of them.
      router.errorHandler(status, this::failed);
    }
  }

  private static void setUnlessChosen(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private void failed(RoutingContext ctx) {
    if (ctx.response().closed()) {
      // Whoever has asked is gone, or has broken the protocol.
      return;
    }
    Throwable fault = ctx.failure();
    // Without a status of its own it is a fault.
    int status = ctx.statusCode() < 0 ? 500 : ctx.statusCode();
    if (fault != null && status >= 500) {
      faults.log(
          suffix ->
              LOG.error(
                  "Could not answer {} {}{}",
                  ctx.request().method(),
                  ctx.request().path(),
                  suffix,
                  fault));
    }
    rules.setHeaders(ctx);
    Problem.of(status).answer(ctx);
  }

  Vertx vertx() {
    return vertx;
  }

  /** Whatever is added comes after the rules that every request has to pass. */
  Router router() {
    return router;
  }

  /** The route of something that is only read: HEAD is GET without the content. */
  static Route reads(Router router, String path) {
    return only(router, path, HttpMethod.GET, HttpMethod.HEAD);
  }

  /** The route of what takes these methods alone; whoever uses another one is told which. */
  static Route only(Router router, String path, HttpMethod... methods) {
    Route route = router.route(path);
    Arrays.stream(methods).forEach(route::method);
    String allowed = Arrays.stream(methods).map(HttpMethod::name).collect(Collectors.joining(", "));
    router
        .route(path)
        .handler(
            ctx -> {
              // RFC 9110, 15.5.6
              ctx.response().putHeader("Allow", allowed);
              Problem.METHOD.answer(ctx);
            });
    return route;
  }

  Visitors visitors() {
    return visitors;
  }

  /**
   * Begins to listen.
   *
   * @throws IOException when the address can't be used
   */
  void start() throws IOException {
    HttpServer server =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost(settings.address())
                    .setPort(settings.port())
                    .setHttp2ClearTextEnabled(false)
                    .setTcpNoDelay(true))
            .connectionHandler(visitors::opened)
            .requestHandler(
                request -> {
                  visitors.asked(request);
                  router.handle(request);
                });
    try {
      server
          .listen()
          .toCompletionStage()
          .toCompletableFuture()
          .get(START_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("it takes too long", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    vertx.setPeriodic(Visitors.SWEEP.toMillis(), timer -> visitors.sweep());
  }

  void stop() {
    try {
      vertx.close().toCompletionStage().toCompletableFuture().get(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | CompletionException | TimeoutException e) {
      LOG.debug("The web server did not stop in order", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
