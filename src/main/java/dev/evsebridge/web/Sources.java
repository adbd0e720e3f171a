package dev.evsebridge.web;

import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.control.FailSafe;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.runtime.EventLoopPulses;
import dev.evsebridge.state.ChargerStates;
import dev.evsebridge.state.FirmwareStates;
import java.time.Duration;
import java.util.function.Function;
import org.apache.camel.CamelContext;
import org.jspecify.annotations.Nullable;

/**
 * The parts of the bridge that are looked at from outside.
 *
 * @param version of the bridge
 * @param camel holds the health checks
 * @param failSafe knows whether chargers can connect
 * @param broker passes requests on
 * @param registry tells who comes and goes
 * @param states tells what chargers do
 * @param firmware tells what runs on them, and how uploads go
 * @param admission counts connections
 * @param openRequests those that wait for a charger
 * @param backPressure knows from which chargers nothing is read
 * @param eventLoops those of the chargers
 * @param limits how long a request may take
 * @param elsewhere gives the other bridge that has a charger, or null
 * @param keptElsewhere gives the other bridge that keeps a charger's set-points, or null
 * @param brokerLossGrace how long chargers are kept while the broker is away
 */
public record Sources(
    String version,
    CamelContext camel,
    FailSafe failSafe,
    BrokerConnection broker,
    SessionRegistry registry,
    ChargerStates states,
    FirmwareStates firmware,
    Admission admission,
    OpenRequests openRequests,
    BackPressure backPressure,
    EventLoopPulses eventLoops,
    SessionLimits limits,
    Function<String, @Nullable String> elsewhere,
    Function<String, @Nullable String> keptElsewhere,
    Duration brokerLossGrace) {}
