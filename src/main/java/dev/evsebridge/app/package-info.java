/** Start and stop: the command line, the wiring, the fail-safe. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.app;
