/** What becomes of faults of the bridge itself: it ends, rather than going on half alive. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.fault;
