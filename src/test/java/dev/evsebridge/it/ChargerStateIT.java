package dev.evsebridge.it;

import static dev.evsebridge.testkit.MqttProbe.message;
import static dev.evsebridge.testkit.MqttProbe.onTopic;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.evsebridge.testkit.ChargerReading;
import dev.evsebridge.testkit.Installation;
import dev.evsebridge.testkit.Messages;
import dev.evsebridge.testkit.MqttProbe;
import dev.evsebridge.testkit.MqttProbe.Message;
import dev.evsebridge.testkit.RawCharger;
import dev.evsebridge.testkit.RequiresMosquitto;
import dev.evsebridge.testkit.Serials;
import dev.evsebridge.testkit.WireFrame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a charger is doing stands retained at the broker. */
@RequiresMosquitto
class ChargerStateIT {
  private static final String KEYS =
      "client_id serial connected time status why why_text vehicle charging enabled limit_amps"
          + " offered_amps max_amps limited_by cable_amps pilot_voltage contactor_state"
          + " pwm_percent power_watts phase1_volts phase2_volts phase3_volts phase1_amps"
          + " phase2_amps phase3_amps phases energy_kwh session_kwh session_start session_end"
          + " charging_seconds errors alive start_at wifi_rssi_dbm charger_start"
          + " firmware_version protection";

  private static final int VOLT_9 = 1;
  private static final int VOLT_6 = 2;
  private static final int AMP_20 = 1;

  @RegisterExtension static final Installation installation = Installation.asDelivered();

  private final String serial = Serials.next();

  @Test
  void tellsWhatAReadingMeansAndKeepsItForThoseWhoComeLater() {
    ChargerReading reading =
        ChargerReading.typical().pilotVoltage(VOLT_6).proximityPilot(AMP_20).rssi(-67);
    RawCharger charger = installation.charger(serial).answerLikeFirmware(reading, 9);
    installation.probe().request(Messages.setPwm(serial, 26));
    installation.probe().request(Messages.setContactor(serial, true));
    installation.probe().take(message("response_set_contactor_state", serial));
    collect();

    Message live = next();

    assertEquals(List.of(KEYS.split(" ")), keys(live.json()));
    assertEquals(serial, live.field("client_id"));
    assertEquals("C", live.field("status"));
    assertTrue(live.json().path("why").isNull());
    assertTrue(live.json().path("charging").asBoolean());
    assertEquals(15.6, live.json().path("offered_amps").asDouble());
    assertEquals(20, live.json().path("cable_amps").asInt());
    assertEquals(-67, live.json().path("wifi_rssi_dbm").asInt());
    assertTrue(live.json().path("phase1_volts").isNull(), "it is not calibrated");
    assertEquals(1, live.qos());
    try (MqttProbe later =
        MqttProbe.builder(installation.mosquitto().url()).subscribingTo(topic()).connect()) {
      Message kept = later.take(onTopic(topic()));
      assertTrue(kept.retained());
      assertEquals(live.text(), kept.text());
      long expiry = kept.properties().getMessageExpiryInterval();
      assertTrue(expiry > 0 && expiry <= 60, () -> "expiry " + expiry);
    }
    assertTrue(charger.isOpen());
  }

  @Test
  void tellsAtOnceWhatAReadingAfterANotificationShows() {
    ChargerReading reading = ChargerReading.typical().pilotVoltage(VOLT_9).pwmPercent(26);
    RawCharger charger = installation.charger(serial).answerLikeFirmware(reading, 9);
    collect();
    assertEquals("car_not_asking", next().field("why"));

    reading.pilotVoltage(VOLT_6);
    charger.send(WireFrame.of(WireFrame.NOTIFY));
    installation.probe().take(message("notify", serial));
    collect();

    Message second = next();
    assertEquals("contactor_open", second.field("why"));
    assertEquals("B", second.field("status"));
  }

  @Test
  void tellsForGoodThatAChargerHasGone() {
    RawCharger charger = installation.charger(serial).answerLikeFirmware();
    collect();
    next();

    charger.close();

    Message gone = next();
    assertEquals("F", gone.field("status"));
    assertEquals("offline", gone.field("why"));
    assertTrue(gone.json().path("pilot_voltage").isNull());
    assertTrue(gone.json().path("contactor_state").isNull());
    assertNull(gone.properties().getMessageExpiryInterval());
  }

  @Test
  void tellsNothingOfWhatHasOnlySaidAHello() {
    installation.charger(serial).close();
    String other = Serials.next();
    RawCharger charger = installation.charger(other).answerLikeFirmware();
    installation.probe().request(Messages.collect(other));
    installation.probe().take(onTopic("from_dehneEVSE/" + other + "/state"));

    assertEquals(List.of(), installation.probe().untaken(onTopic(topic())));
    assertTrue(charger.isOpen());
  }

  @Test
  void tellsNothingWhenItIsSwitchedOff() {
    try (Installation plain =
        Installation.with(bridge -> bridge.environment("BRIDGE_STATE_TOPICS", "false")).start()) {
      RawCharger charger = plain.charger(serial).answerLikeFirmware();
      plain.probe().request(Messages.collect(serial));
      plain.probe().take(message("response_collect_data", serial));
      charger.close();
      plain
          .probe()
          .take(
              onTopic("from_dehneEVSE/" + serial + "/availability")
                  .and(each -> each.text().equals("offline")));

      assertEquals(List.of(), plain.probe().untaken(ChargerStateIT::isState));
    }
  }

  private static boolean isState(Message message) {
    return message.topic().endsWith("/state");
  }

  private void collect() {
    installation.probe().request(Messages.collect(serial));
    installation.probe().take(message("response_collect_data", serial));
  }

  private Message next() {
    return installation.probe().take(onTopic(topic()));
  }

  private String topic() {
    return "from_dehneEVSE/" + serial + "/state";
  }

  private static List<String> keys(JsonNode state) {
    List<String> keys = new ArrayList<>();
    state.fieldNames().forEachRemaining(keys::add);
    return keys;
  }
}
