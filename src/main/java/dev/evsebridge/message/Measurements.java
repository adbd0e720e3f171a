package dev.evsebridge.message;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The measurements of a reading; the order of the components is the order of the JSON keys.
 *
 * @param pilotVoltage state of the control pilot
 * @param proximityPilotAmps rating of the plugged cable
 * @param phase1Millivolts raw ADC peak, 0 to 4095, in spite of its name; up to 4294967295 passes
 * @param phase2Millivolts raw ADC peak, 0 to 4095, in spite of its name; up to 4294967295 passes
 * @param phase3Millivolts raw ADC peak, 0 to 4095, in spite of its name; up to 4294967295 passes
 * @param phase1Milliamps likewise a raw ADC peak
 * @param phase2Milliamps likewise a raw ADC peak
 * @param phase3Milliamps likewise a raw ADC peak
 * @param wifiRssiDbm signal strength
 * @param uptimeMilliseconds since the charger's start; wraps at 2^32, after 49.7 days
 * @param controlPilotAdc raw reading; 0 from firmware before version 3, which does not send it
 * @param proximityPilotAdc raw reading; 0 from firmware before version 3, which does not send it
 * @param log entries {@code "<millis>: text"}, each ended by a NUL
 */
public record Measurements(
    @JsonProperty("pilot_voltage") PilotVoltage pilotVoltage,
    @JsonProperty("proximity_pilot_amps") ProximityPilot proximityPilotAmps,
    @JsonProperty("phase1_millivolts") long phase1Millivolts,
    @JsonProperty("phase2_millivolts") long phase2Millivolts,
    @JsonProperty("phase3_millivolts") long phase3Millivolts,
    @JsonProperty("phase1_milliamps") long phase1Milliamps,
    @JsonProperty("phase2_milliamps") long phase2Milliamps,
    @JsonProperty("phase3_milliamps") long phase3Milliamps,
    @JsonProperty("wifi_rssi") int wifiRssiDbm,
    @JsonProperty("uptime_milliseconds") long uptimeMilliseconds,
    @JsonProperty("current_control_pilot_adc") long controlPilotAdc,
    @JsonProperty("current_proximity_pilot_adc") long proximityPilotAdc,
    @JsonProperty("logging_buffer") String log) {}
