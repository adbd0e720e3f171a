/**
 * Several bridges that share one broker and nothing else: who holds which charger is what the
 * broker's order says, and each bridge reads it for itself.
 */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.several;
