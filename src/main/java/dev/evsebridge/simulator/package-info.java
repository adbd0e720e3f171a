/**
 * Charging stations without the hardware: they dial in over TCP and behave as the firmware does.
 *
 * <p>The wire handling here shares nothing with the bridge's codec, so that each can be tested
 * against the other.
 */
@NullMarked
package dev.evsebridge.simulator;

import org.jspecify.annotations.NullMarked;
