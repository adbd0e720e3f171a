package dev.evsebridge.state;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.runtime.WholeFile;
import dev.evsebridge.state.Remembered.Former;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers chargers on disk: their energy and sessions, and where something stands retained. One
 * file of text, a line for each charger:
 *
 * <pre>
 * journal 5A0C33E1 {"topic_root":"from_dehneEVSE","chargers":1,"incomplete":false}
 * 10BA23AB50534D53302E3120FF162332 8C736521 {"topic_root":"from_dehneEVSE","client_id":"Garage",…}
 * former 1B0AF6C3 {"topic_root":"from_dehneEVSE","client_id":"Carport"}
 * </pre>
 *
 * The second word is the CRC-32 of the rest and the first. All lines stand there twice, so that a
 * damaged one costs nothing. A charger of which both are damaged has lost its energy: it is not
 * counted again from 0 until it is forgotten.
 *
 * <p>The file is written whole beside the old one, forced to the disk and then renamed: a power cut
 * leaves the old or the new content, never half of it.
 */
final class ChargerJournal {

  private static final Logger LOG = LoggerFactory.getLogger(ChargerJournal.class);

  private static final String HEADER = "journal";
  private static final String FORMER = "former";

  private static final int COPIES = 2;

  private static final HexFormat UPPER_CASE = HexFormat.of().withUpperCase();

  private static final ObjectMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private final Path file;

  /** As they stand in the file, each with its end. */
  private final Map<SerialNumber, byte[]> lines = new LinkedHashMap<>();

  /**
   * Creates a journal.
   *
   * @param file is created with its folder when something is written
   */
  ChargerJournal(Path file) {
    this.file = file;
  }

  /**
   * What a file holds.
   *
   * @param root the topic that everything was published below; null when nothing was
   * @param chargers those that are remembered
   * @param former topics that may not have been cleared yet
   * @param incomplete whether chargers are missing because their lines were damaged
   */
  record Content(
      @Nullable String root, List<Remembered> chargers, Set<Former> former, boolean incomplete) {

    static final Content EMPTY = new Content(null, List.of(), Set.of(), false);

    /** Copies the collections. */
    Content {
      chargers = List.copyOf(chargers);
      former = Set.copyOf(former);
    }
  }

  /**
   * What is to be different in the file.
   *
   * @param root the topic that everything is published below
   * @param changed chargers as they are to be remembered from now on
   * @param forgotten chargers that nothing is to be remembered of
   * @param former all topics that may have to be cleared
   * @param incomplete whether chargers are missing because their lines were damaged
   */
  record Batch(
      String root,
      List<Remembered> changed,
      Set<SerialNumber> forgotten,
      Set<Former> former,
      boolean incomplete) {

    /** Copies the collections. */
    Batch {
      changed = List.copyOf(changed);
      forgotten = Set.copyOf(forgotten);
      former = Set.copyOf(former);
    }
  }

  /**
   * Reads what an earlier run has left.
   *
   * @throws IOException when there is a file and it can't be read
   */
  Content read() throws IOException {
    if (!Files.exists(file)) {
      return Content.EMPTY;
    }
    Reader reader = new Reader();
    byte[] content = Files.readAllBytes(file);
    int begin = 0;
    for (int end = 0; end < content.length; end++) {
      if (content[end] == '\n') {
        reader.take(ByteBuffer.wrap(content, begin, end - begin));
        begin = end + 1;
      }
    }
    // What nothing has ended was cut off.
    reader.take(ByteBuffer.wrap(content, begin, content.length - begin));
    return reader.content();
  }

  private final class Reader {
    private final Map<SerialNumber, Remembered> chargers = new LinkedHashMap<>();
    private final Set<String> damagedOnce = new HashSet<>();
    private final Set<SerialNumber> damaged = new HashSet<>();
    private final Set<Former> former = new LinkedHashSet<>();
    private @Nullable Header header;
    private int spoilt;

    void take(ByteBuffer bytes) {
      if (!bytes.hasRemaining()) {
        return;
      }
      String line;
      try {
        line = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
      } catch (CharacterCodingException e) {
        spoilt++;
        return;
      }
      String[] words = line.split(" ", 3);
      if (words.length < 3
          || !words[1].equals(checksum(words[0], words[2].getBytes(StandardCharsets.UTF_8)))) {
        spoilt++;
        // In one copy the serial number itself may be what is damaged.
        if (SerialNumber.isSerialNumber(words[0]) && !damagedOnce.add(words[0])) {
          damaged.add(new SerialNumber(words[0]));
        }
        return;
      }
      try {
        parse(words[0], words[2], line);
      } catch (JsonProcessingException | DateTimeException | IllegalArgumentException e) {
        spoilt++;
        LOG.debug("Can't understand {}", line, e);
      }
    }

    private void parse(String key, String json, String line) throws JsonProcessingException {
      if (key.equals(HEADER)) {
        header = JSON.readValue(json, Header.class);
      } else if (key.equals(FORMER)) {
        Topics topics = JSON.readValue(json, Topics.class);
        former.add(new Former(topics.topicRoot(), topics.clientId()));
      } else {
        SerialNumber serial = new SerialNumber(key);
        chargers.put(serial, JSON.readValue(json, Entry.class).toRemembered(serial));
        lines.put(serial, (line + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }

    Content content() {
      damaged.removeAll(chargers.keySet());
      String root = header == null ? null : header.topicRoot();
      List<Remembered> all = new ArrayList<>(chargers.values());
      damaged.forEach(
          serial ->
              all.add(
                  new Remembered(
                      serial,
                      root == null ? "" : root,
                      serial.hex(),
                      0,
                      null,
                      null,
                      Metered.LOST)));
      boolean incomplete = header == null || header.incomplete() || all.size() < header.chargers();
      if (spoilt > 0 || incomplete) {
        LOG.warn(
            "{}: {} lines can't be read (bridge.state_dir). {}",
            file,
            spoilt,
            incomplete || !damaged.isEmpty()
                ? "The energy of some chargers is lost: theirs is not counted until they are"
                    + " forgotten, so that it never falls"
                : "Nothing is lost: there was a second copy of each");
      }
      return new Content(root, all, former, incomplete);
    }
  }

  /** Writes what has changed; it is on the disk when this returns. */
  void write(Batch batch) throws IOException {
    batch.forgotten().forEach(lines::remove);
    for (Remembered each : batch.changed()) {
      keep(each.serial(), line(each.serial().hex(), Entry.of(each)));
    }
    List<byte[]> all = new ArrayList<>(lines.size() + 1 + batch.former().size());
    all.add(line(HEADER, new Header(batch.root(), lines.size(), batch.incomplete())));
    all.addAll(lines.values());
    for (Former each : batch.former()) {
      all.add(line(FORMER, new Topics(each.root(), each.clientId())));
    }
    replace(all);
  }

  /** In place where it fits: what is thrown away after ten seconds is expensive to collect. */
  private void keep(SerialNumber serial, byte[] line) {
    byte[] before = lines.get(serial);
    if (before != null && before.length == line.length) {
      System.arraycopy(line, 0, before, 0, line.length);
    } else {
      lines.put(serial, line);
    }
  }

  /** Line by line: put together, those of thousands of chargers would be garbage of many MB. */
  private void replace(List<byte[]> all) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    WholeFile.replace(
        file,
        out -> {
          for (int copy = 0; copy < COPIES; copy++) {
            for (byte[] line : all) {
              out.write(line);
            }
          }
        });
  }

  Path file() {
    return file;
  }

  private static byte[] line(String key, Object value) throws JsonProcessingException {
    byte[] json = JSON.writeValueAsBytes(value);
    byte[] words = (key + " " + checksum(key, json) + " ").getBytes(StandardCharsets.UTF_8);
    byte[] line = Arrays.copyOf(words, words.length + json.length + 1);
    System.arraycopy(json, 0, line, words.length, json.length);
    line[line.length - 1] = '\n';
    return line;
  }

  private static String checksum(String key, byte[] json) {
    CRC32 crc = new CRC32();
    crc.update(json);
    crc.update((" " + key).getBytes(StandardCharsets.UTF_8));
    return UPPER_CASE.toHexDigits((int) crc.getValue());
  }

  private record Header(
      @JsonProperty(value = "topic_root", required = true) String topicRoot,
      @JsonProperty("chargers") int chargers,
      @JsonProperty("incomplete") boolean incomplete) {}

  private record Topics(
      @JsonProperty(value = "topic_root", required = true) String topicRoot,
      @JsonProperty(value = "client_id", required = true) String clientId) {}

  private record Entry(
      @JsonProperty(value = "topic_root", required = true) String topicRoot,
      @JsonProperty(value = "client_id", required = true) String clientId,
      @JsonProperty("firmware_version") int firmwareVersion,
      @JsonProperty("read") @Nullable String read,
      @JsonProperty("charger_start") @Nullable String chargerStart,
      @JsonProperty("watt_hours") @Nullable Double wattHours,
      @JsonProperty("lost") boolean lost,
      @JsonProperty("closed") @Nullable String closed,
      @JsonProperty("running") @Nullable SessionEntry running,
      @JsonProperty("finished") @Nullable SessionEntry finished) {

    static Entry of(Remembered charger) {
      Metered metered = charger.metered();
      return new Entry(
          charger.root(),
          charger.clientId(),
          charger.firmwareVersion(),
          text(charger.readAt()),
          text(charger.chargerStart()),
          metered.wattHours(),
          metered.lost(),
          text(metered.closedAt()),
          SessionEntry.of(metered.running()),
          SessionEntry.of(metered.finished()));
    }

    Remembered toRemembered(SerialNumber serial) {
      return new Remembered(
          serial,
          topicRoot,
          clientId,
          firmwareVersion,
          instant(read),
          instant(chargerStart),
          new Metered(
              wattHours,
              lost,
              instant(closed),
              running == null ? null : running.toSession(),
              finished == null || finished.end() == null || finished.endReason() == null
                  ? null
                  : finished.toSession()));
    }
  }

  private record SessionEntry(
      @JsonProperty(value = "start", required = true) String start,
      @JsonProperty("end") @Nullable String end,
      @JsonProperty("start_watt_hours") @Nullable Double startWattHours,
      @JsonProperty("end_watt_hours") @Nullable Double endWattHours,
      @JsonProperty("charging_milliseconds") long chargingMillis,
      @JsonProperty("gap_milliseconds") long gapMillis,
      @JsonProperty("end_reason") @Nullable String endReason) {

    static @Nullable SessionEntry of(@Nullable ChargingSession session) {
      return session == null
          ? null
          : new SessionEntry(
              session.start().toString(),
              text(session.end()),
              session.startWattHours(),
              session.endWattHours(),
              session.chargingMillis(),
              session.gapMillis(),
              session.endReason());
    }

    ChargingSession toSession() {
      return new ChargingSession(
          Instant.parse(start),
          instant(end),
          startWattHours,
          endWattHours,
          chargingMillis,
          gapMillis,
          endReason);
    }
  }

  private static @Nullable String text(@Nullable Instant instant) {
    return instant == null ? null : instant.toString();
  }

  private static @Nullable Instant instant(@Nullable String text) {
    return text == null ? null : Instant.parse(text);
  }
}
