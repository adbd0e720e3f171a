package dev.evsebridge.app;

import dev.evsebridge.app.reload.Announcements;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.control.ChargeControl;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.several.OwnChargers;
import dev.evsebridge.several.SeveralBridges;
import dev.evsebridge.state.Availability;
import dev.evsebridge.state.BridgeTopics;
import dev.evsebridge.state.ChargerStates;
import dev.evsebridge.state.FirmwareStates;
import dev.evsebridge.state.FirmwareStatus;
import dev.evsebridge.state.Forgetting;
import dev.evsebridge.state.LastState;
import dev.evsebridge.state.StatePublisher;
import dev.evsebridge.state.homeassistant.BridgeDevice;
import dev.evsebridge.state.homeassistant.HomeAssistant;
import dev.evsebridge.state.homeassistant.Withdrawal;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is retained at the broker beside availability, as far as it is wanted: the chargers' states
 * and firmware, the bridge's own topics, the devices of Home Assistant.
 */
final class RetainedTopics {

  private static final String CHARGER_JOURNAL = "chargers.txt";

  /**
   * One message more, whether it is online or offline, its state, its firmware, its last session.
   */
  private static final int MESSAGES_PER_CHARGER = 5;

  private static final int MESSAGES_PER_CHARGER_WITHOUT = 2;

  private final BridgeSettings settings;
  private final Announcements announcements;
  private final BrokerConnection broker;
  private final @Nullable SeveralBridges several;
  private final @Nullable ChargerStates states;
  private final @Nullable FirmwareStates firmware;
  private final @Nullable HomeAssistant homeAssistant;
  private final @Nullable BridgeTopics bridgeTopics;
  private final @Nullable Forgetting forgetting;

  RetainedTopics(
      BridgeSettings settings,
      Announcements announcements,
      BrokerConnection broker,
      SessionRegistry registry,
      Availability availability,
      BridgeReports reports,
      @Nullable SeveralBridges several) {
    this.settings = settings;
    this.announcements = announcements;
    this.broker = broker;
    this.several = several;
    ChargerStates told =
        settings.stateTopics() || settings.web().isPresent()
            ? states(registry, availability)
            : null;
    this.states = told;
    FirmwareStates versions = told == null ? null : firmware(registry);
    this.firmware = versions;
    this.homeAssistant =
        told != null && settings.homeAssistant().discovery() ? discovery(registry, told) : null;
    if (told != null && versions != null && settings.stateTopics()) {
      BridgeTopics ofBridge = reports.topics(announcements);
      registry.addListener(ofBridge);
      told.tellRemembered(ofBridge);
      told.addForgetListener(
          (serial, clientId) -> {
            versions.forget(clientId);
            ofBridge.forget(clientId);
          });
      this.bridgeTopics = ofBridge;
      this.forgetting =
          new Forgetting(
              told, availability, ofBridge, settings.mqtt().publishTopic(), announcements::clear);
    } else {
      this.bridgeTopics = null;
      this.forgetting = null;
    }
    if (several == null) {
      // Of several bridges another may have the charger that has gone from this one.
      availability.makeRoomBy(clientId -> makeRoom(availability, clientId));
    }
  }

  private void makeRoom(Availability availability, String clientId) {
    if (forgetting == null) {
      availability.forget(
          clientId,
          () ->
              announcements.clear(
                  settings.mqtt().publishTopic() + "/" + clientId + "/availability"));
    } else {
      var unused = forgetting.forget(clientId);
    }
  }

  /** How many messages of each charger may have to wait for the broker. */
  static int messagesPerCharger(BridgeSettings settings) {
    return settings.stateTopics() ? MESSAGES_PER_CHARGER : MESSAGES_PER_CHARGER_WITHOUT;
  }

  private ChargerStates states(SessionRegistry registry, Availability availability) {
    ChargerStates told =
        new ChargerStates(
            settings.sensors(),
            settings.names()::clientId,
            settings.mqtt().publishTopic(),
            settings.stateDir().resolve(CHARGER_JOURNAL),
            settings.stateTopics() ? statePublisher() : StatePublisher.nowhere(),
            availability);
    registry.addListener(told);
    registry.addFirmwareListener(told);
    return told;
  }

  private StatePublisher statePublisher() {
    return several == null
        ? announcements
        : new OwnChargers(
            settings.mqtt().publishTopic(),
            several::isOthers,
            several::isKeptByAnother,
            announcements);
  }

  private void announceFirmware(String clientId, FirmwareStatus status) {
    if (several == null || !several.isOthers(clientId)) {
      announcements.firmware(clientId, status);
    }
  }

  private FirmwareStates firmware(SessionRegistry registry) {
    FirmwareStates versions =
        new FirmwareStates(
            settings.firmware().version(),
            settings.limits().firmwareTimeout().plus(settings.limits().requestTimeout()),
            settings.stateTopics() ? this::announceFirmware : (clientId, status) -> {});
    registry.addListener(versions);
    registry.addFirmwareListener(versions);
    return versions;
  }

  private HomeAssistant discovery(SessionRegistry registry, ChargerStates told) {
    HomeAssistant discovery =
        new HomeAssistant(
            settings,
            bridgeDevice(),
            announcements::device,
            told::repeat,
            broker::readStored,
            announcements::clear,
            clientId -> several != null && several.isOthers(clientId));
    registry.addListener(discovery);
    told.addForgetListener(
        (serial, clientId) -> {
          // It may be back already, and announced by another bridge.
          if (several == null || !several.isAtAnother(clientId)) {
            discovery.forget(serial);
          }
        });
    return discovery;
  }

  private BridgeDevice bridgeDevice() {
    MqttSettings mqtt = settings.mqtt();
    return new BridgeDevice(
        mqtt.clientId(),
        BuildVersion.number(),
        mqtt.publishTopic(),
        mqtt.subscribeTopic(),
        settings.name().orElse(""));
  }

  /** What the chargers do; null where nobody wants to know. */
  @Nullable ChargerStates states() {
    return states;
  }

  /** What program the chargers run; null where nobody wants to know. */
  @Nullable FirmwareStates firmware() {
    return firmware;
  }

  /** Forgets chargers; null while nothing but availability is retained. */
  @Nullable Forgetting forgetting() {
    return forgetting;
  }

  /** Whom the charge controllers tell what they do. */
  ChargeControl.StatusListener controlListener() {
    return states == null ? (serial, clientId, status) -> {} : states::controlled;
  }

  /**
   * Another bridge has had a charger until now: what it has said last of its state goes on here.
   */
  void takeOver(String clientId, LastState last) {
    if (states != null) {
      states.takeOver(clientId, last);
    }
  }

  /** Another bridge has had a charger that is away, and is gone itself. */
  void keep(String clientId, LastState last) {
    if (states != null) {
      states.keep(clientId, last);
    }
  }

  /** Another bridge may have told of a charger that is connected here. */
  void sayAgain(String clientId) {
    if (states != null) {
      states.repeat(clientId);
    }
    movedHere(clientId);
  }

  /** A charger was another bridge's until now. */
  void movedHere(String clientId) {
    if (homeAssistant != null) {
      homeAssistant.movedHere(clientId);
    }
  }

  /** Begins to say it; availability must be told before. */
  void start() {
    if (states != null) {
      tell(states);
    }
    if (firmware != null) {
      tell(firmware);
    }
    if (bridgeTopics != null) {
      broker.addListener(bridgeTopics);
    }
    if (several != null) {
      broker.addListener(new ClearingOnce(settings.mqtt().publishTopic(), announcements::clear));
    }
    if (homeAssistant != null) {
      HomeAssistant told = homeAssistant;
      broker.listen(
          settings.homeAssistant().statusTopic(), (payload, atNanos) -> told.heard(payload));
      tell(homeAssistant);
      return;
    }
    Withdrawal withdrawal = Withdrawal.of(settings, announcements::clear);
    if (withdrawal != null) {
      broker.addListener(withdrawal);
    }
  }

  /** Of several bridges, what they say of chargers must wait until it is known whose those are. */
  private void tell(BrokerListener listener) {
    broker.addListener(several == null ? listener : several.onceGreeted(listener));
  }

  /** Of several bridges none tells of itself where one alone does. */
  private static final class ClearingOnce implements BrokerListener {
    private final Consumer<String> clear;
    private List<String> topics;

    ClearingOnce(String root, Consumer<String> clear) {
      this.topics = BridgeTopics.ofOneAlone(root);
      this.clear = clear;
    }

    @Override
    public void brokerConnected() {
      topics.forEach(clear);
    }

    @Override
    public void brokerProven() {
      topics = List.of();
    }

    @Override
    public void brokerLost() {
      // What it may not have got is cleared again after a reconnect.
    }
  }

  /** Says everything again. */
  void republish() {
    if (bridgeTopics != null) {
      bridgeTopics.republish();
    }
    if (firmware != null) {
      firmware.republish();
    }
    if (homeAssistant != null) {
      // With all states after the devices.
      homeAssistant.republish();
    } else if (states != null) {
      states.republish();
    }
  }

  void stop() {
    if (states != null) {
      states.stop();
    }
    if (bridgeTopics != null) {
      bridgeTopics.stop();
    }
    if (homeAssistant != null) {
      homeAssistant.stop();
    }
  }
}
