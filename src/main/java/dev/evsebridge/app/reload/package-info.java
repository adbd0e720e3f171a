/** Keeps the running routes the same as the files in the folder {@code routes}. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.app.reload;
