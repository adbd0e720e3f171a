package dev.evsebridge.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A reading as the charger sends it and as the bridge must publish it, written down independently
 * of the bridge. Every setter changes this reading and returns it.
 */
public final class ChargerReading {
  private static final String[] PILOT_VOLTAGES = {"volt_12", "volt_9", "volt_6", "volt_3", "fault"};
  private static final String[] PROXIMITY_PILOTS = {"amp_13", "amp_20", "amp_32", "no_cable"};

  private int firmwareVersion = 9;
  private int contactor;
  private int pwmPercent = 100;
  private int pilotVoltage = 1;
  private int proximityPilot = 2;
  private final long[] millivolts = {230123, 231456, 229789};
  private final long[] milliamps = {15001, 15002, 15003};
  private int rssi = -77;
  private long uptime = 60_000;
  private final long[] adc = {4095, 1234};
  private byte[] log = {};
  private String logText = "";

  private ChargerReading() {}

  public static ChargerReading typical() {
    return new ChargerReading();
  }

  /** A reading from its recorded frame. */
  public static ChargerReading of(int firmwareVersion, byte[] frame) {
    ByteBuffer bytes = ByteBuffer.wrap(frame, 5, frame.length - 5);
    ChargerReading reading = new ChargerReading().firmwareVersion(firmwareVersion);
    reading.contactor(bytes.get()).pwmPercent(bytes.get());
    reading.pilotVoltage(bytes.get()).proximityPilot(bytes.get());
    reading.millivolts(unsigned(bytes), unsigned(bytes), unsigned(bytes));
    reading.milliamps(unsigned(bytes), unsigned(bytes), unsigned(bytes));
    reading.rssi(bytes.getInt()).uptime(unsigned(bytes));
    if (firmwareVersion >= 3) {
      reading.adc(unsigned(bytes), unsigned(bytes));
    }
    return reading.log(StandardCharsets.UTF_8.decode(bytes).toString());
  }

  private static long unsigned(ByteBuffer bytes) {
    return Integer.toUnsignedLong(bytes.getInt());
  }

  public synchronized ChargerReading firmwareVersion(int version) {
    firmwareVersion = version;
    return this;
  }

  public synchronized ChargerReading contactor(int code) {
    contactor = code;
    return this;
  }

  public synchronized ChargerReading pwmPercent(int percent) {
    pwmPercent = percent;
    return this;
  }

  public synchronized ChargerReading pilotVoltage(int code) {
    pilotVoltage = code;
    return this;
  }

  public synchronized ChargerReading proximityPilot(int code) {
    proximityPilot = code;
    return this;
  }

  public synchronized ChargerReading millivolts(long phase1, long phase2, long phase3) {
    set(millivolts, phase1, phase2, phase3);
    return this;
  }

  public synchronized ChargerReading milliamps(long phase1, long phase2, long phase3) {
    set(milliamps, phase1, phase2, phase3);
    return this;
  }

  public synchronized ChargerReading rssi(int dbm) {
    rssi = dbm;
    return this;
  }

  public synchronized ChargerReading uptime(long milliseconds) {
    uptime = milliseconds;
    return this;
  }

  public synchronized ChargerReading adc(long controlPilot, long proximityPilotReading) {
    set(adc, controlPilot, proximityPilotReading);
    return this;
  }

  public synchronized ChargerReading log(String text) {
    return log(text.getBytes(StandardCharsets.UTF_8), text);
  }

  /** A log that is not clean UTF-8, and the text that it must be published as. */
  public synchronized ChargerReading log(byte[] bytes, String text) {
    log = bytes.clone();
    logText = text;
    return this;
  }

  private static void set(long[] target, long... values) {
    System.arraycopy(values, 0, target, 0, target.length);
  }

  /** The data payload. */
  public synchronized byte[] payload() {
    ByteBuffer payload = ByteBuffer.allocate((firmwareVersion < 3 ? 36 : 44) + log.length);
    payload.put((byte) contactor).put((byte) pwmPercent);
    payload.put((byte) pilotVoltage).put((byte) proximityPilot);
    for (long value : millivolts) {
      payload.putInt((int) value);
    }
    for (long value : milliamps) {
      payload.putInt((int) value);
    }
    payload.putInt(rssi).putInt((int) uptime);
    if (firmwareVersion >= 3) {
      payload.putInt((int) adc[0]).putInt((int) adc[1]);
    }
    return payload.put(log).array();
  }

  public synchronized WireFrame frame() {
    return WireFrame.of(WireFrame.READING, payload());
  }

  /** The message that the bridge publishes for it, to the letter. */
  public synchronized String json(String clientId) {
    boolean withAdc = firmwareVersion >= 3;
    return String.format(
        Locale.ROOT,
        "{\"message_type\":\"response_collect_data\",\"client_id\":%s,\"pwm_percent\":%d,"
            + "\"contactor_state\":%b,\"measurements\":{\"pilot_voltage\":\"%s\","
            + "\"proximity_pilot_amps\":\"%s\","
            + "\"phase1_millivolts\":%d,\"phase2_millivolts\":%d,\"phase3_millivolts\":%d,"
            + "\"phase1_milliamps\":%d,\"phase2_milliamps\":%d,\"phase3_milliamps\":%d,"
            + "\"wifi_rssi\":%d,\"uptime_milliseconds\":%d,"
            + "\"current_control_pilot_adc\":%d,\"current_proximity_pilot_adc\":%d,"
            + "\"logging_buffer\":%s}}",
        quoted(clientId),
        pwmPercent,
        contactor == 1,
        PILOT_VOLTAGES[pilotVoltage],
        PROXIMITY_PILOTS[proximityPilot],
        millivolts[0],
        millivolts[1],
        millivolts[2],
        milliamps[0],
        milliamps[1],
        milliamps[2],
        rssi,
        uptime,
        withAdc ? adc[0] : 0,
        withAdc ? adc[1] : 0,
        quoted(logText));
  }

  static String quoted(String text) {
    try {
      return new ObjectMapper().writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
