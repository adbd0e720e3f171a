package dev.evsebridge.state;

import dev.evsebridge.message.SerialNumber;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Is told whom an earlier run of the bridge has known; must not block. */
public interface RememberedListener {

  /**
   * A charger that is known, though it may not have connected since.
   *
   * @param clientId its name now, or its serial number
   * @param firmwareVersion from its last hello
   * @param lastSeen when its last reading came; null when nobody knows
   */
  void remembered(
      SerialNumber serial, String clientId, int firmwareVersion, @Nullable Instant lastSeen);
}
