package dev.evsebridge.state.homeassistant;

import dev.evsebridge.config.BridgeSettings;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.state.homeassistant.DeviceJournal.Former;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back what an earlier run has announced to Home Assistant, once discovery is switched off.
 * The journal tells what that was; nothing is read from the broker.
 */
public final class Withdrawal implements BrokerListener {

  private static final Logger LOG = LoggerFactory.getLogger(Withdrawal.class);

  private final DeviceJournal journal;
  private final List<String> topics;
  private final Consumer<String> clear;

  private Withdrawal(DeviceJournal journal, List<String> topics, Consumer<String> clear) {
    this.journal = journal;
    this.topics = topics;
    this.clear = clear;
  }

  /**
   * What is to be taken back.
   *
   * @param clear clears a retained topic; must not block
   * @return null where nothing is
   */
  public static @Nullable Withdrawal of(BridgeSettings settings, Consumer<String> clear) {
    if (!Files.exists(HomeAssistant.journalFile(settings))) {
      return null;
    }
    DeviceJournal journal = new DeviceJournal(HomeAssistant.journalFile(settings));
    Former former = journal.open();
    return former == null ? null : new Withdrawal(journal, topics(journal, former), clear);
  }

  /** Of all that the journal knows, the bridge last: chargers refer to it. */
  static List<String> topics(DeviceJournal journal, Former former) {
    List<String> topics = new ArrayList<>();
    for (SerialNumber serial : journal.serials()) {
      topics.add(HomeAssistant.topic(former.prefix(), ChargerDevice.id(serial)));
    }
    topics.add(HomeAssistant.topic(former.prefix(), BridgeDevice.id(former.bridge())));
    return topics;
  }

  @Override
  public void brokerConnected() {
    topics.forEach(clear);
  }

  @Override
  public void brokerProven() {
    if (!topics.isEmpty()) {
      LOG.info("Withdrew {} devices from Home Assistant: discovery is off", topics.size());
      topics.clear();
      journal.delete();
    }
  }

  @Override
  public void brokerLost() {
    // What it may not have got is said again after a reconnect.
  }
}
