/** Who is online: the retained availability of each charger. */
@org.jspecify.annotations.NullMarked
package dev.evsebridge.presence;
