package dev.evsebridge.config;

/**
 * What is set for Home Assistant.
 *
 * @param discovery whether chargers are announced to it
 * @param prefix where it looks for devices: {@code <prefix>/device/<id>/config}
 * @param statusTopic where it says that it has started
 */
public record HomeAssistantKeys(boolean discovery, String prefix, String statusTopic) {}
