/**
 * What chargers and MQTT clients say to each other, as immutable types that check their own ranges.
 */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.message;
