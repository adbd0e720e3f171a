package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * State of the control pilot (IEC 61851-1): 12 V = A (no vehicle), 9 V = B (connected), 6 V = C
 * (charging), 3 V = D (charging with ventilation), fault = E or F. The order is the wire's code.
 */
public enum PilotVoltage {
  @JsonProperty("volt_12")
  VOLT_12,
  @JsonProperty("volt_9")
  VOLT_9,
  @JsonProperty("volt_6")
  VOLT_6,
  @JsonProperty("volt_3")
  VOLT_3,
  @JsonProperty("fault")
  FAULT
}
