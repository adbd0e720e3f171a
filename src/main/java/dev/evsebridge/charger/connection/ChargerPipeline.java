package dev.evsebridge.charger.connection;

import dev.evsebridge.charger.codec.CumulationBudget;
import dev.evsebridge.charger.codec.HelloDecoder;
import dev.evsebridge.charger.codec.RequestEncoder;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.SessionLimits;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import java.util.function.Consumer;
import org.apache.camel.component.netty.NettyConsumer;
import org.apache.camel.component.netty.ServerInitializerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Furnishes each connection that the listener route accepts:
 *
 * <pre>
 * bytes -> limit -> hello/frames -> flow control -> session -> Camel route
 * bytes <- request encoder <---------------------- session
 * </pre>
 */
public final class ChargerPipeline extends ServerInitializerFactory {

  /**
   * Bytes taken from a socket at a time: some ten readings. What has been taken when the reading is
   * paused must be kept, for each charger.
   */
  private static final RecvByteBufAllocator READ_SIZE = new FixedRecvByteBufAllocator(2048);

  private final SessionRegistry registry;
  private final Admission admission;
  private final BackPressure backPressure;
  private final ErrorSink errors;
  private final Consumer<Channel> opened;
  private final @Nullable RouteThread routeThread;
  private final ConnectionLimit connectionLimit;
  private final CumulationBudget cumulationBudget;
  private final RequestEncoder encoder = new RequestEncoder();
  private final AcceptFaults acceptFaults = new AcceptFaults();
  private final @Nullable RouteHandler route;

  /**
   * Creates the factory that the route names.
   *
   * @param opened is told of each connection, on its event loop
   * @param routeThread on which messages go through the routes; null for that of the connection
   */
  public ChargerPipeline(
      SessionRegistry registry,
      Admission admission,
      BackPressure backPressure,
      ErrorSink errors,
      Consumer<Channel> opened,
      @Nullable RouteThread routeThread) {
    this(
        registry,
        admission,
        backPressure,
        errors,
        opened,
        routeThread,
        new ConnectionLimit(admission.limits().maxConnections(), admission.tally()),
        CumulationBudget.ofHeap(),
        null);
  }

  private ChargerPipeline(
      SessionRegistry registry,
      Admission admission,
      BackPressure backPressure,
      ErrorSink errors,
      Consumer<Channel> opened,
      @Nullable RouteThread routeThread,
      ConnectionLimit connectionLimit,
      CumulationBudget cumulationBudget,
      @Nullable NettyConsumer consumer) {
    this.registry = registry;
    this.admission = admission;
    this.backPressure = backPressure;
    this.errors = errors;
    this.opened = opened;
    this.routeThread = routeThread;
    this.connectionLimit = connectionLimit;
    this.cumulationBudget = cumulationBudget;
    this.route =
        consumer == null ? null : new RouteHandler(consumer, registry.counts(), routeThread);
  }

  @Override
  public ServerInitializerFactory createPipelineFactory(NettyConsumer nettyConsumer) {
    return new ChargerPipeline(
        registry,
        admission,
        backPressure,
        errors,
        opened,
        routeThread,
        connectionLimit,
        cumulationBudget,
        nettyConsumer);
  }

  @Override
  protected void initChannel(Channel channel) {
    acceptFaults.watch(channel.parent());
    opened.accept(channel);
    channel.config().setRecvByteBufAllocator(READ_SIZE);
    SessionLimits limits = admission.limits();
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast("connectionLimit", connectionLimit);
    pipeline.addLast("requestEncoder", encoder);
    pipeline.addLast(
        "helloDecoder",
        new HelloDecoder(admission::clientId, limits.maxFrameLengthBytes(), cumulationBudget));
    pipeline.addLast("flowControl", new LosslessFlowControl());
    pipeline.addLast("session", new ConnectionHandler(registry, admission, backPressure, errors));
    if (route != null && routeThread != null) {
      pipeline.addLast("routeEntrance", routeThread.entrance());
      pipeline.addLast(routeThread.executor(), "route", route);
    } else if (route != null) {
      pipeline.addLast("route", route);
    }
  }
}
