/** What Home Assistant finds retained: a description of the bridge, and of each charger. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.state.homeassistant;
