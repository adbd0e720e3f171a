/** What the operator sets, from all sources, checked before anything starts. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.config;
