package dev.evsebridge.testkit;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** Serial numbers that no other test uses, so that tests that share a bridge do not meet. */
public final class Serials {
  private static final AtomicLong LAST = new AtomicLong();

  private Serials() {}

  public static String next() {
    return String.format(Locale.ROOT, "AB%014X4D53302E3120FF16", LAST.incrementAndGet());
  }
}
