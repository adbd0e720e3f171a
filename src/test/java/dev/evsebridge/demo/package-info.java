/** Broker, bridge and simulated chargers in one process, to watch: {@code mvn -Pdemo}. */
@NullMarked
package dev.evsebridge.demo;

import org.jspecify.annotations.NullMarked;
