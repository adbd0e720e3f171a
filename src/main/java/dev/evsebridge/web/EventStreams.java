package dev.evsebridge.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Server-sent events: first everything, then what changes. What comes faster than a reader reads is
 * left out, except log lines and errors as far as they are kept; a reader that does not read at all
 * is dropped. Streams belong to the web server's event loop.
 */
final class EventStreams {

  private static final int MOST = 20;
  private static final int QUEUE_BYTES = 64 * 1024;
  private static final long GATHER_MILLIS = 20;
  private static final long LOOK_MILLIS = 1_000;

  /** How often the bridge is told of even though nothing has changed: a page can trust in it. */
  private static final int LOOKS_PER_SIGN_OF_LIFE = 10;

  private static final long SLOW_NANOS = Duration.ofSeconds(15).toNanos();

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Vertx vertx;
  private final Context context;
  private final ChargerBook book;
  private final Supplier<ObjectNode> bridge;
  private final Set<Stream> streams = new LinkedHashSet<>();
  private final Set<String> changed = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean gathering = new AtomicBoolean();
  private volatile boolean anybody;
  private @Nullable ObjectNode bridgeTold;
  private int looks;

  /**
   * Creates it without streams.
   *
   * @param bridge tells how the bridge itself is
   * @param elsewhere gives the other bridge that has a charger now, or null
   */
  EventStreams(
      Vertx vertx, Supplier<ObjectNode> bridge, Function<String, @Nullable String> elsewhere) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.book = new ChargerBook(this::changed, this::changed, elsewhere);
    this.bridge = bridge;
    vertx.setPeriodic(LOOK_MILLIS, timer -> look());
  }

  /** Whose changes are told. */
  ChargerBook book() {
    return book;
  }

  private void changed(String clientId) {
    if (anybody) {
      changed.add(clientId);
      if (gathering.compareAndSet(false, true)) {
        context.runOnContext(now -> vertx.setTimer(GATHER_MILLIS, timer -> tellChanges()));
      }
    }
  }

  private void tellChanges() {
    gathering.set(false);
    for (Iterator<String> each = changed.iterator(); each.hasNext(); ) {
      String clientId = each.next();
      each.remove();
      streams.forEach(stream -> stream.pending.add(clientId));
    }
    List.copyOf(streams).forEach(Stream::write);
  }

  /** Begins a stream. */
  void open(RoutingContext ctx) {
    if (streams.size() >= MOST) {
      Problem.TOO_MANY_STREAMS.answer(ctx);
      return;
    }
    HttpServerResponse response = ctx.response();
    response
        .setChunked(true)
        .setWriteQueueMaxSize(QUEUE_BYTES)
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
        // Proxies would gather events until there are enough of them.
        .putHeader("X-Accel-Buffering", "no");
    Stream stream = new Stream(response);
    streams.add(stream);
    anybody = true;
    ctx.addEndHandler(ended -> close(stream));
    response.closeHandler(closed -> close(stream));
    response.exceptionHandler(broken -> close(stream));
    response.write("retry: 2000\n\n" + event("bridge", bridge.get()));
    book.locate();
    book.pages().forEach(page -> stream.pending.add(page.clientId()));
    stream.write();
  }

  private void close(Stream stream) {
    streams.remove(stream);
    anybody = !streams.isEmpty();
  }

  private void look() {
    if (streams.isEmpty()) {
      return;
    }
    book.locate();
    ObjectNode now = bridge.get();
    boolean tell = !now.equals(bridgeTold) || ++looks >= LOOKS_PER_SIGN_OF_LIFE;
    if (tell) {
      bridgeTold = now;
      looks = 0;
    }
    for (Stream stream : List.copyOf(streams)) {
      if (stream.isStuck()) {
        close(stream);
        stream.response.reset();
      } else if (tell && !stream.response.writeQueueFull()) {
        stream.response.write(event("bridge", now));
      }
    }
  }

  private static String event(@Nullable String type, ObjectNode data) {
    // JSON escapes line ends: it is one line.
    String line = "data: " + text(data) + "\n\n";
    return type == null ? line : "event: " + type + "\n" + line;
  }

  private static String text(ObjectNode data) {
    try {
      return JSON.writeValueAsString(data);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private final class Stream {
    final HttpServerResponse response;
    final Set<String> pending = new LinkedHashSet<>();
    private final Map<String, Told> told = new HashMap<>();
    private long fullSinceNanos;
    private boolean full;

    Stream(HttpServerResponse response) {
      this.response = response;
      response.drainHandler(
          drained -> {
            full = false;
            write();
          });
    }

    boolean isStuck() {
      return full && System.nanoTime() - fullSinceNanos > SLOW_NANOS;
    }

    void write() {
      while (!pending.isEmpty() && !response.closed()) {
        if (response.writeQueueFull()) {
          if (!full) {
            full = true;
            fullSinceNanos = System.nanoTime();
          }
          return;
        }
        Iterator<String> first = pending.iterator();
        String clientId = first.next();
        first.remove();
        String events = eventsOf(clientId);
        if (!events.isEmpty()) {
          response.write(events);
        }
      }
    }

    private String eventsOf(String clientId) {
      ChargerPage page = book.find(clientId);
      if (page == null) {
        return told.remove(clientId) == null
            ? ""
            : event("gone", JSON.createObjectNode().put("client_id", clientId));
      }
      Told before = told.computeIfAbsent(clientId, unknown -> new Told());
      StringBuilder events = new StringBuilder();
      long version = page.version();
      if (version != before.version) {
        ObjectNode state = page.json();
        if (state == null) {
          return "";
        }
        before.version = version;
        events.append(event(null, state));
      }
      long lines = page.linesEver();
      page.linesAfter(before.lines).forEach(line -> events.append(event("log", line)));
      before.lines = lines;
      long errors = page.errorsEver();
      page.errorsAfter(before.errors).forEach(error -> events.append(event("failure", error)));
      before.errors = errors;
      return events.toString();
    }
  }

  /** What a stream has been told of a charger. */
  private static final class Told {
    long version = -1;
    long lines;
    long errors;
  }
}
