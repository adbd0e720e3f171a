/** Who may do what to a charger, and what happens when nobody can control it. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.control;
