/**
 * The one connection to the broker, and the component {@code paho-mqtt5} that shares it among
 * routes.
 */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.mqtt;
