package dev.evsebridge.bench;

/** What came through, and what went wrong. Only touched on the event loop. */
final class Tally {
  /** Readings or responses that came through, whatever they were worth. */
  long messages;

  /** Readings that came twice, or responses that nobody waited for. */
  long duplicates;

  long outOfOrder;

  /** Messages whose content is not what the charger sent. */
  long malformed;

  /**
   * Requests that reached the charger, or responses that came back, as something else than was
   * asked.
   */
  long wrong;

  /** Messages on the error topic. */
  long errors;
}
