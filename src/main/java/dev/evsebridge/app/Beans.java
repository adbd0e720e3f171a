package dev.evsebridge.app;

import dev.evsebridge.charger.connection.ChargerPipeline;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.control.ChargeControl;
import dev.evsebridge.message.BridgeJson;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.request.BridgeRequests;
import dev.evsebridge.request.ErrorReports;
import dev.evsebridge.request.FirmwareInstaller;
import dev.evsebridge.request.OwnTopics;
import dev.evsebridge.request.Replies;
import dev.evsebridge.request.RequestReader;
import dev.evsebridge.request.SetPointReader;
import dev.evsebridge.state.StateExpiry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.camel.component.jackson.JacksonDataFormat;

/** The one list of what routes may name. Its names are public: docs/routes.md describes each. */
public final class Beans {

  private Beans() {}

  /**
   * The beans by the names that routes use.
   *
   * @param chargerPipeline equips each connection of the listener route
   * @param sessionRegistry finds the open socket of a charger
   * @param chargeControl takes set-points
   * @param settings topics and limits of requests, and the firmware image
   * @param bridgeRequests answers requests to the bridge itself
   * @param errors publishes an error that belongs to no exchange
   */
  public static Map<String, Object> named(
      ChargerPipeline chargerPipeline,
      SessionRegistry sessionRegistry,
      ChargeControl chargeControl,
      BridgeSettings settings,
      BridgeRequests bridgeRequests,
      Consumer<ErrorMessage> errors) {
    MqttSettings mqtt = settings.mqtt();
    Map<String, Object> beans = new LinkedHashMap<>();
    beans.put("chargerPipeline", chargerPipeline);
    beans.put("json", json());
    beans.put("requests", requestReader(settings));
    beans.put("sessionRegistry", sessionRegistry);
    beans.put("setPoints", new SetPointReader(mqtt.subscribeTopic(), sessionRegistry.counts()));
    beans.put("chargeControl", chargeControl);
    beans.put("firmware", new FirmwareInstaller(settings.firmware().image(), sessionRegistry));
    beans.put("bridgeRequests", bridgeRequests);
    beans.put("replies", new Replies(errors));
    beans.put(
        "errorReports",
        new ErrorReports(sessionRegistry.counts(), sessionRegistry::firmwareRefused));
    beans.put("stateExpiry", new StateExpiry());
    return beans;
  }

  static RequestReader requestReader(BridgeSettings settings) {
    return new RequestReader(settings.mqtt().maxPayloadBytes(), OwnTopics.of(settings));
  }

  private static JacksonDataFormat json() {
    JacksonDataFormat json = new JacksonDataFormat(BridgeJson.mapper(), Map.class);
    // A header per message that nobody reads.
    json.setContentTypeHeader(false);
    return json;
  }
}
