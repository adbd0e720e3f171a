package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The retained firmware status of a charger; the order of the components is the order of the JSON
 * keys.
 *
 * @param state how far an upload has come: the code of a {@link Phase}
 * @param installedVersion from the charger's last hello
 * @param latestVersion of the configured image; without one the installed version
 * @param inProgress whether an upload goes on
 * @param updatePercentage how much of the image the charger's socket has taken; null unless it is
 *     uploading or restarting
 * @param imageBytes length of the image as it is sent; null before the first upload
 * @param error why the last upload failed: the code of an error; else null
 * @param detail the error's sentence; else null
 * @param started when the last upload began, ISO 8601 in UTC; null before
 * @param finished when it ended; null while it goes on
 * @param staleAfterSeconds while an upload goes on, the longest time until there is something newer
 */
public record FirmwareStatus(
    @JsonProperty("state") String state,
    @JsonProperty("installed_version") String installedVersion,
    @JsonProperty("latest_version") String latestVersion,
    @JsonProperty("in_progress") boolean inProgress,
    @JsonProperty("update_percentage") @Nullable Integer updatePercentage,
    @JsonProperty("image_bytes") @Nullable Integer imageBytes,
    @JsonProperty("error") @Nullable String error,
    @JsonProperty("detail") @Nullable String detail,
    @JsonProperty("started") @Nullable String started,
    @JsonProperty("finished") @Nullable String finished,
    @JsonIgnore long staleAfterSeconds)
    implements Expiring {

  /** How far an upload has come; published in lower case. */
  public enum Phase {
    /** There was none since the bridge has started. */
    IDLE,
    /** The bridge asks for the reading that must show an open contactor. */
    CHECKING,
    /** The image is on its way. */
    UPLOADING,
    /** All of it has been sent; the charger is to connect anew. */
    RESTARTING,
    /** The charger has restarted. */
    DONE,
    /** It was refused, or has ended with an error. */
    FAILED;

    boolean inProgress() {
      return this == CHECKING || this == UPLOADING || this == RESTARTING;
    }

    /** As it stands in JSON. */
    public String code() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public OptionalLong messageExpirySeconds() {
    return inProgress ? OptionalLong.of(staleAfterSeconds) : OptionalLong.empty();
  }
}
