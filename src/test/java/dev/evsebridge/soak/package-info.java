/**
 * The soak test: {@code mvn -Psoak} lets many chargers misbehave and the broker come and go, and
 * accounts for every message.
 */
package dev.evsebridge.soak;
