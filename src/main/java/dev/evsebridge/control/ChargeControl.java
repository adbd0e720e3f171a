package dev.evsebridge.control;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.Deadline;
import dev.evsebridge.charger.session.FirmwareListener;
import dev.evsebridge.charger.session.RequestGuard;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.message.SetPointRequest;
import dev.evsebridge.message.SetResponse;
import dev.evsebridge.message.SignOfLife;
import dev.evsebridge.runtime.FailStopExecutor;
import dev.evsebridge.runtime.WriteTrouble;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.apache.camel.Body;
import org.apache.camel.ExchangeProperty;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The charge controllers of all chargers that have one: has each follow its charger's sessions,
 * takes set-points and signs of life, keeps raw commands away, and keeps what must survive a
 * restart.
 */
public final class ChargeControl implements SessionListener, RequestGuard, FirmwareListener {

  private static final Logger LOG = LoggerFactory.getLogger(ChargeControl.class);

  /** On top of the stop timeout, as long as a controller takes to open in any case. */
  private static final Duration STOP_MARGIN = Duration.ofMillis(1_600);

  private static final Duration LOOK = Duration.ofMillis(20);
  private static final Duration CLERK_PATIENCE = Duration.ofSeconds(1);

  /** How often it is tried again to store what could not be stored. */
  private static final Duration MEND_AFTER = Duration.ofSeconds(10);

  /** Is told what a charger's controller has come to, after it has been stored. */
  @FunctionalInterface
  public interface StatusListener {
    /** Takes the newest status of a charger; from any thread, and must not block. */
    void controlled(SerialNumber serialNumber, String clientId, ControlStatus status);
  }

  private final Function<SerialNumber, @Nullable ControlSettings> settings;
  private final Function<SerialNumber, String> clientIds;
  private final Predicate<String> isConnected;
  private final ControlJournal journal;
  private final StatusListener listener;
  private final Duration mendAfter;
  private final FailStopExecutor executor = new FailStopExecutor("charge-control");
  private final Map<SerialNumber, ControlledCharger> chargers = new ConcurrentHashMap<>();

  /** The same by client id: a set-point names its charger so, or by its serial number. */
  private final Map<String, SerialNumber> serials = new ConcurrentHashMap<>();

  /** The last status that each charger's listeners were told, or will be. */
  private final Map<SerialNumber, ControlStatus> told = new ConcurrentHashMap<>();

  /** How many statuses of a charger wait for the disk; the next one must not overtake them. */
  private final Map<SerialNumber, Integer> waiting = new ConcurrentHashMap<>();

  /** Whose memory could not be stored; belongs to the executor. */
  private final Set<SerialNumber> unstored = new LinkedHashSet<>();

  private boolean mending;

  private final WriteTrouble trouble =
      new WriteTrouble(
          LOG, "After a restart this charger's set-points and errors may be forgotten");

  private volatile boolean brokerLost;
  private volatile LongConsumer otherSignOfLife = atNanos -> {};

  /**
   * Creates the control; nobody is controlled yet.
   *
   * @param settings of a charger under control; null for others
   * @param clientIds the configured name of a charger, or its serial number
   * @param isConnected whether a charger of this client id is connected, controlled or not
   * @param journal what survives a restart
   * @param listener is told each change
   */
  public ChargeControl(
      Function<SerialNumber, @Nullable ControlSettings> settings,
      Function<SerialNumber, String> clientIds,
      Predicate<String> isConnected,
      ControlJournal journal,
      StatusListener listener) {
    this(settings, clientIds, isConnected, journal, listener, MEND_AFTER);
  }

  ChargeControl(
      Function<SerialNumber, @Nullable ControlSettings> settings,
      Function<SerialNumber, String> clientIds,
      Predicate<String> isConnected,
      ControlJournal journal,
      StatusListener listener,
      Duration mendAfter) {
    this.settings = settings;
    this.clientIds = clientIds;
    this.isConnected = isConnected;
    this.journal = journal;
    this.listener = listener;
    this.mendAfter = mendAfter;
  }

  /** Controls nobody; nothing is remembered. */
  public static ChargeControl ofNobody() {
    return new ChargeControl(
        serial -> null,
        SerialNumber::hex,
        clientId -> false,
        new ControlJournal(Path.of(""), Clock.systemUTC()),
        (serial, clientId, status) -> {});
  }

  /** Reads what is remembered, so that set-points of absent chargers hold from the start. */
  public void start() {
    for (SerialNumber serial : journal.serials()) {
      ControlSettings own = settings.apply(serial);
      if (own != null) {
        ControlledCharger charger = chargers.computeIfAbsent(serial, unseen -> create(unseen, own));
        // Its state shows what was remembered, also while it is away.
        String unused = charger.on(new Event.Tick());
      }
    }
  }

  private ControlledCharger create(SerialNumber serial, ControlSettings own) {
    ControlMemory memory = ControlMemory.NONE;
    try {
      memory = journal.read(serial);
    } catch (IOException e) {
      LOG.error(
          "Can't use {}: {}. The charger starts with control.initial_enabled and control.initial_limit_amps",
          journal.file(serial),
          e.getMessage());
    }
    ControlledCharger charger =
        new ControlledCharger(
            serial,
            clientIds.apply(serial),
            own,
            memory,
            Files.exists(journal.file(serial)),
            (task, delayNanos) -> executor.schedule(task, delayNanos, TimeUnit.NANOSECONDS),
            this::take,
            System::nanoTime);
    serials.put(charger.clientId(), serial);
    if (brokerLost) {
      String unused = charger.on(new Event.BrokerLost());
    }
    return charger;
  }

  /** Stores what must not be forgotten, off the event loop, then tells the status. */
  private void take(
      ControlledCharger charger, ControlStatus status, @Nullable ControlMemory memory) {
    if (memory == null && status.equals(told.get(charger.serialNumber()))) {
      return;
    }
    SerialNumber serial = charger.serialNumber();
    told.put(serial, status);
    if (memory == null && !waiting.containsKey(serial)) {
      listener.controlled(serial, charger.clientId(), status);
      return;
    }
    waiting.merge(serial, 1, Integer::sum);
    executor.executeUnlessStopped(
        () -> {
          if (memory != null) {
            store(serial, memory);
          }
          listener.controlled(serial, charger.clientId(), status);
          waiting.computeIfPresent(serial, (key, count) -> count == 1 ? null : count - 1);
        });
  }

  private void store(SerialNumber serial, ControlMemory memory) {
    try {
      journal.write(serial, memory);
      unstored.remove(serial);
      if (unstored.isEmpty()) {
        trouble.worked(journal.file(serial));
      }
    } catch (IOException e) {
      trouble.failed(journal.file(serial), e);
      unstored.add(serial);
      if (!mending && !executor.isShutdown()) {
        mending = true;
        var unused = executor.schedule(this::mend, mendAfter.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
  }

  /** A full disk may have room again. */
  private void mend() {
    mending = false;
    for (SerialNumber serial : Set.copyOf(unstored)) {
      ControlledCharger charger = chargers.get(serial);
      if (charger == null) {
        unstored.remove(serial);
      } else {
        store(serial, charger.memory());
      }
    }
  }

  /** Whether this charger has a controller. */
  public boolean controls(ChargerSession session) {
    return chargers.containsKey(session.serialNumber());
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    ControlSettings own = settings.apply(session.serialNumber());
    if (own != null) {
      session.shareCollects();
      session.keepHearing();
      session.observe(
          chargers.compute(
              session.serialNumber(),
              (serial, known) -> {
                ControlledCharger charger = known == null ? create(serial, own) : known;
                charger.announce();
                return charger;
              }));
    }
  }

  @Override
  public void disconnected(ChargerSession session) {
    // Later: its controller is told of the end of its session only after this.
    executor.executeUnlessStopped(
        () ->
            chargers.computeIfPresent(
                session.serialNumber(),
                (serial, charger) -> {
                  if (charger.isForgettable()) {
                    told.remove(serial);
                    serials.remove(charger.clientId());
                    return null;
                  }
                  return charger;
                }));
  }

  @Override
  public boolean needsReading(ChargerSession session, ChargerRequest request) {
    return request instanceof ChargerRequest.UploadFirmware
        && chargers.containsKey(session.serialNumber());
  }

  @Override
  public @Nullable RequestFailedException refusal(ChargerSession session, ChargerRequest request) {
    ControlledCharger charger = chargers.get(session.serialNumber());
    if (charger == null) {
      return null;
    }
    if (request instanceof ChargerRequest.SetContactorState
        || request instanceof ChargerRequest.SetPwmPercent) {
      return new RequestFailedException(
          ErrorCode.CONTROLLED,
          "The charge controller has this charger; use its set-points enabled and limit_amps.");
    }
    if (request instanceof ChargerRequest.UploadFirmware) {
      String reason = charger.startFirmware();
      return reason == null ? null : new RequestFailedException(ErrorCode.CONTACTOR_CLOSED, reason);
    }
    return null;
  }

  @Override
  public void failed(ChargerSession session, ErrorCode code, String detail) {
    ControlledCharger charger = chargers.get(session.serialNumber());
    if (charger != null) {
      charger.firmwareFailed(session, code);
    }
  }

  /**
   * Takes a set-point. For routes.
   *
   * @param arrivedAtNanos the earliest moment at which it can have arrived; null for now
   * @return the response to it
   * @throws RequestFailedException when it can't be taken
   */
  public SetResponse take(
      @Body SetPointRequest request,
      @ExchangeProperty(Deadline.ARRIVED_AT_NANOS) @Nullable Long arrivedAtNanos) {
    ControlledCharger charger = find(request.clientId());
    if (request instanceof SetPointRequest.InstallFirmware) {
      throw new IllegalArgumentException("for the bean firmware, not for chargeControl");
    }
    if (charger == null) {
      requireKnown(null, request);
      throw new RequestFailedException(
          ErrorCode.NOT_CONTROLLED,
          "This charger is not under the charge controller (control.mode); send raw requests.");
    }
    if (request instanceof SetPointRequest.SetPoints setPoints) {
      String unused =
          charger.on(
              new Event.SetPoint(
                  setPoints.enabled(), setPoints.limitDeciamps(), ageNanos(arrivedAtNanos)));
    } else if (request instanceof SetPointRequest.Reset reset) {
      reset(charger, reset.error());
    }
    return new SetResponse(charger.clientId());
  }

  /**
   * Another bridge has had a charger until now: its set-points hold here. To be called before the
   * charger connects here; without effect on one that is not under control.
   */
  public void takeOver(
      SerialNumber serial, @Nullable Boolean enabled, @Nullable Integer limitDeciamps) {
    ControlSettings own = settings.apply(serial);
    if (own != null && (enabled != null || limitDeciamps != null)) {
      String unused =
          chargers
              .computeIfAbsent(serial, unseen -> create(unseen, own))
              .on(new Event.SetPoint(enabled, limitDeciamps));
    }
  }

  private void requireKnown(@Nullable ControlledCharger charger, SetPointRequest request) {
    if (charger == null && !isConnected.test(request.clientId())) {
      throw new RequestFailedException(
          ErrorCode.NOT_CONNECTED, "No charger of this client_id is known.");
    }
  }

  private static void reset(ControlledCharger charger, String code) {
    LatchedError error = null;
    if (!code.equals("all")) {
      error =
          LatchedError.ofCode(code)
              .orElseThrow(
                  () ->
                      new RequestFailedException(
                          ErrorCode.INVALID_VALUE,
                          "reset must be all, or the code of an error that can be latched."));
    }
    String refusal = charger.on(new Event.Reset(error));
    if (refusal != null) {
      throw new RequestFailedException(ErrorCode.INVALID_VALUE, refusal);
    }
  }

  private @Nullable ControlledCharger find(String clientId) {
    SerialNumber serial = serials.get(clientId);
    if (serial == null && SerialNumber.isSerialNumber(clientId)) {
      serial = new SerialNumber(clientId);
    }
    return serial == null ? null : chargers.get(serial);
  }

  /**
   * Takes a sign of life of whoever controls one charger, or all. For routes.
   *
   * @param arrivedAtNanos the earliest moment at which it can have arrived; null for now
   */
  public void alive(
      @Body SignOfLife sign,
      @ExchangeProperty(Deadline.ARRIVED_AT_NANOS) @Nullable Long arrivedAtNanos) {
    long atNanos = arrivedAtNanos == null ? System.nanoTime() : arrivedAtNanos;
    String clientId = sign.clientId();
    if (clientId == null) {
      controlIsAlive(atNanos);
      otherSignOfLife.accept(atNanos);
      return;
    }
    ControlledCharger charger = find(clientId);
    if (charger != null) {
      String unused = charger.on(new Event.Alive(ageNanos(atNanos)));
    } else {
      otherSignOfLife.accept(atNanos);
    }
  }

  /** What has waited while the process was frozen says nothing about now. */
  private static long ageNanos(@Nullable Long arrivedAtNanos) {
    return arrivedAtNanos == null ? 0 : Math.max(0, System.nanoTime() - arrivedAtNanos);
  }

  /** Tells from now on of signs of life that are for all, or for chargers without a controller. */
  public void onOtherSignOfLife(LongConsumer told) {
    otherSignOfLife = told;
  }

  /**
   * Whoever controls the chargers is there.
   *
   * @param arrivedAtNanos the earliest moment at which the sign of it can have arrived
   */
  public void controlIsAlive(long arrivedAtNanos) {
    tellAll(new Event.Alive(ageNanos(arrivedAtNanos)));
  }

  /** Whoever controls the chargers is known to be gone. */
  public void controlIsGone() {
    tellAll(new Event.Silent());
  }

  /** The broker has been away for longer than the grace. */
  void brokerLost() {
    brokerLost = true;
    tellAll(new Event.BrokerLost());
  }

  /** The broker is back. */
  void brokerBack() {
    if (brokerLost) {
      brokerLost = false;
      tellAll(new Event.BrokerBack());
    }
  }

  private void tellAll(Event event) {
    for (ControlledCharger charger : chargers.values()) {
      String unused = charger.on(event);
    }
  }

  /**
   * Ends all charges and returns when every contactor is open, or the stop timeout is over:
   * chargers that are still closed then have been told to open. The sessions of stopped chargers
   * are closed.
   */
  public void stop() {
    if (chargers.isEmpty()) {
      executor.shutdown();
      return;
    }
    Duration longest =
        chargers.keySet().stream()
            .map(settings)
            .filter(own -> own != null)
            .map(ControlSettings::stopTimeout)
            .max(Duration::compareTo)
            .orElse(Duration.ZERO);
    long endNanos = System.nanoTime() + longest.plus(STOP_MARGIN).toNanos();
    tellAll(new Event.Stopping());
    while (chargers.values().stream().anyMatch(ControlledCharger::isConnected)
        && System.nanoTime() - endNanos < 0) {
      LockSupport.parkNanos(LOOK.toNanos());
    }
    chargers.values().forEach(ControlledCharger::end);
    executor.executeUnlessStopped(this::mend);
    if (!executor.finish(CLERK_PATIENCE)) {
      LOG.warn("What the charge controllers remember could not be stored in time");
    }
  }
}
