package dev.evsebridge.state.homeassistant;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.ControlKeys;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.LogThrottle;
import dev.evsebridge.state.homeassistant.DeviceJournal.Charger;
import dev.evsebridge.state.homeassistant.DeviceJournal.Former;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps Home Assistant told of the bridge and its chargers ("MQTT device discovery", from Home
 * Assistant 2024.12 on). Everything is announced anew with each connection to the broker, and when
 * Home Assistant has started; little by little, so that no command waits behind it. A charger that
 * was never seen before is announced after its first valid frame. All of it happens on one thread,
 * off the event loops.
 *
 * <p>What was announced is remembered on disk: chargers that are away are announced again too, and
 * entities that a change of the configuration takes away are removed. Of several bridges each tells
 * of the chargers that it has, or had last.
 */
public final class HomeAssistant implements SessionListener, BrokerListener {

  private static final Logger LOG = LoggerFactory.getLogger(HomeAssistant.class);

  private static final String BIRTH = "online";

  private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

  /** Twice as many chargers as may be connected by default; each has a retained message. */
  private static final int MOST_KNOWN = 20_000;

  /** What is announced in one go: 400 chargers of 8 kB each in a second, or 800 states. */
  private static final Duration TICK = Duration.ofMillis(25);

  private static final int ROOM_PER_TICK = 20;
  private static final int ROOM_OF_DEVICE = 2;
  private static final int ROOM_OF_STATE = 1;

  /** What is written to the journal may wait so long for the disk. */
  private static final Duration FLUSH_AFTER = Duration.ofMillis(200);

  /**
   * How patient it is.
   *
   * @param afterBirthAtLeast how long Home Assistant has to subscribe after its birth message
   * @param afterBirthAtMost many who announce something must not do it in the same moment
   * @param removal between taking entities away and leaving them out
   * @param reading how long stored messages are read, and chargers may take to connect
   * @param mending how often the journal is tried again that could not be written
   */
  record Timing(
      Duration afterBirthAtLeast,
      Duration afterBirthAtMost,
      Duration removal,
      Duration reading,
      Duration mending) {

    static final Timing USUAL =
        new Timing(
            Duration.ofSeconds(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(2),
            Duration.ofSeconds(5),
            Duration.ofSeconds(10));
  }

  /** Reads what the broker has stored. */
  @FunctionalInterface
  public interface Stored {
    /** Gives topics and payloads to the receiver until what is returned is run. */
    Runnable read(String topicFilter, BiConsumer<String, byte[]> receiver);
  }

  private final BridgeSettings settings;
  private final BridgeDevice bridge;
  private final BiConsumer<String, @Nullable Map<String, Object>> announcer;
  private final Consumer<String> stateRepeater;
  private final Stored stored;
  private final Consumer<String> clear;
  private final Predicate<String> isOthers;
  private final Timing timing;
  private final DeviceJournal journal;
  private final ObjectMapper json = BridgeJson.mapper();
  private final LogThrottle unannounced = new LogThrottle(1, Duration.ofMinutes(10));

  private final Set<SerialNumber> dueDevices = new LinkedHashSet<>();
  private final Set<SerialNumber> dueStates = new LinkedHashSet<>();

  /** Whose entities are being taken away. */
  private final Set<SerialNumber> removing = new HashSet<>();

  /** What was found at the broker and may be stale: ids of devices. */
  private final Set<String> found = new LinkedHashSet<>();

  /** What stands retained below a former prefix, or of the bridge's former id. */
  private List<String> outdated = List.of();

  private boolean dueBridge;
  private boolean ticking;
  private boolean flushing;
  private boolean birthHeard;
  private boolean swept;
  private boolean brokerThere;

  private final FailStopExecutor executor = new FailStopExecutor("home-assistant");

  /**
   * Creates it; nothing is announced before the broker is there.
   *
   * @param settings names, calibration and control of chargers
   * @param bridge the bridge as a device
   * @param announcer takes the id of a device and its description, or null to withdraw it; must not
   *     block
   * @param stateRepeater publishes the state of a charger once more; must not block
   * @param stored reads what the broker has stored
   * @param clear clears a retained topic; must not block
   * @param isOthers whether a charger is another bridge's, by its client id: nothing is said of it
   */
  public HomeAssistant(
      BridgeSettings settings,
      BridgeDevice bridge,
      BiConsumer<String, @Nullable Map<String, Object>> announcer,
      Consumer<String> stateRepeater,
      Stored stored,
      Consumer<String> clear,
      Predicate<String> isOthers) {
    this(settings, bridge, announcer, stateRepeater, stored, clear, isOthers, Timing.USUAL);
  }

  HomeAssistant(
      BridgeSettings settings,
      BridgeDevice bridge,
      BiConsumer<String, @Nullable Map<String, Object>> announcer,
      Consumer<String> stateRepeater,
      Stored stored,
      Consumer<String> clear,
      Predicate<String> isOthers,
      Timing timing) {
    this.settings = settings;
    this.bridge = bridge;
    this.announcer = announcer;
    this.stateRepeater = stateRepeater;
    this.stored = stored;
    this.clear = clear;
    this.isOthers = isOthers;
    this.timing = timing;
    this.journal = new DeviceJournal(journalFile(settings));
    executor.executeUnlessStopped(this::openJournal);
  }

  /** Where it is remembered what has been announced at this broker. */
  static Path journalFile(BridgeSettings settings) {
    int broker = settings.mqtt().broker().toString().hashCode();
    return settings.stateDir().resolve("home-assistant-%08x.json".formatted(broker));
  }

  static String topic(String prefix, String id) {
    return "%s/device/%s/config".formatted(prefix, id);
  }

  private void openJournal() {
    Former former = journal.open();
    if (former == null) {
      return;
    }
    if (!former.prefix().equals(prefix())) {
      outdated = Withdrawal.topics(journal, former);
    } else if (!former.bridge().equals(bridge.clientId())) {
      // The chargers' topics stay the same, and tell of the new one soon.
      outdated = List.of(topic(former.prefix(), BridgeDevice.id(former.bridge())));
    }
  }

  private String prefix() {
    return settings.homeAssistant().prefix();
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    // Any 17 bytes make a hello: only what comes after it shows that this is a charger.
  }

  @Override
  public void proven(ChargerSession session) {
    proven(session.serialNumber(), session.firmwareVersion());
  }

  void proven(SerialNumber serial, int firmwareVersion) {
    executor.executeUnlessStopped(
        () -> {
          Charger before = journal.find(serial);
          if (before != null && before.firmwareVersion() == firmwareVersion) {
            return;
          }
          if (before == null && journal.size() >= MOST_KNOWN) {
            unannounced.log(
                suffix ->
                    LOG.warn(
                        "Charger {} is not announced to Home Assistant: {} serial numbers were seen"
                            + " already. If they are not yours, set evse.allowed_serials{}",
                        serial,
                        MOST_KNOWN,
                        suffix));
            return;
          }
          remember(
              serial,
              new Charger(firmwareVersion, before == null ? List.of() : before.components()));
          announce(serial);
        });
  }

  @Override
  public void disconnected(ChargerSession session) {
    // Its device stays, and is shown as unavailable.
  }

  @Override
  public void brokerConnected() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = true;
          outdated.forEach(clear);
          announceAll();
          if (!swept) {
            swept = true;
            // The bridge is announced without chargers too.
            flushLater();
            readStored();
          }
        });
  }

  @Override
  public void brokerProven() {
    executor.executeUnlessStopped(
        () -> {
          if (!outdated.isEmpty()) {
            outdated = List.of();
            flushLater();
          }
        });
  }

  @Override
  public void brokerLost() {
    executor.executeUnlessStopped(
        () -> {
          brokerThere = false;
          dueBridge = false;
          dueDevices.clear();
          dueStates.clear();
          removing.clear();
        });
  }

  /** Home Assistant has said something of itself: its birth message, or its last will. */
  public void heard(byte[] payload) {
    if (!new String(payload, StandardCharsets.UTF_8).strip().equals(BIRTH)) {
      return;
    }
    executor.executeUnlessStopped(
        () -> {
          if (birthHeard) {
            return;
          }
          birthHeard = true;
          long waitMillis =
              ThreadLocalRandom.current()
                  .nextLong(
                      timing.afterBirthAtLeast().toMillis(),
                      timing.afterBirthAtMost().toMillis() + 1);
          executor.schedule(
              () -> {
                birthHeard = false;
                announceAllWithStates();
              },
              waitMillis,
              TimeUnit.MILLISECONDS);
        });
  }

  /**
   * Announces everything again, the bridge first, and then publishes all states. For {@code
   * {subscribe}/bridge/request/discovery}: returns at once, and 1 000 chargers take about 4 s.
   * Nothing happens while the broker is away: with its return all is announced in any case.
   */
  public void republish() {
    executor.executeUnlessStopped(this::announceAllWithStates);
  }

  /**
   * Withdraws a charger that is not there any more. Should it connect again, it is announced anew.
   */
  public void forget(SerialNumber serial) {
    executor.executeUnlessStopped(
        () -> {
          dueDevices.remove(serial);
          dueStates.remove(serial);
          removing.remove(serial);
          if (journal.remove(serial)) {
            flushLater();
          }
          announcer.accept(ChargerDevice.id(serial), null);
        });
  }

  /**
   * A charger was another bridge's until now: its device tells of that one still. Nothing is
   * withdrawn, so that it keeps its entities.
   */
  public void movedHere(String clientId) {
    executor.executeUnlessStopped(
        () ->
            journal.serials().stream()
                .filter(serial -> settings.names().clientId(serial).equals(clientId))
                .forEach(this::announce));
  }

  private boolean isOthers(SerialNumber serial) {
    return isOthers.test(settings.names().clientId(serial));
  }

  private void announceAllWithStates() {
    if (brokerThere) {
      dueStates.addAll(journal.serials());
      announceAll();
    }
  }

  private void announceAll() {
    dueBridge = true;
    dueDevices.addAll(journal.serials());
    tickLater(Duration.ZERO);
  }

  private void announce(SerialNumber serial) {
    if (brokerThere) {
      dueDevices.add(serial);
      tickLater(Duration.ZERO);
    }
  }

  private void tickLater(Duration after) {
    if (!ticking) {
      ticking = true;
      executor.schedule(this::tick, after.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void tick() {
    ticking = false;
    int room = ROOM_PER_TICK;
    if (dueBridge) {
      dueBridge = false;
      announcer.accept(bridge.id(), bridge.payload());
    }
    for (Iterator<SerialNumber> due = dueDevices.iterator(); due.hasNext() && room > 0; ) {
      SerialNumber serial = due.next();
      due.remove();
      announceNow(serial);
      room -= ROOM_OF_DEVICE;
    }
    for (Iterator<SerialNumber> due = dueStates.iterator(); due.hasNext() && room > 0; ) {
      SerialNumber serial = due.next();
      due.remove();
      stateRepeater.accept(settings.names().clientId(serial));
      room -= ROOM_OF_STATE;
    }
    if (!dueDevices.isEmpty() || !dueStates.isEmpty()) {
      tickLater(TICK);
    }
  }

  private void announceNow(SerialNumber serial) {
    Charger remembered = journal.find(serial);
    if (remembered == null || isOthers(serial)) {
      return;
    }
    ChargerDevice device = device(serial, remembered.firmwareVersion());
    List<String> present = device.optionalComponents(bridge);
    List<String> gone = new ArrayList<>(remembered.components());
    gone.removeAll(present);
    if (gone.isEmpty()) {
      if (!present.equals(remembered.components())) {
        remember(serial, new Charger(remembered.firmwareVersion(), present));
      }
    } else {
      leaveOutLater(serial);
    }
    announcer.accept(ChargerDevice.id(serial), device.payload(bridge, gone));
  }

  private void leaveOutLater(SerialNumber serial) {
    if (removing.add(serial)) {
      executor.schedule(() -> leaveOut(serial), timing.removal().toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void leaveOut(SerialNumber serial) {
    Charger remembered = journal.find(serial);
    // Else the broker has gone meanwhile, and may not have been told; or the charger is forgotten.
    if (removing.remove(serial) && remembered != null) {
      List<String> present = device(serial, 0).optionalComponents(bridge);
      remember(serial, new Charger(remembered.firmwareVersion(), present));
      announce(serial);
    }
  }

  private ChargerDevice device(SerialNumber serial, int firmwareVersion) {
    ControlKeys control = settings.control().of(serial);
    return new ChargerDevice(
        serial,
        settings.names().clientId(serial),
        firmwareVersion,
        control.on() ? control.maxAmps() : OptionalDouble.empty(),
        Calibrated.by(settings.sensors().of(serial)),
        settings.firmware().image().isPresent());
  }

  private void remember(SerialNumber serial, Charger charger) {
    journal.put(serial, charger);
    flushLater();
  }

  private void flushLater() {
    flushLater(FLUSH_AFTER);
  }

  private void flushLater(Duration wait) {
    if (!flushing) {
      flushing = true;
      executor.schedule(this::flush, wait.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void flush() {
    flushing = false;
    if (outdated.isEmpty() && !journal.write(prefix(), bridge.clientId())) {
      flushLater(timing.mending());
    }
  }

  private void readStored() {
    Runnable end =
        stored.read(
            topic(prefix(), "+"),
            (topic, payload) -> executor.executeUnlessStopped(() -> look(topic, payload)));
    executor.schedule(
        () -> {
          end.run();
          found.stream().filter(this::isStale).forEach(id -> announcer.accept(id, null));
          found.clear();
        },
        timing.reading().toMillis(),
        TimeUnit.MILLISECONDS);
  }

  /** Notes what this bridge has announced and does not know any more; others' is none of ours. */
  private void look(String topic, byte[] payload) {
    String begin = prefix() + "/device/";
    String end = "/config";
    if (!topic.startsWith(begin) || !topic.endsWith(end)) {
      return;
    }
    String id = topic.substring(begin.length(), topic.length() - end.length());
    if (isStale(id) && isOurs(payload)) {
      found.add(id);
    }
  }

  private boolean isStale(String id) {
    return !id.equals(bridge.id())
        && !ChargerDevice.serial(id)
            .filter(serial -> isKnown(serial) || isOthers(serial))
            .isPresent();
  }

  private boolean isKnown(SerialNumber serial) {
    return journal.find(serial) != null
        || settings.allowedSerials().contains(serial)
        || !settings.names().clientId(serial).equals(serial.hex());
  }

  private boolean isOurs(byte[] payload) {
    try {
      JsonNode device = json.readTree(new String(payload, StandardCharsets.UTF_8));
      return device != null
          && device.path("origin").path("name").asText().equals(BridgeDevice.PROGRAM)
          && device.path("device").path("via_device").asText().equals(bridge.clientId());
    } catch (IOException e) {
      // Nothing that the bridge has written.
      return false;
    }
  }

  /** Writes what is to be remembered; returns when that is done. */
  public void stop() {
    executor.executeAndWait(
        () -> {
          if (flushing) {
            flush();
          }
        },
        STOP_PATIENCE);
    executor.shutdownNow();
  }
}
