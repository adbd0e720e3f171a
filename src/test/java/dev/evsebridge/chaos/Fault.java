package dev.evsebridge.chaos;

import java.util.Random;

/**
 * Something that goes wrong, and what must be seen of it from outside.
 *
 * @param name what happens; with a seed, enough to repeat it
 * @param reach whom it may disturb
 * @param course lets it happen, checks what it alone must lead to, and puts everything back
 */
record Fault(String name, Reach reach, Course course) {

  /** Whom a fault may disturb. */
  enum Reach {
    /** Nobody else: chargers stay connected, and every request has its one outcome in time. */
    NOBODY,
    /** The way to the broker: see {@link World#withoutControl}. */
    BROKER,
    /** The process: chargers and broker lose it. */
    PROCESS
  }

  /** What happens. */
  @FunctionalInterface
  interface Course {
    /** Throws an {@link AssertionError} for what must not be. */
    void run(World world, Random random) throws Exception;
  }

  static Fault harmless(String name, Course course) {
    return new Fault(name, Reach.NOBODY, course);
  }

  static Fault ofBroker(String name, Course course) {
    return new Fault(name, Reach.BROKER, course);
  }

  static Fault ofProcess(String name, Course course) {
    return new Fault(name, Reach.PROCESS, course);
  }
}
