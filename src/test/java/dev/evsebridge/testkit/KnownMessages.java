package dev.evsebridge.testkit;

import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.message.Measurements;
import dev.evsebridge.message.NewConnection;
import dev.evsebridge.message.Notification;
import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.PingResponse;
import dev.evsebridge.message.ProximityPilot;
import dev.evsebridge.message.Reading;
import dev.evsebridge.message.SetContactorStateResponse;
import dev.evsebridge.message.SetPwmPercentResponse;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.stream.Stream;

/** The one table of what is said: bytes on the wire, typed message, JSON at the broker. */
public final class KnownMessages {

  /** The serial number of all recordings, which is also the client id here. */
  public static final String SERIAL = "10BA23AB50534D53302E3120FF162332";

  private static final long UNSIGNED_MAX = 0xFFFF_FFFFL;

  private KnownMessages() {}

  /**
   * What a charger says.
   *
   * @param name for the reader
   * @param firmwareVersion which decides the form of a reading
   * @param hex its bytes: the hello, or a frame
   * @param message the same, typed
   * @param json the same, as it is published
   */
  public record FromCharger(
      String name, int firmwareVersion, String hex, ChargerMessage message, String json) {
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * What a charger is told.
   *
   * @param name for the reader
   * @param json the request
   * @param request the same, typed
   * @param hex its frame
   */
  public record ToCharger(String name, String json, ChargerRequest request, String hex) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** All frames, without the hello. */
  public static Stream<FromCharger> frames() {
    return fromCharger().filter(row -> !(row.message() instanceof NewConnection));
  }

  /** All that a charger says. */
  public static Stream<FromCharger> fromCharger() {
    return Stream.of(
        new FromCharger(
            "hello",
            9,
            SERIAL + "09",
            new NewConnection(SERIAL, 9),
            """
            {"message_type":"new_connection","client_id":"%s","handshake":{"firmware_version":9}}"""
                .formatted(SERIAL)),
        new FromCharger(
            "hello of firmware 255",
            255,
            SERIAL + "ff",
            new NewConnection(SERIAL, 255),
            """
            {"message_type":"new_connection","client_id":"%s","handshake":{"firmware_version":255}}"""
                .formatted(SERIAL)),
        new FromCharger(
            "notification", 9, "64 00000000", new Notification(SERIAL), plain("notify")),
        new FromCharger(
            "answer to a ping", 9, "01 00000000", new PingResponse(SERIAL), plain("response_ping")),
        new FromCharger(
            "answer to set PWM percent",
            9,
            "03 00000000",
            new SetPwmPercentResponse(SERIAL),
            plain("response_set_pwm_percent")),
        new FromCharger(
            "answer to set contactor",
            9,
            "04 00000000",
            new SetContactorStateResponse(SERIAL),
            plain("response_set_contactor_state")),
        new FromCharger(
            "recorded reading of firmware 2",
            2,
            """
            02 00000062
            01 32 01 02
            000382eb 00038820 0003819d
            00003a99 00003a9a 00003a9b
            ffffffb3 0000ea7d
            36303031383a2050574d2070657263656e74207570646174656420746f20353000
            36303032343a20537769746368656420636f6e746163746f72206f6e00""",
            new Reading(
                SERIAL,
                50,
                true,
                new Measurements(
                    PilotVoltage.VOLT_9,
                    ProximityPilot.AMP_32,
                    230_123,
                    231_456,
                    229_789,
                    15_001,
                    15_002,
                    15_003,
                    -77,
                    60_029,
                    0,
                    0,
                    "60018: PWM percent updated to 50\0" + "60024: Switched contactor on\0")),
            reading(
                50,
                true,
                """
                "volt_9","proximity_pilot_amps":"amp_32",\
                "phase1_millivolts":230123,"phase2_millivolts":231456,"phase3_millivolts":229789,\
                "phase1_milliamps":15001,"phase2_milliamps":15002,"phase3_milliamps":15003,\
                "wifi_rssi":-77,"uptime_milliseconds":60029,\
                "current_control_pilot_adc":0,"current_proximity_pilot_adc":0,\
                "logging_buffer":"60018: PWM percent updated to 50\\u0000\
                60024: Switched contactor on\\u0000\"""")),
        new FromCharger(
            "recorded reading of firmware 9",
            9,
            """
            02 00000074
            01 32 04 03
            000382eb 00038820 0003819d
            00003a99 00003a9a 00003a9b
            ffffffa5 b2d05e15 00000fff 000004d2
            333030303030303031313a2050574d2070657263656e74207570646174656420746f20353000
            333030303030303031363a20537769746368656420636f6e746163746f72206f6e00""",
            new Reading(
                SERIAL,
                50,
                true,
                new Measurements(
                    PilotVoltage.FAULT,
                    ProximityPilot.NO_CABLE,
                    230_123,
                    231_456,
                    229_789,
                    15_001,
                    15_002,
                    15_003,
                    -91,
                    3_000_000_021L,
                    4095,
                    1234,
                    "3000000011: PWM percent updated to 50\0"
                        + "3000000016: Switched contactor on\0")),
            reading(
                50,
                true,
                """
                "fault","proximity_pilot_amps":"no_cable",\
                "phase1_millivolts":230123,"phase2_millivolts":231456,"phase3_millivolts":229789,\
                "phase1_milliamps":15001,"phase2_milliamps":15002,"phase3_milliamps":15003,\
                "wifi_rssi":-91,"uptime_milliseconds":3000000021,\
                "current_control_pilot_adc":4095,"current_proximity_pilot_adc":1234,\
                "logging_buffer":"3000000011: PWM percent updated to 50\\u0000\
                3000000016: Switched contactor on\\u0000\"""")),
        new FromCharger(
            "shortest reading, all zero",
            3,
            """
            02 0000002c
            00 00 00 00
            00000000 00000000 00000000
            00000000 00000000 00000000
            00000000 00000000 00000000 00000000""",
            new Reading(
                SERIAL,
                0,
                false,
                new Measurements(
                    PilotVoltage.VOLT_12, ProximityPilot.AMP_13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "")),
            reading(
                0,
                false,
                """
                "volt_12","proximity_pilot_amps":"amp_13",\
                "phase1_millivolts":0,"phase2_millivolts":0,"phase3_millivolts":0,\
                "phase1_milliamps":0,"phase2_milliamps":0,"phase3_milliamps":0,\
                "wifi_rssi":0,"uptime_milliseconds":0,\
                "current_control_pilot_adc":0,"current_proximity_pilot_adc":0,\
                "logging_buffer":\"\"""")),
        new FromCharger(
            "reading with all bits set",
            255,
            """
            02 0000002f
            01 ff 03 01
            ffffffff ffffffff ffffffff
            ffffffff ffffffff ffffffff
            80000000 ffffffff ffffffff ffffffff
            c3 a4 22""",
            new Reading(
                SERIAL,
                255,
                true,
                new Measurements(
                    PilotVoltage.VOLT_3,
                    ProximityPilot.AMP_20,
                    UNSIGNED_MAX,
                    UNSIGNED_MAX,
                    UNSIGNED_MAX,
                    UNSIGNED_MAX,
                    UNSIGNED_MAX,
                    UNSIGNED_MAX,
                    Integer.MIN_VALUE,
                    UNSIGNED_MAX,
                    UNSIGNED_MAX,
                    UNSIGNED_MAX,
                    "ä\"")),
            reading(
                255,
                true,
                """
                "volt_3","proximity_pilot_amps":"amp_20",\
                "phase1_millivolts":4294967295,"phase2_millivolts":4294967295,\
                "phase3_millivolts":4294967295,\
                "phase1_milliamps":4294967295,"phase2_milliamps":4294967295,\
                "phase3_milliamps":4294967295,\
                "wifi_rssi":-2147483648,"uptime_milliseconds":4294967295,\
                "current_control_pilot_adc":4294967295,\
                "current_proximity_pilot_adc":4294967295,\
                "logging_buffer":"ä\\"\"""")));
  }

  /** All that a charger is told. */
  public static Stream<ToCharger> toCharger() {
    byte[] check = "123456789".getBytes(StandardCharsets.US_ASCII);
    return Stream.of(
        new ToCharger(
            "ping", plain("request_ping"), new ChargerRequest.Ping(SERIAL), "01 00000000"),
        new ToCharger(
            "collect data",
            plain("request_data_collection"),
            new ChargerRequest.CollectData(SERIAL),
            "03 00000000"),
        pwm(0, "00"),
        pwm(50, "32"),
        pwm(100, "64"),
        contactor(false, "00"),
        contactor(true, "01"),
        new ToCharger(
            "firmware",
            """
            {"message_type":"request_firmware","client_id":"%s",\
            "firmware":{"firmware_data_base64":"MTIzNDU2Nzg5","firmware_crc32":3421780262}}"""
                .formatted(SERIAL),
            new ChargerRequest.UploadFirmware(SERIAL, FirmwareImage.of(check)),
            // CRC-32 of the padded image, computed with zlib.
            "02 00000010 776b7e26 313233343536373839 ffffff"));
  }

  private static ToCharger pwm(int percent, String hex) {
    return new ToCharger(
        "set PWM to " + percent,
        """
        {"message_type":"request_set_pwm_percent","client_id":"%s","pwm_percent":%d}"""
            .formatted(SERIAL, percent),
        new ChargerRequest.SetPwmPercent(SERIAL, percent),
        "04 00000001 " + hex);
  }

  private static ToCharger contactor(boolean closed, String hex) {
    return new ToCharger(
        closed ? "close contactor" : "open contactor",
        """
        {"message_type":"request_set_contactor_state","client_id":"%s","contactor_state":%s}"""
            .formatted(SERIAL, closed),
        new ChargerRequest.SetContactorState(SERIAL, closed),
        "05 00000001 " + hex);
  }

  private static String plain(String messageType) {
    return """
    {"message_type":"%s","client_id":"%s"}"""
        .formatted(messageType, SERIAL);
  }

  private static String reading(int pwmPercent, boolean contactorState, String measurements) {
    return """
    {"message_type":"response_collect_data","client_id":"%s",\
    "pwm_percent":%d,"contactor_state":%s,"measurements":{"pilot_voltage":%s}}"""
        .formatted(SERIAL, pwmPercent, contactorState, measurements);
  }

  /** The bytes that are written as hex, with spaces for the reader. */
  public static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
  }

  /** The message of one row. */
  public static ChargerMessage reading(String name) {
    return fromCharger().filter(row -> row.name().equals(name)).findFirst().orElseThrow().message();
  }
}
