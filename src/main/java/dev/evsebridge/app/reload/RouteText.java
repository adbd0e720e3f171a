package dev.evsebridge.app.reload;

import org.jspecify.annotations.Nullable;

/**
 * What was found in a route file.
 *
 * @param text its content
 * @param fault why the content can't be read, or null
 */
record RouteText(String text, @Nullable String fault) {

  static RouteText of(String text) {
    return new RouteText(text, null);
  }

  static RouteText unreadable(String fault) {
    return new RouteText("", fault);
  }
}
