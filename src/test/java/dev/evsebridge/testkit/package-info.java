/** What tests and the demo share. */
@NullMarked
package dev.evsebridge.testkit;

import org.jspecify.annotations.NullMarked;
