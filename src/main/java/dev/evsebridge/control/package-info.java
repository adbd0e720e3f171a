/**
 * Who may do what to a charger, and what happens when nobody can control it: the fail-safe, and the
 * charge controller that makes a complete wallbox of a charger. What decides here is pure: time and
 * events go in, commands come out.
 */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.control;
