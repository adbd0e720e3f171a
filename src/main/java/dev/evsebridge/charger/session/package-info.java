/** Who is connected, and the one request on each charger's wire. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.charger.session;
