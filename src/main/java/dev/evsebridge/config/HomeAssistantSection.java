package dev.evsebridge.config;

/** Reads what is set under {@code homeassistant.} */
final class HomeAssistantSection {

  private HomeAssistantSection() {}

  static HomeAssistantKeys read(SettingReader reader) throws ConfigurationException {
    HomeAssistantKeys keys =
        new HomeAssistantKeys(
            reader.flag(Setting.HOMEASSISTANT_DISCOVERY),
            RouteTopic.read(Setting.HOMEASSISTANT_PREFIX, reader),
            reader.parsed(
                Setting.HOMEASSISTANT_STATUS_TOPIC,
                MqttText.TOPIC_ALLOWED,
                text -> MqttText.isTopic(text) ? text : null));
    if (keys.discovery() && !reader.flag(Setting.BRIDGE_STATE_TOPICS)) {
      throw reader.refused(
          Setting.HOMEASSISTANT_DISCOVERY,
          "bridge.state_topics must be true as well: Home Assistant shows what is published there");
    }
    return keys;
  }
}
