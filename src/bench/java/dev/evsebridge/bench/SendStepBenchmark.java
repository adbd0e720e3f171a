package dev.evsebridge.bench;

import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.PingResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.camel.AsyncCallback;
import org.apache.camel.AsyncProcessor;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.AsyncProcessorConverterHelper;
import org.apache.camel.support.AsyncProcessorSupport;
import org.apache.camel.support.DefaultExchange;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the step that sends a request costs when the route names the registry as a bean, beside a
 * processor written for the purpose and a route with a step that only sets the body. A whole
 * request takes the bridge some 60 to 200 µs of processor time.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
public class SendStepBenchmark {
  private static final ChargerRequest PING = new ChargerRequest.Ping("Garage");
  private static final ChargerResponse RESPONSE = new PingResponse("Garage");

  private final DefaultCamelContext context = new DefaultCamelContext();

  /** Has the registry's method. */
  public static final class Registry {
    /** Responds at once. */
    public CompletionStage<ChargerResponse> send(ChargerRequest request, Exchange exchange) {
      return CompletableFuture.completedFuture(RESPONSE);
    }
  }

  private static final class Step extends AsyncProcessorSupport {
    private final Registry registry = new Registry();

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
      ChargerRequest request = exchange.getMessage().getBody(ChargerRequest.class);
      registry
          .send(request, exchange)
          .whenComplete((response, failure) -> exchange.getMessage().setBody(response));
      callback.done(true);
      return true;
    }
  }

  private AsyncProcessor route(String id) {
    return AsyncProcessorConverterHelper.convert(context.getRoute(id).getProcessor());
  }

  private AsyncProcessor bean = new Step();
  private AsyncProcessor processor = new Step();
  private AsyncProcessor nothing = new Step();

  /** Starts the three routes. */
  @Setup
  public void start() throws Exception {
    context.getRegistry().bind("sessionRegistry", new Registry());
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:bean").routeId("bean").bean("ref:sessionRegistry", "send");
            from("direct:processor").routeId("processor").process(new Step());
            from("direct:nothing").routeId("nothing").setBody(constant(RESPONSE));
          }
        });
    context.start();
    bean = route("bean");
    processor = route("processor");
    nothing = route("nothing");
  }

  /** Stops them. */
  @TearDown
  public void stop() {
    context.stop();
  }

  private Object run(AsyncProcessor route) throws Exception {
    Exchange exchange = new DefaultExchange(context, ExchangePattern.InOnly);
    exchange.getMessage().setBody(PING);
    route.process(exchange);
    return exchange.getMessage().getBody();
  }

  /** The step as the route has it. */
  @Benchmark
  public Object bean() throws Exception {
    return run(bean);
  }

  /** The step as a processor. */
  @Benchmark
  public Object processor() throws Exception {
    return run(processor);
  }

  /** A step that does nothing else than set the body. */
  @Benchmark
  public Object nothing() throws Exception {
    return run(nothing);
  }
}
