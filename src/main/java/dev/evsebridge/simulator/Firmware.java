package dev.evsebridge.simulator;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The charger's program: one loop that looks at the pilots, keeps the connection, and handles at
 * most one request a turn. While a request for data or an accepted firmware image keeps it busy, it
 * sees nothing else.
 *
 * <pre>
 * hello  | serial number: 16 bytes | firmware version: u8 |
 * frame  | type: u8 | length: u32 | payload: length bytes |
 * </pre>
 */
final class Firmware {
  static final int USUAL_VERSION = 9;

  private static final Logger LOG = LoggerFactory.getLogger(Firmware.class);

  private static final int HEADER_BYTES = 5;
  private static final int MAX_REQUEST_BYTES = 1_024;
  private static final int MAX_FIRMWARE_BYTES = 4 + SimulatedFirmware.MAX_BYTES;

  private static final int DATA_BYTES_WITHOUT_LOG = 44;
  private static final int FIRST_VERSION_WITH_PILOT_ADC = 3;
  private static final int PHASES = 3;

  private static final int PING = 1;
  private static final int FIRMWARE = 2;
  private static final int COLLECT_DATA = 3;
  private static final int SET_PWM_PERCENT = 4;
  private static final int SET_CONTACTOR_STATE = 5;

  private static final int PING_RESPONSE = 1;
  private static final int DATA_RESPONSE = 2;
  private static final int PWM_PERCENT_RESPONSE = 3;
  private static final int CONTACTOR_STATE_RESPONSE = 4;
  private static final int NOTIFICATION = 100;

  /** What the loop does when it goes on. */
  private interface Continuation {
    void run(long nowMillis);
  }

  private final SimulatedCharger charger;
  private final ChargePoint chargePoint;
  private final SimulatorTiming timing;
  private final LinkQuality link;
  private final EventLog events;
  private final Runnable dialer;
  private final ChargerLog log = new ChargerLog();

  private PilotReader pilots;
  private int version = USUAL_VERSION;
  private long resetMillis;
  private boolean bricked;

  private @Nullable ChargerConnection connection;
  private boolean dialling;
  private long lastAttemptMillis;
  private long lastRequestMillis;

  private @Nullable FirmwareUpload upload;

  /** Outlives its request: a request without the byte it needs gets that of the one before. */
  private int firstPayloadByte;

  private @Nullable Continuation busyWith;
  private long busyUntilMillis;
  private boolean pilotChanged;

  private boolean wifiIsThere = true;
  private boolean standsStill;
  private boolean hangs;
  private long standsStillSince;
  private long standsStillUntil;

  /** A charger that has been running for a while, and connects at its first turn. */
  Firmware(
      SimulatedCharger charger,
      ChargePoint chargePoint,
      SimulatorTiming timing,
      LinkQuality link,
      EventLog events,
      Runnable dialer,
      long nowMillis) {
    this.charger = charger;
    this.chargePoint = chargePoint;
    this.timing = timing;
    this.link = link;
    this.events = events;
    this.dialer = dialer;
    this.pilots = PilotReader.settled(timing.pilotDebounce().toMillis(), nowMillis);
    start(nowMillis);
    this.lastAttemptMillis = nowMillis - timing.connectBackoff().toMillis();
  }

  // From outside

  void setVersion(int version) {
    this.version = version;
  }

  int version() {
    return version;
  }

  boolean isBricked() {
    return bricked;
  }

  boolean isConnected() {
    return connection != null;
  }

  @Nullable ChargerConnection connection() {
    return connection;
  }

  /** A connection that was dialled for has come about. */
  void connected(ChargerConnection newConnection, long nowMillis) {
    if (!dialling) {
      newConnection.abandon();
      newConnection.close();
      return;
    }
    dialling = false;
    connection = newConnection;
    lastRequestMillis = nowMillis;
    upload = null;
    events.add(nowMillis, Event.Kind.CONNECTION, 1);
    LOG.info("Simulated charger {} connected", charger.serial());
    log("Connected to the bridge", nowMillis);
    newConnection.send(Unpooled.buffer(17).writeBytes(charger.serialNumber()).writeByte(version));
  }

  void dialFailed(long nowMillis) {
    if (dialling) {
      dialling = false;
      log("Could not connect to the bridge", nowMillis);
    }
  }

  void disconnected(ChargerConnection closedConnection, long nowMillis) {
    if (connection == closedConnection) {
      connection = null;
      events.add(nowMillis, Event.Kind.CONNECTION, 0);
      LOG.info("Simulated charger {} disconnected", charger.serial());
    }
  }

  /** The Wi-Fi goes away: the loop stands still, and whatever is sent is lost. */
  void loseWifi(long nowMillis) {
    wifiIsThere = false;
    forgetConnection(nowMillis);
    standStill(nowMillis, Long.MAX_VALUE);
  }

  /** The Wi-Fi is back: joining it takes a while. */
  void restoreWifi(long nowMillis) {
    wifiIsThere = true;
    if (!hangs) {
      standsStillUntil = nowMillis + untilJoinedMillis();
    }
  }

  /** The loop stands still until the watchdog bites. */
  void hang(long nowMillis) {
    hangs = true;
    standStill(nowMillis, Long.MAX_VALUE);
  }

  private void standStill(long nowMillis, long untilMillis) {
    if (!standsStill) {
      standsStill = true;
      standsStillSince = nowMillis;
    }
    standsStillUntil = untilMillis;
    dialling = false;
  }

  /** A reset of the board, which doesn't close the socket. */
  void reset(long nowMillis) {
    forgetConnection(nowMillis);
    chargePoint.reset();
    log.drain();
    pilots = PilotReader.afterReset(timing.pilotDebounce().toMillis(), nowMillis);
    pilots.sample(nowMillis, chargePoint.pilotLine(), chargePoint.proximityLine());
    busyWith = null;
    upload = null;
    firstPayloadByte = 0;
    hangs = false;
    standsStill = false;
    standStill(nowMillis, wifiIsThere ? nowMillis + untilJoinedMillis() : Long.MAX_VALUE);
    start(nowMillis);
  }

  private void start(long nowMillis) {
    resetMillis = nowMillis;
    lastRequestMillis = nowMillis;
    // So long after a reset that the loop has begun, the time between two attempts has passed too.
    lastAttemptMillis = nowMillis - timing.connectBackoff().toMillis();
    events.add(nowMillis, Event.Kind.RESET, version);
    log("Firmware version " + version + " started", nowMillis);
  }

  private long untilJoinedMillis() {
    return timing.boot().plus(timing.wifiJoin()).toMillis();
  }

  private void forgetConnection(long nowMillis) {
    ChargerConnection old = connection;
    dialling = false;
    if (old != null) {
      old.abandon();
      charger.leaveBehind(old);
      connection = null;
      events.add(nowMillis, Event.Kind.CONNECTION, 0);
    }
  }

  // The loop

  /** One turn of the loop. */
  void turn(long nowMillis) {
    if (bricked || dialling) {
      return;
    }
    if (standsStill) {
      goOnWhenPossible(nowMillis);
      return;
    }
    if (busyWith != null) {
      if (nowMillis < busyUntilMillis) {
        return;
      }
      Continuation next = busyWith;
      busyWith = null;
      next.run(nowMillis);
      endTurn(nowMillis);
      return;
    }
    pilotChanged = pilots.sample(nowMillis, chargePoint.pilotLine(), chargePoint.proximityLine());
    if (isSilentFor(timing.chargingTimeout(), nowMillis) && chargePoint.isChargingEnabled()) {
      chargePoint.switchContactor(false);
      chargePoint.setDutyCyclePercent(ChargePoint.NO_CHARGING_PERCENT);
      log("Charging disabled, the bridge has been silent for too long", nowMillis);
      return;
    }
    ChargerConnection current = connection;
    if (current == null) {
      dialWhenDue(nowMillis);
      return;
    }
    read(current, nowMillis);
    endTurn(nowMillis);
  }

  /** The turn in which the Wi-Fi was joined ends with an attempt to connect. */
  private void goOnWhenPossible(long nowMillis) {
    if (nowMillis >= standsStillUntil) {
      standsStill = false;
      dialWhenDue(nowMillis);
    } else if (nowMillis - standsStillSince > timing.watchdogTimeout().toMillis()) {
      reset(nowMillis);
    }
  }

  private void endTurn(long nowMillis) {
    ChargerConnection current = connection;
    if (busyWith != null || current == null) {
      return;
    }
    if (isSilentFor(timing.requestTimeout(), nowMillis)) {
      log("No request from the bridge, connection given up", nowMillis);
      upload = null;
      current.abandon();
      current.close();
      disconnected(current, nowMillis);
    } else if (pilotChanged) {
      sendFrame(NOTIFICATION, Unpooled.EMPTY_BUFFER, nowMillis);
      log("Bridge notified of a change", nowMillis);
    }
  }

  private boolean isSilentFor(Duration timeout, long nowMillis) {
    return nowMillis - lastRequestMillis > timeout.toMillis();
  }

  private void dialWhenDue(long nowMillis) {
    if (nowMillis - lastAttemptMillis >= timing.connectBackoff().toMillis()) {
      lastAttemptMillis = nowMillis;
      dialling = true;
      dialer.run();
    }
  }

  private void beBusy(Duration duration, long nowMillis, Continuation next) {
    if (duration.isZero()) {
      next.run(nowMillis);
    } else {
      busyWith = next;
      busyUntilMillis = nowMillis + duration.toMillis();
    }
  }

  // Requests

  private void read(ChargerConnection current, long nowMillis) {
    ByteBuf in = current.unread();
    if (!in.isReadable()) {
      return;
    }
    if (upload != null) {
      takeFirmware(upload, in, nowMillis);
    } else if (in.readableBytes() >= HEADER_BYTES) {
      readRequest(in, nowMillis);
    }
    current.resumeReading();
  }

  private void readRequest(ByteBuf in, long nowMillis) {
    int type = in.getUnsignedByte(in.readerIndex());
    int declaredBytes = in.getInt(in.readerIndex() + 1);
    if (declaredBytes < 0) {
      // It waits for the end of this request until the connection times out.
      return;
    }
    if (declaredBytes > (type == FIRMWARE ? MAX_FIRMWARE_BYTES : MAX_REQUEST_BYTES)) {
      crash("type " + type + " with " + declaredBytes + " bytes of payload", nowMillis);
    } else if (type == FIRMWARE) {
      in.skipBytes(HEADER_BYTES);
      log("Firmware upload has begun", nowMillis);
      upload = new FirmwareUpload(declaredBytes, timing.firmwareTransfer().toMillis(), nowMillis);
      takeFirmware(upload, in, nowMillis);
    } else if (in.readableBytes() >= HEADER_BYTES + declaredBytes) {
      in.skipBytes(HEADER_BYTES);
      if (declaredBytes > 0) {
        firstPayloadByte = in.getUnsignedByte(in.readerIndex());
        in.skipBytes(declaredBytes);
      }
      events.add(nowMillis, Event.Kind.REQUEST, type);
      handle(type, nowMillis);
    }
  }

  private void handle(int type, long nowMillis) {
    switch (type) {
      case PING -> respond(PING_RESPONSE, nowMillis);
      case COLLECT_DATA -> collectData(nowMillis);
      case SET_PWM_PERCENT -> {
        chargePoint.setDutyCyclePercent(firstPayloadByte);
        respond(PWM_PERCENT_RESPONSE, nowMillis);
        log("Duty cycle set to " + firstPayloadByte + " %", nowMillis);
      }
      case SET_CONTACTOR_STATE -> {
        setContactorState(firstPayloadByte, nowMillis);
        respond(CONTACTOR_STATE_RESPONSE, nowMillis);
      }
      default -> {
        log("Request of unknown type " + type, nowMillis);
        lastRequestMillis = nowMillis;
      }
    }
  }

  /** Anything but a change to 0 or 1 is accepted and does nothing. */
  private void setContactorState(int state, long nowMillis) {
    if (state == 1 && !chargePoint.isPinClosed()) {
      chargePoint.switchContactor(true);
      log("Contactor closed", nowMillis);
    } else if (state == 0 && chargePoint.isPinClosed()) {
      chargePoint.switchContactor(false);
      log("Contactor opened", nowMillis);
    } else {
      log("Contactor left as it is, asked for " + state, nowMillis);
    }
  }

  /**
   * Contactor, duty cycle and pilots are those of the beginning, the rest is measured on the way.
   */
  private void collectData(long nowMillis) {
    ByteBuf data = Unpooled.buffer(DATA_BYTES_WITHOUT_LOG + ChargerLog.MAX_BYTES);
    data.writeBoolean(chargePoint.isPinClosed());
    data.writeByte(chargePoint.dutyCyclePercent());
    data.writeByte(pilots.pilotVoltage().wireCode);
    data.writeByte(pilots.proximityPilot().wireCode);
    beBusy(
        timing.collectDuration(),
        nowMillis,
        endMillis -> {
          writeMeasurements(data, endMillis);
          sendFrame(DATA_RESPONSE, data, endMillis);
          lastRequestMillis = endMillis;
        });
  }

  private void writeMeasurements(ByteBuf data, long nowMillis) {
    for (int phase = 0; phase < PHASES; phase++) {
      data.writeInt(chargePoint.measureVoltagePeak(phase));
    }
    for (int phase = 0; phase < PHASES; phase++) {
      data.writeInt(chargePoint.measureCurrentPeak(phase));
    }
    data.writeInt(link.rssiDbm());
    data.writeInt((int) uptimeMillis(nowMillis));
    if (version >= FIRST_VERSION_WITH_PILOT_ADC) {
      data.writeInt(pilots.pilotAdc());
      data.writeInt(pilots.proximityAdc());
    }
    data.writeBytes(log.drain());
  }

  private void respond(int type, long nowMillis) {
    sendFrame(type, Unpooled.EMPTY_BUFFER, nowMillis);
    lastRequestMillis = nowMillis;
  }

  private void sendFrame(int type, ByteBuf payload, long nowMillis) {
    ChargerConnection current = connection;
    if (current != null) {
      events.add(nowMillis, Event.Kind.RESPONSE, type);
      current.sendFrame(type, payload);
    }
  }

  // A new program

  /**
   * Takes what there is of an image and, once all is there and its CRC-32 is right, copies it over
   * the program and starts it. An empty image with CRC 0 passes the check and is the charger's end.
   */
  private void takeFirmware(FirmwareUpload current, ByteBuf in, long nowMillis) {
    if (!current.take(in, nowMillis)) {
      return;
    }
    upload = null;
    events.add(nowMillis, Event.Kind.REQUEST, FIRMWARE);
    long crc32 = current.crc32OfStored();
    if (crc32 != current.expectedCrc32()) {
      log(
          "Firmware of %d bytes refused: CRC-32 is %d, not %d"
              .formatted(current.imageBytes(), crc32, current.expectedCrc32()),
          nowMillis);
      lastRequestMillis = nowMillis;
    } else if (current.imageBytes() == 0) {
      LOG.warn(
          "Simulated charger {} has been bricked: firmware without an image", charger.serial());
      forgetConnection(nowMillis);
      chargePoint.reset();
      bricked = true;
    } else {
      log("Firmware of %d bytes accepted".formatted(current.imageBytes()), nowMillis);
      beBusy(
          timing.rebootDelay().plus(copyDuration(current)),
          nowMillis,
          endMillis -> {
            OptionalInt newVersion = SimulatedFirmware.versionOf(current.image());
            version = newVersion.orElse(version);
            reset(endMillis);
          });
    }
  }

  private Duration copyDuration(FirmwareUpload finished) {
    return timing
        .firmwareCopy()
        .multipliedBy(finished.imageBytes())
        .dividedBy(SimulatedFirmware.MAX_BYTES);
  }

  /** The charger did not survive what the bridge sent, and starts anew. */
  private void crash(String cause, long nowMillis) {
    LOG.warn("Simulated charger {} has crashed: {}", charger.serial(), cause);
    reset(nowMillis);
  }

  private long uptimeMillis(long nowMillis) {
    return nowMillis - resetMillis;
  }

  private void log(String text, long nowMillis) {
    LOG.debug("{}: {}", charger.serial(), text);
    log.add(uptimeMillis(nowMillis), text);
  }
}
