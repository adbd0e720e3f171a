package dev.evsebridge.web;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** The files of the page: a closed list, so that nothing else can be had by any path. */
final class Page {

  private static final String FOLDER = "/page/";
  private static final int NOT_MODIFIED = 304;

  private static final Map<String, String> FILES =
      Map.of(
          "index.html", "text/html; charset=utf-8",
          "style.css", "text/css; charset=utf-8",
          "script.js", "text/javascript; charset=utf-8",
          "icon.svg", "image/svg+xml");

  private record Content(String type, Buffer plain, Buffer compressed, String tag) {}

  private Page() {}

  static void addTo(Router router) {
    FILES.forEach(
        (name, type) -> {
          Content content = read(name, type);
          WebServer.reads(router, "/" + name).handler(ctx -> give(ctx, content));
          if (name.equals("index.html")) {
            WebServer.reads(router, "/").handler(ctx -> give(ctx, content));
          }
        });
  }

  private static Content read(String name, String type) {
    try (InputStream file = Page.class.getResourceAsStream(FOLDER + name)) {
      if (file == null) {
        throw new IllegalStateException("the jar lacks " + FOLDER + name);
      }
      byte[] bytes = file.readAllBytes();
      ByteArrayOutputStream small = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(small)) {
        gzip.write(bytes);
      }
      CRC32 sum = new CRC32();
      sum.update(bytes);
      String tag = "\"" + HexFormat.of().toHexDigits((int) sum.getValue()) + "\"";
      return new Content(type, Buffer.buffer(bytes), Buffer.buffer(small.toByteArray()), tag);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void give(RoutingContext ctx, Content content) {
    HttpServerResponse response =
        ctx.response()
            // Kept, but asked for each time: after an update the page is the new one.
            .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
            .putHeader(HttpHeaders.ETAG, content.tag())
            .putHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING)
            .putHeader(HttpHeaders.CONTENT_TYPE, content.type());
    if (content.tag().equals(ctx.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
      response.setStatusCode(NOT_MODIFIED).end();
    } else if (takesGzip(ctx.request().getHeader(HttpHeaders.ACCEPT_ENCODING))) {
      response.putHeader(HttpHeaders.CONTENT_ENCODING, "gzip").end(content.compressed());
    } else {
      response.end(content.plain());
    }
  }

  private static boolean takesGzip(@Nullable String accepted) {
    return accepted != null && accepted.contains("gzip");
  }
}
