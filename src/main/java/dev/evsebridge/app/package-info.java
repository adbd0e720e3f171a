/** Start and stop: the command line, the wiring, the one list of what routes may name. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.app;
