package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Current rating of the plugged cable, told by its proximity pilot. The order is the wire's code.
 */
public enum ProximityPilot {
  @JsonProperty("amp_13")
  AMP_13,
  @JsonProperty("amp_20")
  AMP_20,
  @JsonProperty("amp_32")
  AMP_32,
  @JsonProperty("no_cable")
  NO_CABLE
}
