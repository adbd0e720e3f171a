/** What subscribers find retained at the broker: who is online. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.state;
