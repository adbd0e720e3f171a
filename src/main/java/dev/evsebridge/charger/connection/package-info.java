/** Everything that hangs in the pipeline of one charger's connection. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.charger.connection;
