/**
 * What chargers and MQTT clients say to each other, as immutable types that check their own ranges,
 * and how they are read and written as JSON.
 */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.message;
