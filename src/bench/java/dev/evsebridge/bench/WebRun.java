package dev.evsebridge.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/**
 * The web port of a bridge that is busy with its chargers: how long a scrape of the metrics takes,
 * and what event streams do to the latencies of requests at a fixed rate.
 */
final class WebRun {
  /** What the bridge must be set to. */
  static final String SETTING = "web.port={webPort}";

  private static final int STREAMS = 20;
  private static final int SCRAPES = 300;
  private static final int SCRAPES_BEFORE = 50;
  private static final long SCRAPE_EVERY_MILLIS = 100;

  private final Rig rig;
  private final Scenario scenario;
  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicLong streamed = new AtomicLong();

  WebRun(Rig rig, Scenario scenario) {
    this.rig = rig;
    this.scenario = scenario;
  }

  void run(int rounds) throws IOException, InterruptedException {
    rig.connect(new LinkedHashMap<>());
    // Every fourth request is for a reading: all chargers are known after that.
    new RequestRun(rig, scenario.lasting(scenario.warmupSeconds(), 1)).run(new LinkedHashMap<>());
    new RequestRun(rig, scenario.lasting(1, 0)).run(new LinkedHashMap<>(), this::scrapes);
    streams(rounds);
  }

  private void scrapes() throws IOException, InterruptedException {
    double first = scrape();
    for (int i = 0; i < SCRAPES_BEFORE; i++) {
      double unused = scrape();
    }
    Histogram nanos = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
    for (int i = 0; i < SCRAPES; i++) {
      nanos.recordValue((long) (scrape() * 1e6));
      Thread.sleep(SCRAPE_EVERY_MILLIS);
    }
    System.out.printf(
        Locale.ROOT,
        "scrape with %d chargers: first %.1f ms, then p50 %.1f ms, p99 %.1f ms, longest %.1f ms%n",
        scenario.chargers(),
        first,
        nanos.getValueAtPercentile(50) / 1e6,
        nanos.getValueAtPercentile(99) / 1e6,
        nanos.getMaxValue() / 1e6);
  }

  /** Milliseconds. */
  private double scrape() throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:%d/metrics".formatted(rig.bridge().webPort()));
    long begin = System.nanoTime();
    HttpResponse<String> response =
        http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    double millis = (System.nanoTime() - begin) / 1e6;
    long series =
        response.body().lines().filter(line -> line.startsWith("evse_charger_connected{")).count();
    if (response.statusCode() != 200 || series != scenario.chargers()) {
      throw new IOException("%d with %d chargers".formatted(response.statusCode(), series));
    }
    return millis;
  }

  private void streams(int rounds) throws IOException, InterruptedException {
    Ratios middle = new Ratios("p50 of a request, ms", "%.2f");
    Ratios high = new Ratios("p99 of a request, ms", "%.2f");
    Ratios highest = new Ratios("longest request, ms", "%.1f");
    for (int round = 0; round < rounds; round++) {
      for (int count : round % 2 == 0 ? new int[] {0, STREAMS} : new int[] {STREAMS, 0}) {
        long before = streamed.get();
        Map<String, Double> figures = measure(count);
        String name = count + " streams";
        middle.add(name, figures.get("p50_ms"));
        high.add(name, figures.get("p99_ms"));
        highest.add(name, figures.get("max_ms"));
        System.out.printf(
            Locale.ROOT,
            "%d/%d %s: p99 %.2f ms, longest %.1f ms, %.1f MB of events, others took %.1f cores,"
                + " lost %.0f%n",
            round + 1,
            rounds,
            name,
            figures.get("p99_ms"),
            figures.get("max_ms"),
            (streamed.get() - before) / 1e6,
            figures.get("others_cpu_cores"),
            figures.get("lost"));
      }
    }
    for (Ratios table : new Ratios[] {middle, high, highest}) {
      System.out.println(table.markdown());
    }
  }

  private Map<String, Double> measure(int count) throws IOException, InterruptedException {
    NioEventLoopGroup group = new NioEventLoopGroup(1);
    try {
      List<Channel> streams = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        streams.add(open(group));
      }
      Map<String, Double> figures = new LinkedHashMap<>();
      new RequestRun(rig, scenario.lasting(2, scenario.seconds())).run(figures);
      if (streams.stream().anyMatch(stream -> !stream.isActive())) {
        throw new IOException("the bridge has closed an event stream");
      }
      return figures;
    } finally {
      group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  private Channel open(NioEventLoopGroup group) {
    int port = rig.bridge().webPort();
    return new Bootstrap()
        .group(group)
        .channel(NioSocketChannel.class)
        .handler(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelActive(ChannelHandlerContext ctx) {
                String request = "GET /events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n";
                ctx.writeAndFlush(
                    Unpooled.copiedBuffer(request.formatted(port), StandardCharsets.US_ASCII),
                    ctx.voidPromise());
              }

              @Override
              public void channelRead(ChannelHandlerContext ctx, Object message) {
                ByteBuf in = (ByteBuf) message;
                streamed.addAndGet(in.readableBytes());
                in.release();
              }
            })
        .connect("127.0.0.1", port)
        .syncUninterruptibly()
        .channel();
  }
}
