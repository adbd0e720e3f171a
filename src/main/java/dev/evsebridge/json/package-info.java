/** How JSON is read and written. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.json;
