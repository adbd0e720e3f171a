package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the bridge is, retained; the order of the components is the order of the JSON keys.
 *
 * @param version of the program
 * @param started when this run has begun, ISO 8601 in UTC
 * @param mqttClientId its name at the broker
 * @param topics the roots of its topics
 * @param java the version of Java that runs it
 * @param camel the version of Camel that runs its routes
 * @param features what is switched on, by name
 * @param settings those in effect, without secrets, by key
 */
public record BridgeInfo(
    @JsonProperty("version") String version,
    @JsonProperty("started") String started,
    @JsonProperty("mqtt_client_id") String mqttClientId,
    @JsonProperty("topics") Topics topics,
    @JsonProperty("java") String java,
    @JsonProperty("camel") String camel,
    @JsonProperty("features") List<String> features,
    @JsonProperty("settings") Map<String, String> settings) {

  /**
   * The roots of topics.
   *
   * @param publish what the bridge publishes on and below
   * @param subscribe what it takes requests from, there and below
   */
  public record Topics(
      @JsonProperty("publish") String publish, @JsonProperty("subscribe") String subscribe) {}

  /** Copies the collections. */
  public BridgeInfo {
    features = List.copyOf(features);
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
  }
}
