/**
 * Bytes to messages and back, on Netty alone.
 *
 * <p>Source of all facts here: the charger firmware's TCP client, versions 2 to 9. All integers are
 * big-endian.
 */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.charger.codec;
