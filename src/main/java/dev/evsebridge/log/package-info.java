/** Keeps the log readable when the same thing happens very often. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.log;
