package dev.evsebridge.several;

import dev.evsebridge.charger.session.ChargerClaims;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.config.ChargerNames;
import dev.evsebridge.config.MqttSettings;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.mqtt.BrokerConnection;
import dev.evsebridge.mqtt.BrokerListener;
import dev.evsebridge.mqtt.CommonAvailability;
import dev.evsebridge.mqtt.Membership;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.LogThrottle;
import dev.evsebridge.state.ChargerStates.Forgotten;
import dev.evsebridge.state.LastState;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This bridge as one of several with one broker: brings {@link Claims} together with the connection
 * to the broker and with those of chargers. All that happens is taken one at a time, under one
 * lock; nothing that is done in it waits.
 */
public final class SeveralBridges implements Membership, ChargerClaims {

  private static final Logger LOG = LoggerFactory.getLogger(SeveralBridges.class);

  private static final String ONLINE = "online";
  private static final String OFFLINE = "offline";

  /** User properties of what is said of availability. */
  private static final String BRIDGE = "bridge";

  private static final String SINCE = "since";
  private static final String AGAIN = "again";

  private static final long BEAT_SECONDS = 10;

  /** Three beats may get lost. */
  private static final long EXPIRY_SECONDS = 35;

  private static final long TICK_MILLIS = 200;

  private static final Duration GOODBYE = Duration.ofSeconds(2);

  /** With many chargers their stored messages come first. */
  private static final long GREETING_MILLIS = 15_000;

  private final String name;
  private final String publishTopic;
  private final String subscribeTopic;
  private final String bridgeRequests;
  private final List<String> refereed;
  private final List<String> signsOfLife;
  private final int maxPayloadBytes;
  private final ChargerNames names;
  private final Claims claims;
  private final CommonAvailability common;
  private final FailStopExecutor executor = new FailStopExecutor("several-bridges");
  private final LogThrottle namesakes = new LogThrottle(1, Duration.ofMinutes(1));
  private final LogThrottle unheard = new LogThrottle(1, Duration.ofMinutes(1));
  private final IdentityHashMap<Newcomer, Long> sinces = new IdentityHashMap<>();
  private final Map<Long, Newcomer> newcomers = new HashMap<>();
  private final List<BrokerListener> waitForGreeting = new ArrayList<>();

  private final LastStates lastStates = new LastStates();

  /** Own chargers of which another bridge has told as well: it had not heard of this one yet. */
  private final Set<String> contradicted = new HashSet<>();

  private final boolean followsStates;
  private @Nullable Successor givenSuccessor;
  private Part part = (topic, payload, deadline) -> {};
  private @Nullable BrokerConnection broker;
  private long lastSince;
  private long linkSince;
  private boolean linked;
  private long linkedAtMillis;
  private boolean greeted;
  private volatile @Nullable CountDownLatch goodbye;

  /**
   * Creates it; nothing happens yet.
   *
   * @param name of this bridge, which no other has
   * @param followsStates whether the state of chargers is published
   */
  public SeveralBridges(String name, MqttSettings mqtt, ChargerNames names, boolean followsStates) {
    this.name = name;
    this.followsStates = followsStates;
    this.publishTopic = mqtt.publishTopic();
    this.subscribeTopic = mqtt.subscribeTopic();
    this.bridgeRequests = subscribeTopic + "/bridge/request/+";
    this.refereed = List.of(subscribeTopic, subscribeTopic + "/+/set/#", bridgeRequests);
    this.signsOfLife = List.of(subscribeTopic + "/alive", subscribeTopic + "/+/alive");
    this.maxPayloadBytes = mqtt.maxPayloadBytes();
    this.names = names;
    this.claims = new Claims(name, new ToBroker());
    this.common = new CommonAvailability(mqtt);
  }

  /** Takes over what another bridge has said last of a charger. */
  public interface Successor {
    /**
     * The charger is about to be registered here; must not block.
     *
     * @param last null when it has said nothing of its state
     */
    void takeOver(String clientId, @Nullable LastState last);

    /**
     * The charger is connected to no bridge, and the one that has said its last state is gone: it
     * is for this one to tell; must not block.
     */
    void keep(String clientId, LastState last);

    /** Another bridge may have told of a charger that is connected here; must not block. */
    void sayAgain(String clientId);
  }

  /** Does what each bridge has to do about a request to all of them. */
  @FunctionalInterface
  public interface Part {
    /** A request has come; must not block, and another bridge gives the response. */
    void requested(String topic, byte[] payload, Deadline deadline);
  }

  /** Begins, with the connection to the broker that this belongs to. */
  public synchronized void start(
      BrokerConnection connection, Successor newSuccessor, Part newPart) {
    broker = connection;
    givenSuccessor = newSuccessor;
    part = newPart;
    executor.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    executor.scheduleAtFixedRate(this::beat, BEAT_SECONDS, BEAT_SECONDS, TimeUnit.SECONDS);
  }

  private void tick() {
    boolean mine;
    synchronized (this) {
      if (!greeted && linked && nowMillis() - linkedAtMillis > GREETING_MILLIS) {
        unheard.log(
            suffix ->
                LOG.error(
                    "What this bridge says on {} does not come back: the broker's access rules must let it read that. Until then no charger is let in{}",
                    availabilityTopic(),
                    suffix));
      }
      claims.tick(nowMillis());
      contradicted.forEach(successor()::sayAgain);
      contradicted.clear();
      mine = greeted && name.equals(claims.first());
    }
    common.look(mine);
  }

  private synchronized void beat() {
    if (greeted) {
      greet();
    }
  }

  private void greet() {
    connection().publishNow(availabilityTopic(), ONLINE, greeting());
  }

  private Successor successor() {
    Successor current = givenSuccessor;
    if (current == null) {
      throw new IllegalStateException("not started");
    }
    return current;
  }

  private BrokerConnection connection() {
    BrokerConnection current = broker;
    if (current == null) {
      throw new IllegalStateException("not started");
    }
    return current;
  }

  private static long nowMillis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }

  /** By the wall clock, and for no two connections the same. */
  private long nextSince() {
    lastSince = Math.max(lastSince + 1, System.currentTimeMillis());
    return lastSince;
  }

  @Override
  public String availabilityTopic() {
    return "%s/bridge/%s/availability".formatted(publishTopic, name);
  }

  @Override
  public List<String> followed() {
    List<String> availability =
        List.of(publishTopic + "/+/availability", publishTopic + "/bridge/+/availability");
    if (!followsStates) {
      return availability;
    }
    List<String> all = new ArrayList<>(availability);
    all.add(publishTopic + "/+/state");
    return all;
  }

  @Override
  public boolean echoes(String followed) {
    return followed.endsWith("/availability");
  }

  @Override
  public String shareName() {
    return "dehneevse_mqtt_bridge";
  }

  @Override
  public List<String> refereed() {
    return refereed;
  }

  @Override
  public synchronized void began() {
    linkSince = nextSince();
    linked = true;
    linkedAtMillis = nowMillis();
    greeted = false;
    claims.begin();
  }

  @Override
  public synchronized void lost() {
    linked = false;
    greeted = false;
    claims.lost();
  }

  @Override
  public synchronized MqttProperties greeting() {
    MqttProperties properties = properties(name, linkSince, false);
    properties.setMessageExpiryInterval(EXPIRY_SECONDS);
    return properties;
  }

  private static MqttProperties properties(String bridge, long since, boolean again) {
    MqttProperties properties = new MqttProperties();
    properties.getUserProperties().add(new UserProperty(BRIDGE, bridge));
    properties
        .getUserProperties()
        .add(new UserProperty(SINCE, Instant.ofEpochMilli(since).toString()));
    if (again) {
      properties.getUserProperties().add(new UserProperty(AGAIN, "true"));
    }
    return properties;
  }

  @Override
  public synchronized void heard(String topic, MqttMessage message) {
    String[] levels = topic.substring(publishTopic.length() + 1).split("/", -1);
    String text = new String(message.getPayload(), StandardCharsets.UTF_8);
    if (levels[levels.length - 1].equals("state")) {
      heardState(levels[0], message.getPayload());
    } else if (levels.length == 3) {
      heardOfBridge(levels[1], text, message.getProperties());
    } else if (!levels[0].equals("bridge")) {
      heardOfCharger(levels[0], text, message.getProperties());
    }
  }

  /** Another bridge has said or cleared a charger's state; or it is what was stored. */
  private void heardState(String clientId, byte[] state) {
    if (state.length == 0) {
      lastStates.forget(clientId);
    } else if (!greeted || claims.isOthers(clientId)) {
      lastStates.put(clientId, state);
    }
    if (greeted && name.equals(claims.holder(clientId))) {
      contradicted.add(clientId);
    }
  }

  private void heardOfBridge(String bridge, String text, MqttProperties properties) {
    if (text.equals(ONLINE)) {
      if (bridge.equals(name)) {
        heardOfNamesake(since(properties));
      }
      Long seconds = properties.getMessageExpiryInterval();
      long left = seconds == null ? EXPIRY_SECONDS : seconds;
      claims.bridgeOnline(bridge, nowMillis() + TimeUnit.SECONDS.toMillis(left));
    } else if (text.equals(OFFLINE) || text.isEmpty()) {
      claims.bridgeOffline(bridge, nowMillis());
      CountDownLatch leaving = goodbye;
      if (leaving != null && bridge.equals(name)) {
        leaving.countDown();
      }
    }
  }

  private void heardOfNamesake(long since) {
    if (since == linkSince) {
      if (!greeted) {
        greeted = true;
        lastStates.keepOnly(claims::isOthers);
        claims.greeted(nowMillis());
        connection().refereeFromNowOn();
        waitForGreeting.forEach(each -> executor.executeUnlessStopped(each::brokerConnected));
        waitForGreeting.clear();
      }
    } else if (greeted) {
      namesakes.log(
          suffix ->
              LOG.error(
                  "Another bridge has the same bridge.name, {}: give each its own, or requests get lost{}",
                  name,
                  suffix));
    }
  }

  private void heardOfCharger(String clientId, String text, MqttProperties properties) {
    switch (text) {
      case ONLINE -> {
        String bridge = property(properties, BRIDGE);
        Claim claim = new Claim(bridge == null ? "" : bridge, since(properties));
        claims.claimed(clientId, claim, property(properties, AGAIN) != null, nowMillis());
        if (name.equals(claims.holder(clientId))) {
          // What another one has said while this one was cut off is none of its own.
          lastStates.forget(clientId);
        }
      }
      case OFFLINE -> {
        String bridge = property(properties, BRIDGE);
        claims.saidOffline(clientId, bridge == null ? "" : bridge);
      }
      default -> claims.cleared(clientId);
    }
  }

  private static long since(MqttProperties properties) {
    String text = property(properties, SINCE);
    try {
      return text == null ? 0 : Instant.parse(text).toEpochMilli();
    } catch (DateTimeException e) {
      return 0;
    }
  }

  private static @Nullable String property(MqttProperties properties, String key) {
    return properties.getUserProperties().stream()
        .filter(each -> each.getKey().equals(key))
        .map(UserProperty::getValue)
        .findFirst()
        .orElse(null);
  }

  @Override
  public boolean isForThisBridge(String topicFilter, String topic, byte @Nullable [] payload) {
    if (refereed.contains(topicFilter)) {
      return name.equals(responsible(topic, payload));
    }
    // All want it; that it is too long for any of them is for one to say.
    return payload == null
        || payload.length <= maxPayloadBytes
        || !signsOfLife.contains(topicFilter)
        || isFirst();
  }

  private synchronized boolean isFirst() {
    return name.equals(claims.first());
  }

  @Override
  public boolean isForAll(String topicFilter) {
    return topicFilter.equals(bridgeRequests);
  }

  @Override
  public void doPart(String topic, MqttMessage message, long arrivedAtNanos) {
    Long seconds = message.getProperties().getMessageExpiryInterval();
    part.requested(
        topic,
        message.getPayload(),
        seconds == null
            ? Deadline.NONE
            : Deadline.after(Duration.ofSeconds(seconds), arrivedAtNanos));
  }

  @Override
  public boolean isForNobody(String topicFilter, String topic, byte @Nullable [] payload) {
    return isForAll(topicFilter) || responsible(topic, payload) == null;
  }

  /**
   * The bridge that a request is for; null when there is none. Set-points hold while a charger is
   * away as well: the last that had it keeps them.
   */
  private synchronized @Nullable String responsible(String topic, byte @Nullable [] payload) {
    boolean request = topic.equals(subscribeTopic);
    String clientId = clientId(topic, payload);
    if (clientId == null) {
      return null;
    }
    return request ? claims.holder(clientId) : claims.keeper(clientId);
  }

  private @Nullable String clientId(String topic, byte @Nullable [] payload) {
    String text =
        topic.equals(subscribeTopic)
            ? Payloads.clientId(payload)
            : topic.substring(subscribeTopic.length() + 1).split("/", 2)[0];
    return text == null ? null : clientIdOf(text);
  }

  private String clientIdOf(String clientIdOrSerial) {
    return SerialNumber.isSerialNumber(clientIdOrSerial)
        ? names.clientId(new SerialNumber(clientIdOrSerial))
        : clientIdOrSerial;
  }

  @Override
  public synchronized void claim(Newcomer newcomer) {
    long since = nextSince();
    sinces.put(newcomer, since);
    newcomers.put(since, newcomer);
    claims.connected(newcomer.clientId(), since);
  }

  @Override
  public synchronized void ended(Newcomer newcomer) {
    Long since = sinces.remove(newcomer);
    if (since != null) {
      newcomers.remove(since);
      claims.disconnected(newcomer.clientId(), since, nowMillis());
    }
  }

  /**
   * Takes what this bridge would say of a charger's availability if it were alone: that one is
   * offline is true only while no other bridge has it.
   */
  public synchronized void known(String clientId, String state) {
    if (state.equals(OFFLINE)) {
      claims.absent(clientId);
    }
  }

  /** Whether another bridge has a charger, or had it last: then it is not for this one to tell. */
  public synchronized boolean isOthers(String clientId) {
    return claims.isOthers(clientId);
  }

  /** The other bridge that has a charger, named or by its serial number; null when none has. */
  public synchronized @Nullable String otherHolder(String chargerId) {
    return other(claims.holder(clientIdOf(chargerId)));
  }

  /** The other living bridge that keeps a charger's set-points; null when there is none. */
  public synchronized @Nullable String otherKeeper(String chargerId) {
    return other(claims.keeper(clientIdOf(chargerId)));
  }

  private @Nullable String other(@Nullable String bridge) {
    return name.equals(bridge) ? null : bridge;
  }

  /** Whether another bridge has a charger now. */
  public boolean isAtAnother(String clientId) {
    return otherHolder(clientId) != null;
  }

  /** Whether another bridge that is living has a charger, or had it last. */
  public boolean isKeptByAnother(String clientId) {
    return otherKeeper(clientId) != null;
  }

  /**
   * A charger is to be forgotten on all bridges: does nothing more for it here, unless it is
   * connected to one of them.
   *
   * @return whether what else is known of it here is to be forgotten
   */
  public synchronized boolean forget(String clientIdOrSerial) {
    String clientId = clientIdOf(clientIdOrSerial);
    boolean connected = claims.holder(clientId) != null;
    if (!connected) {
      claims.forget(clientId);
    }
    return !connected;
  }

  /**
   * Says of a charger that is to be forgotten on all bridges what comes of that.
   *
   * @param clear takes its client id and, where it is known, its serial number, when what is
   *     retained of it is to be cleared
   */
  public Forgotten forgetForAll(
      String clientIdOrSerial, BiConsumer<String, @Nullable SerialNumber> clear) {
    String clientId = clientIdOf(clientIdOrSerial);
    LastState state;
    synchronized (this) {
      if (claims.holder(clientId) != null) {
        return Forgotten.CONNECTED;
      }
      if (!claims.isHeardOf(clientId)) {
        return Forgotten.UNKNOWN;
      }
      state = lastState(clientId);
    }
    SerialNumber serial = state == null ? null : state.serial();
    if (SerialNumber.isSerialNumber(clientIdOrSerial)) {
      serial = new SerialNumber(clientIdOrSerial);
    }
    clear.accept(clientId, serial);
    return Forgotten.DONE;
  }

  /** What another bridge has said last of a charger's state, to be taken over once. */
  private @Nullable LastState lastState(String clientId) {
    byte[] last = lastStates.take(clientId);
    return last == null ? null : LastState.read(last);
  }

  /**
   * Tells somebody that the broker is there only once it is known who has which charger. In order,
   * on a thread of its own: whoever is told may hold what another thread holds that asks here.
   */
  public BrokerListener onceGreeted(BrokerListener listener) {
    return new BrokerListener() {
      @Override
      public void brokerConnected() {
        synchronized (SeveralBridges.this) {
          if (greeted) {
            executor.executeUnlessStopped(listener::brokerConnected);
          } else {
            waitForGreeting.add(listener);
          }
        }
      }

      @Override
      public void brokerProven() {
        synchronized (SeveralBridges.this) {
          if (greeted) {
            executor.executeUnlessStopped(listener::brokerProven);
          }
        }
      }

      @Override
      public void brokerLost() {
        synchronized (SeveralBridges.this) {
          if (!waitForGreeting.remove(listener)) {
            executor.executeUnlessStopped(listener::brokerLost);
          }
        }
      }
    };
  }

  /**
   * Leaves the others, when all chargers have been closed; returns when the broker has said so:
   * until then requests are still this bridge's to answer.
   */
  public void leave() {
    CountDownLatch said = new CountDownLatch(1);
    boolean last;
    synchronized (this) {
      if (broker == null || !greeted) {
        executor.shutdownNow();
        common.end(false);
        return;
      }
      last = !claims.hasOthers();
      goodbye = said;
      connection().refereeNoMore();
      claims.leave();
      connection().publishNow(availabilityTopic(), OFFLINE, properties(name, linkSince, false));
    }
    try {
      if (!said.await(GOODBYE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("The broker has not taken in time that this bridge leaves");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    executor.shutdownNow();
    common.end(last);
  }

  /** Called under the lock, from within {@link #claims}. */
  private final class ToBroker implements Claims.Actions {

    @Override
    public void claim(String clientId, Claim claim, boolean again) {
      connection()
          .publishNow(topic(clientId), ONLINE, properties(claim.bridge(), claim.since(), again));
    }

    @Override
    public void sayOffline(String clientId, String bridge) {
      connection().publishNow(topic(clientId), OFFLINE, properties(bridge, nextSince(), false));
    }

    private String topic(String clientId) {
      return "%s/%s/availability".formatted(publishTopic, clientId);
    }

    @Override
    public void take(String clientId, long since, boolean moved) {
      Newcomer newcomer = newcomers.get(since);
      if (newcomer != null) {
        LastState state = lastState(clientId);
        if (moved || state != null) {
          successor().takeOver(clientId, state);
        }
        newcomer.take();
      }
    }

    @Override
    public void unheard(String clientId) {
      unheard.log(
          suffix ->
              LOG.error(
                  "What this bridge says on {} does not come back: the broker's access rules must let it read {}/+/availability. Until then it does not serve the charger{}",
                  topic(clientId),
                  publishTopic,
                  suffix));
    }

    @Override
    public void again(String clientId) {
      successor().sayAgain(clientId);
    }

    @Override
    public void keep(String clientId) {
      LastState state = lastState(clientId);
      if (state != null) {
        successor().keep(clientId, state);
      }
    }

    @Override
    public void close(String clientId, long since, String bridge) {
      Newcomer newcomer = newcomers.get(since);
      if (newcomer != null) {
        newcomer.close(
            bridge.equals(name)
                ? "replaced by a new connection"
                : "the charger has connected to bridge " + bridge);
      }
    }

    @Override
    public void greet() {
      SeveralBridges.this.greet();
    }
  }
}
