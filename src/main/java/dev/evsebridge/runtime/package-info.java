/**
 * What all threads of the process share: executors, log throttle, memory footprint. Knows nobody.
 */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.runtime;
