package dev.evsebridge.config;

import dev.evsebridge.message.SerialNumber;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All settings, checked.
 *
 * @param bindAddress where chargers connect; IPv6 addresses in brackets
 * @param bindPort where chargers connect
 * @param limits what their connections are held to
 * @param allowedSerials the chargers that may connect; empty for all
 * @param names the names of chargers
 * @param mqtt the broker's side
 * @param control the charge controller's settings
 * @param sensors how readings become currents and voltages
 * @param supervision how chargers without the charge controller are watched over
 * @param firmware the image that can be installed
 * @param homeAssistant whether and where chargers are announced to Home Assistant
 * @param web the port for health, metrics, API and page; empty where there is none
 * @param name of this one of several bridges; empty for a bridge alone
 * @param brokerLossGrace how long chargers are kept while the broker is away
 * @param stateDir where the bridge remembers whom it announced as online
 * @param stateTopics whether the state of chargers is published
 * @param logLevel ERROR, WARN, INFO, DEBUG or TRACE
 * @param placeholders what routes may refer to as {@code {{key}}}: settings without secrets, and
 *     the user's own keys
 * @param shown all that is set, by key and without secrets, for people to look at
 * @param ignoredVariables environment variables that look like settings but are none
 * @param files those that were read
 */
public record BridgeSettings(
    String bindAddress,
    int bindPort,
    SessionLimits limits,
    Set<SerialNumber> allowedSerials,
    ChargerNames names,
    MqttSettings mqtt,
    PerCharger<ControlKeys> control,
    PerCharger<SensorKeys> sensors,
    SupervisionKeys supervision,
    FirmwareKeys firmware,
    HomeAssistantKeys homeAssistant,
    Optional<WebSettings> web,
    Optional<String> name,
    Duration brokerLossGrace,
    Path stateDir,
    boolean stateTopics,
    String logLevel,
    Map<String, String> placeholders,
    Map<String, String> shown,
    Set<String> ignoredVariables,
    List<Path> files) {}
