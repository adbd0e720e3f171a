package dev.evsebridge.config;

/**
 * A value as the operator wrote it.
 *
 * @param text the value
 * @param source where it stands, in the operator's words
 */
record SettingValue(String text, String source) {}
