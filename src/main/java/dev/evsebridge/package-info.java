@org.jspecify.annotations.NullMarked
package dev.evsebridge;
