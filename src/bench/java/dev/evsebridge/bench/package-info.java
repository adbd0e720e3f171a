/**
 * Benchmarks: a load generator that drives any bridge speaking the charger's protocol and the MQTT
 * messages, the plain Java floor to compare with, and the report. Built with the Maven profile
 * {@code bench} only.
 */
@NullMarked
package dev.evsebridge.bench;

import org.jspecify.annotations.NullMarked;
