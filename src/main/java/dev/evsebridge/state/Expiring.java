package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.OptionalLong;

/** What is published retained, and must not be taken for true when nothing newer comes. */
public interface Expiring {

  /** After how many seconds the broker is to forget it; empty when it stays. */
  @JsonIgnore
  OptionalLong messageExpirySeconds();
}
