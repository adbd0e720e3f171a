package dev.evsebridge.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What controllers must not forget over a restart, one file per charger, named by its serial number
 * so that a renamed charger keeps its memory.
 *
 * <pre>
 * {"enabled":true,"limit_amps":16.0,"errors":["contactor_welded"],
 *  "opened":"2026-01-31T06:11:02Z","opened_by_limit":null,"starts":["2026-01-31T05:40:00Z"],
 *  "switchings":812,"openings_under_load":1}
 * </pre>
 *
 * A file is written whole beside the old one, forced to the disk and then renamed: a power cut
 * leaves the old or the new content, never half of it.
 */
public final class ControlJournal {

  private static final Logger LOG = LoggerFactory.getLogger(ControlJournal.class);

  private static final String SUFFIX = ".json";

  private static final ObjectMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private final Path folder;
  private final Clock clock;

  /**
   * Creates a journal.
   *
   * @param folder is created when something is written
   * @param clock wall time, which the files hold
   */
  public ControlJournal(Path folder, Clock clock) {
    this.folder = folder;
    this.clock = clock;
  }

  /**
   * Reads what is remembered of a charger.
   *
   * @return {@link ControlMemory#NONE} when there is nothing
   * @throws IOException when there is a file that can't be read or understood
   */
  ControlMemory read(SerialNumber serial) throws IOException {
    Path file = file(serial);
    if (!Files.exists(file)) {
      return ControlMemory.NONE;
    }
    try {
      return JSON.readValue(Files.readAllBytes(file), Entry.class).toMemory(clock.instant());
    } catch (JacksonException | DateTimeException | ArithmeticException e) {
      throw new IOException("it is not what the bridge has written: " + firstLine(e), e);
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** Writes what is to be remembered; it is on the disk when this returns. */
  void write(SerialNumber serial, ControlMemory memory) throws IOException {
    Files.createDirectories(folder);
    WholeFile.replace(file(serial), JSON.writeValueAsBytes(Entry.of(memory, clock.instant())));
  }

  /** The chargers that something is remembered of; none when the folder can't be read. */
  List<SerialNumber> serials() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .filter(SerialNumber::isSerialNumber)
          .map(SerialNumber::new)
          .toList();
    } catch (IOException e) {
      LOG.error("Can't read {} (bridge.state_dir): {}", folder, e.toString());
      return List.of();
    }
  }

  /** Forgets a charger. */
  void delete(SerialNumber serial) throws IOException {
    boolean unused = Files.deleteIfExists(file(serial));
  }

  Path file(SerialNumber serial) {
    return folder.resolve(serial.hex() + SUFFIX);
  }

  /** The content of a file; instants are wall time. */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  private record Entry(
      @Nullable Boolean enabled,
      @JsonProperty("limit_amps") @Nullable Double limitAmps,
      @Nullable List<String> errors,
      @Nullable String opened,
      @JsonProperty("opened_by_limit") @Nullable String openedByLimit,
      @Nullable List<String> starts,
      long switchings,
      @JsonProperty("openings_under_load") long openingsUnderLoad) {

    static Entry of(ControlMemory memory, Instant now) {
      Integer limit = memory.limitDeciamps();
      return new Entry(
          memory.enabled(),
          limit == null ? null : limit / 10.0,
          memory.latches().stream().map(LatchedError::code).sorted().toList(),
          instant(memory.openingAge(), now),
          instant(memory.openingByLimitAge(), now),
          memory.startAges().stream().map(age -> now.minus(age).toString()).toList(),
          memory.switchings(),
          memory.openingsUnderLoad());
    }

    private static @Nullable String instant(@Nullable Duration age, Instant now) {
      return age == null ? null : now.minus(age).toString();
    }

    ControlMemory toMemory(Instant now) {
      Set<LatchedError> latches = EnumSet.noneOf(LatchedError.class);
      for (String code : errors == null ? List.<String>of() : errors) {
        LatchedError.ofCode(code).ifPresent(latches::add);
      }
      return new ControlMemory(
          enabled,
          limitAmps == null ? null : Math.toIntExact(Math.round(limitAmps * 10)),
          latches,
          age(opened, now),
          age(openedByLimit, now),
          (starts == null ? List.<String>of() : starts)
              .stream().map(start -> Duration.between(Instant.parse(start), now)).toList(),
          switchings,
          openingsUnderLoad);
    }

    private static @Nullable Duration age(@Nullable String instant, Instant now) {
      return instant == null ? null : Duration.between(Instant.parse(instant), now);
    }
  }
}
