package dev.evsebridge.control;

import java.time.Duration;

/**
 * What the interlock of one charger is held to.
 *
 * @param enforced {@code evse.interlock}: whether it refuses, and opens by itself; otherwise it
 *     only carries out a graceful stop when it is told to
 * @param ventilationAllowed whether state D counts as asking for power
 * @param fixedCableDeciamps the rating of a tethered cable; 0 where the proximity pilot tells it
 * @param stopTimeout how long a car may take to stop drawing before the contactor is opened
 */
public record InterlockRules(
    boolean enforced, boolean ventilationAllowed, int fixedCableDeciamps, Duration stopTimeout) {}
