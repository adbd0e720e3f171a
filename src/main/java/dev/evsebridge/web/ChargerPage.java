package dev.evsebridge.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.Reading;
import dev.evsebridge.state.ChargerState;
import dev.evsebridge.state.FirmwareStatus;
import dev.evsebridge.state.LogLine;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is shown of one charger. Written by the threads of the bridge, read by the web server's. */
final class ChargerPage {

  private static final int MOST_LINES = 200;
  private static final int MOST_ERRORS = 20;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String clientId;
  private final Deque<LogLine> log = new ArrayDeque<>();
  private final Deque<RecentError> errors = new ArrayDeque<>();
  private @Nullable ChargerState state;
  private @Nullable Reading reading;
  private @Nullable Instant readAt;
  private @Nullable Instant offlineSince;
  private @Nullable FirmwareStatus firmware;

  /** The other bridge that has it. */
  private @Nullable String elsewhere;

  private long connections;
  private long linesEver;
  private long errorsEver;
  private long version;

  ChargerPage(String clientId) {
    this.clientId = clientId;
  }

  String clientId() {
    return clientId;
  }

  /** Rises with each change, except of log and errors. */
  synchronized long version() {
    return version;
  }

  synchronized @Nullable ChargerState state() {
    return state;
  }

  synchronized @Nullable Reading reading() {
    return reading;
  }

  synchronized @Nullable Instant readAt() {
    return readAt;
  }

  synchronized long connections() {
    return connections;
  }

  synchronized void connected() {
    connections++;
    version++;
    offlineSince = null;
    reading = null;
  }

  synchronized void disconnected(Instant at) {
    offlineSince = at;
    version++;
  }

  /** Returns whether that is new. */
  synchronized boolean isAt(@Nullable String otherBridge) {
    if (Objects.equals(otherBridge, elsewhere)) {
      return false;
    }
    elsewhere = otherBridge;
    version++;
    return true;
  }

  synchronized void changed(ChargerState newState) {
    if (!newState.equals(state)) {
      state = newState;
      version++;
    }
  }

  synchronized void read(Reading newReading, Instant at) {
    reading = newReading;
    readAt = at;
    version++;
  }

  synchronized void logged(LogLine line) {
    log.addLast(line);
    linesEver++;
    if (log.size() > MOST_LINES) {
      log.removeFirst();
    }
  }

  synchronized void failed(ErrorMessage error, Instant at) {
    errors.addLast(new RecentError(at.truncatedTo(ChronoUnit.SECONDS).toString(), error));
    errorsEver++;
    if (errors.size() > MOST_ERRORS) {
      errors.removeFirst();
    }
  }

  synchronized void firmware(FirmwareStatus status) {
    if (!status.equals(firmware)) {
      firmware = status;
      version++;
    }
  }

  /** The state, and what else the page shows; null before there is a state. */
  synchronized @Nullable ObjectNode json() {
    if (state == null) {
      return null;
    }
    ObjectNode json = JSON.valueToTree(state);
    json.put("offline_since", offlineSince == null ? null : seconds(offlineSince));
    json.put("bridge", state.connected() ? null : elsewhere);
    json.set("raw", reading == null ? null : raw(reading.measurements()));
    json.set("firmware", firmware == null ? null : JSON.valueToTree(firmware));
    return json;
  }

  private static String seconds(Instant at) {
    return at.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** What the charger has measured, before it is calibrated. */
  private static ObjectNode raw(Measurements measured) {
    ObjectNode raw = JSON.valueToTree(measured);
    raw.remove("logging_buffer");
    return raw;
  }

  /** The same with log and errors. */
  synchronized @Nullable ObjectNode jsonWithLog() {
    ObjectNode json = json();
    if (json != null) {
      json.set("log", JSON.valueToTree(log));
      json.set("recent_errors", JSON.valueToTree(errors));
    }
    return json;
  }

  synchronized long linesEver() {
    return linesEver;
  }

  synchronized long errorsEver() {
    return errorsEver;
  }

  /** The lines after the first so many, as far as they are kept. */
  synchronized List<ObjectNode> linesAfter(long first) {
    List<ObjectNode> lines = new ArrayList<>();
    long number = linesEver - log.size();
    for (LogLine line : log) {
      if (++number > first) {
        lines.add(event(line));
      }
    }
    return lines;
  }

  /** The errors after the first so many, as far as they are kept. */
  synchronized List<ObjectNode> errorsAfter(long first) {
    List<ObjectNode> after = new ArrayList<>();
    long number = errorsEver - errors.size();
    for (RecentError error : errors) {
      if (++number > first) {
        after.add(event(error));
      }
    }
    return after;
  }

  private ObjectNode event(Object content) {
    ObjectNode json = JSON.createObjectNode().put("client_id", clientId);
    ObjectNode rest = JSON.valueToTree(content);
    rest.remove("client_id");
    json.setAll(rest);
    return json;
  }
}
