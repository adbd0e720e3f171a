package dev.evsebridge.several;

/**
 * That a bridge holds a charger.
 *
 * @param bridge its name
 * @param since when the connection was made, in milliseconds of that bridge's clock; no two
 *     connections of a bridge have the same
 */
public record Claim(String bridge, long since) {}
