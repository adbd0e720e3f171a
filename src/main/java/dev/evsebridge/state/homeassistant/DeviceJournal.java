package dev.evsebridge.state.homeassistant;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.WholeFile;
import dev.evsebridge.runtime.WriteTrouble;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers on disk what has been announced to Home Assistant, so that it can be announced again
 * for chargers that are away, and withdrawn when it is not wanted any more.
 *
 * <pre>
 * {"prefix":"homeassistant","bridge":"dehneevse_mqtt_bridge","chargers":
 *  {"10BA23AB50534D53302E3120FF162332":{"firmware_version":9,"components":["enabled","power"]}}}
 * </pre>
 *
 * Of the components only those are remembered that not every charger has. The file is written whole
 * beside the old one and then renamed. Used by one thread.
 */
final class DeviceJournal {

  private static final Logger LOG = LoggerFactory.getLogger(DeviceJournal.class);

  private static final ObjectMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private final Path file;
  private final Map<SerialNumber, Charger> chargers = new LinkedHashMap<>();
  private final WriteTrouble trouble =
      new WriteTrouble(
          LOG, "Chargers that are gone may stay in Home Assistant when discovery is switched off");

  /**
   * What is remembered of a charger.
   *
   * @param firmwareVersion from its last hello
   * @param components the optional ones that Home Assistant knows
   */
  record Charger(
      @JsonProperty("firmware_version") int firmwareVersion,
      @JsonProperty("components") List<String> components) {
    Charger {
      components = List.copyOf(components);
    }
  }

  /**
   * Where an earlier run has announced its devices.
   *
   * @param prefix of the topics
   * @param bridge the id that the bridge had at the broker
   */
  record Former(String prefix, String bridge) {
    Former {
      Objects.requireNonNull(prefix);
      Objects.requireNonNull(bridge);
    }
  }

  private record Content(
      @JsonProperty("prefix") String prefix,
      @JsonProperty("bridge") String bridge,
      @JsonProperty("chargers") Map<String, Charger> chargers) {}

  DeviceJournal(Path file) {
    this.file = file;
  }

  /**
   * Reads what an earlier run has left.
   *
   * @return null when it left nothing
   */
  @Nullable Former open() {
    if (!Files.exists(file)) {
      return null;
    }
    try {
      Content content = JSON.readValue(Files.readAllBytes(file), Content.class);
      content.chargers.forEach(
          (serial, charger) -> {
            if (SerialNumber.isSerialNumber(serial)) {
              chargers.put(new SerialNumber(serial), charger);
            }
          });
      return new Former(content.prefix, content.bridge);
    } catch (IOException | RuntimeException e) {
      // RuntimeException: what is JSON, but holds null where something must be.
      LOG.warn(
          "{} can't be read (bridge.state_dir): {}. What was announced to Home Assistant of chargers that are away stays as it is",
          file,
          String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
      chargers.clear();
      return null;
    }
  }

  Set<SerialNumber> serials() {
    return chargers.keySet();
  }

  @Nullable Charger find(SerialNumber serial) {
    return chargers.get(serial);
  }

  void put(SerialNumber serial, Charger charger) {
    chargers.put(serial, charger);
  }

  /** Returns whether it was there. */
  boolean remove(SerialNumber serial) {
    return chargers.remove(serial) != null;
  }

  int size() {
    return chargers.size();
  }

  /**
   * Writes all of it. A power cut leaves the old file or the new one.
   *
   * @return whether that could be done
   */
  boolean write(String prefix, String bridge) {
    Map<String, Charger> bySerial =
        chargers.entrySet().stream()
            .collect(
                Collectors.toMap(
                    entry -> entry.getKey().hex(),
                    Map.Entry::getValue,
                    (one, other) -> one,
                    LinkedHashMap::new));
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      WholeFile.replace(file, JSON.writeValueAsBytes(new Content(prefix, bridge, bySerial)));
      trouble.worked(file);
      return true;
    } catch (IOException e) {
      trouble.failed(file, e);
      return false;
    }
  }

  /** Nothing is announced any more. */
  void delete() {
    try {
      boolean unused = Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("Can't delete {} (bridge.state_dir): {}", file, e.toString());
    }
  }
}
