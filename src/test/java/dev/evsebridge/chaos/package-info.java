/**
 * The chaos test: faults of all kinds, drawn at random, and after each the question whether the
 * bridge is still whole. {@code ChaosIT} is the short run, {@code mvn -Pchaos} the long one.
 */
package dev.evsebridge.chaos;
