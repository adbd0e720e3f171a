/** For people and monitors: health, metrics, API and page on one port. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.web;
