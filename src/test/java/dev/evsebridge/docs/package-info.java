/** Keeps the documentation and the code together. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.docs;
