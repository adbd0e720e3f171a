/** How the {@code netty} endpoint of the listener route is furnished: one pipeline per charger. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.listener;
