package dev.evsebridge.charger.session;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SetPointRequest;
import dev.evsebridge.runtime.Counts;
import io.netty.channel.Channel;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import java.util.function.ObjLongConsumer;
import org.apache.camel.Exchange;
import org.apache.camel.support.ExchangeHelper;
import org.jspecify.annotations.Nullable;

/** The connected chargers: finds the open socket for a request. Routes name it as a bean. */
public final class SessionRegistry {

  /** The exchange property that holds the type of a request. */
  public static final String REQUEST_TYPE = "messageType";

  private final ConcurrentMap<String, ChargerSession> sessions = new ConcurrentHashMap<>();

  /** By serial number, the chargers that have another name; no more than the settings name. */
  private final ConcurrentMap<String, String> names = new ConcurrentHashMap<>();

  private final FirmwareUploads firmwareUploads;
  private final SessionLimits limits;
  private final List<SessionListener> listeners = new CopyOnWriteArrayList<>();
  private final OpenRequests openRequests;
  private final Counts counts = new Counts(requestTypes());
  private volatile @Nullable ChargerClaims claims;

  /** By client id, chargers that are being added just now, and where. */
  private final ConcurrentMap<String, Executor> beingAdded = new ConcurrentHashMap<>();

  private volatile @Nullable RequestGuard guard;
  private volatile @Nullable ObjLongConsumer<String> durations;
  private volatile @Nullable LongConsumer requestListener;
  private volatile @Nullable Executor routes;

  /**
   * Creates an empty registry.
   *
   * @param limits what sessions are held to
   * @param listener is told who comes and goes
   * @param openRequests keeps the requests of routes
   */
  public SessionRegistry(
      SessionLimits limits, SessionListener listener, OpenRequests openRequests) {
    this(limits, listener, openRequests, FirmwareUploads.withinHeap());
  }

  SessionRegistry(
      SessionLimits limits,
      SessionListener listener,
      OpenRequests openRequests,
      FirmwareUploads firmwareUploads) {
    this.firmwareUploads = firmwareUploads;
    this.limits = limits;
    this.listeners.add(listener);
    this.openRequests = openRequests;
  }

  private static Set<String> requestTypes() {
    Set<String> types = new HashSet<>(ChargerRequest.MESSAGE_TYPES);
    types.addAll(SetPointRequest.REQUEST_TYPES);
    return types;
  }

  /** What chargers have said, and what became of requests to them. */
  public Counts counts() {
    return counts;
  }

  /**
   * Adds a charger that has said its hello. An older connection of the same serial number is
   * closed: after a reset the charger does not close it itself.
   *
   * @param clientId the configured name of the charger, or its serial number
   */
  public ChargerSession add(Channel channel, Hello hello, String clientId) {
    ChargerSession session = new ChargerSession(channel, hello, clientId, limits, firmwareUploads);
    if (!clientId.equals(session.serialNumber().hex())) {
      names.put(session.serialNumber().hex(), clientId);
    }
    AtomicReference<@Nullable ChargerSession> before = new AtomicReference<>();
    sessions.compute(
        clientId,
        (id, replaced) -> {
          // Told in here, so that comings and goings are told in the order in which they happen.
          listeners.forEach(each -> each.connected(session, replaced));
          before.set(replaced);
          return session;
        });
    // Not in there: the end of the old connection comes back to the same entry.
    ChargerSession replaced = before.get();
    if (replaced != null) {
      replaced.close("replaced by a new connection from " + channel.remoteAddress());
    }
    verifyUpload(clientId);
    session.opened();
    return session;
  }

  /** Has each charger claimed first from now on; to be called before chargers can connect. */
  public void claimFirst(ChargerClaims first) {
    claims = first;
  }

  /** Who has to say of a charger that it is this bridge's; null when it is anyway. */
  public @Nullable ChargerClaims claims() {
    return claims;
  }

  /**
   * A charger is about to be added: requests to it wait for that.
   *
   * @param loop where it will be added next
   */
  public void expect(String clientId, Executor loop) {
    beingAdded.put(clientId, loop);
  }

  /** What {@link #expect} has said has happened, or has come to nothing. */
  public void expectNoMore(String clientId, Executor loop) {
    beingAdded.remove(clientId, loop);
  }

  /** The first valid frame has come on a connection. */
  public void proven(ChargerSession session) {
    sessions.computeIfPresent(
        session.clientId(),
        (id, current) -> {
          if (current == session) {
            listeners.forEach(each -> each.proven(session));
          }
          return current;
        });
  }

  /** Forgets a connection that has ended, unless a newer one has taken its place. */
  public void remove(ChargerSession session) {
    sessions.computeIfPresent(
        session.clientId(),
        (id, current) -> {
          if (current != session) {
            return current;
          }
          listeners.forEach(each -> each.disconnected(session));
          return null;
        });
    session.closed();
    // That an image had been sent may be noted only now, after the new connection was made.
    verifyUpload(session.clientId());
  }

  private void verifyUpload(String clientId) {
    FirmwareUpload upload = firmwareUploads.find(clientId);
    ChargerSession session = sessions.get(clientId);
    if (upload != null && session != null) {
      session.verify(upload);
    }
  }

  /**
   * Sends a request to the charger that it names, after those that wait there already. For routes:
   * the body is the request, and no thread waits for the response.
   *
   * @param exchange carries the request; its property {@link Deadline#PROPERTY} says until when it
   *     may be sent
   * @return ends with the response, with null once a charger has restarted with new firmware, or
   *     with a {@link RequestFailedException}
   */
  public CompletionStage<@Nullable ChargerResponse> send(
      ChargerRequest request, Exchange exchange) {
    Deadline deadline = exchange.getProperty(Deadline.PROPERTY, Deadline.NONE, Deadline.class);
    String type = exchange.getProperty(REQUEST_TYPE, request.messageType(), String.class);
    Long arrivedAtNanos = exchange.getProperty(Deadline.ARRIVED_AT_NANOS, Long.class);
    CompletionStage<@Nullable ChargerResponse> outcome =
        submit(request, deadline, arrivedAtNanos == null ? System.nanoTime() : arrivedAtNanos);
    ObjLongConsumer<String> clock = durations;
    long startedNanos = clock == null ? 0 : System.nanoTime();
    var unused =
        outcome.thenRun(
            () -> {
              counts.requestDone(type);
              if (clock != null) {
                clock.accept(type, System.nanoTime() - startedNanos);
              }
            });
    CompletionStage<@Nullable ChargerResponse> response =
        openRequests.await(
            String.valueOf(exchange.getFromRouteId()),
            String.valueOf(ExchangeHelper.getRouteId(exchange)),
            outcome);
    CompletionStage<@Nullable ChargerResponse> result =
        request instanceof ChargerRequest.UploadFirmware
            ? response.whenComplete((none, failure) -> withoutRequest(exchange, failure))
            : response;
    Executor elsewhere = routes;
    return elsewhere == null ? result : result.whenCompleteAsync((none, failure) -> {}, elsewhere);
  }

  /** From now on, a route goes on there after a request, not on the thread of the chargers. */
  public void continueRoutesOn(Executor executor) {
    routes = executor;
  }

  /**
   * Lets a request of a route wait for something else than a charger, until its route ends.
   *
   * @param giveUp lets its route go on with an error
   * @return to be called when it no longer waits
   */
  public Runnable await(Exchange exchange, Runnable giveUp) {
    return openRequests.await(
        String.valueOf(exchange.getFromRouteId()),
        String.valueOf(ExchangeHelper.getRouteId(exchange)),
        giveUp);
  }

  /** Camel leaves the body as it is where a stage ends with null: it would still be the request. */
  private static void withoutRequest(Exchange exchange, @Nullable Throwable failure) {
    if (failure == null) {
      exchange.getMessage().setBody(null);
    }
  }

  /** The same without a route: whoever asks waits until the request has ended. */
  public CompletionStage<@Nullable ChargerResponse> submit(
      ChargerRequest request, Deadline deadline) {
    return submit(request, deadline, System.nanoTime());
  }

  private CompletionStage<@Nullable ChargerResponse> submit(
      ChargerRequest request, Deadline deadline, long arrivedAtNanos) {
    LongConsumer told = requestListener;
    if (told != null && !deadline.passed()) {
      told.accept(arrivedAtNanos);
    }
    PendingRequest pending = new PendingRequest(request, deadline, PendingRequest.Kind.ORDINARY);
    String clientId = clientIdOf(request.clientId());
    Executor loop = beingAdded.isEmpty() ? null : beingAdded.get(clientId);
    if (loop == null) {
      submit(pending, clientId);
    } else {
      try {
        loop.execute(() -> submit(pending, clientId));
      } catch (RejectedExecutionException e) {
        pending.failDisconnected();
      }
    }
    return pending.outcome();
  }

  private void submit(PendingRequest pending, String clientId) {
    ChargerSession session = sessions.get(clientId);
    if (session != null) {
      // Whatever becomes of it is decided there, so that requests end in their order.
      session.submit(pending, guard);
    } else {
      pending.fail(absence(pending.request().clientId()));
    }
  }

  /** Why no request can be sent to a charger that is not connected. */
  public RequestFailedException absence(String clientIdOrSerial) {
    return firmwareUploads.isUnderWay(clientIdOf(clientIdOrSerial))
        ? new RequestFailedException(ErrorCode.BUSY, RequestQueue.TAKING_FIRMWARE)
        : new RequestFailedException(
            ErrorCode.NOT_CONNECTED, NotConnected.detail(clientIdOrSerial, sessions.values()));
  }

  /**
   * Has it said from now on how long each request of a route took that has ended in its response.
   *
   * @param listener takes the type of the request and nanoseconds; must not block
   */
  public void time(ObjLongConsumer<String> listener) {
    durations = listener;
  }

  /** Tells one more from now on who comes and goes; to be called before chargers can connect. */
  public void addListener(SessionListener listener) {
    listeners.add(listener);
  }

  /**
   * From now on has every request from outside allowed by one more guard; to be called before
   * chargers can connect.
   */
  public void guard(RequestGuard requestGuard) {
    RequestGuard before = guard;
    guard = before == null ? requestGuard : before.and(requestGuard);
  }

  /**
   * Tells from now on that a valid request has come from outside, to whichever charger, and the
   * earliest moment at which it can have arrived; from any thread, and it must not block.
   */
  public void onRequest(LongConsumer listener) {
    requestListener = listener;
  }

  /** Tells one more from now on how firmware uploads go. */
  public void addFirmwareListener(FirmwareListener firmwareListener) {
    firmwareUploads.addListener(firmwareListener);
  }

  /**
   * Somebody has asked for firmware, and gets an error for it.
   *
   * @param clientIdOrSerial the charger that was meant; there may be none of that name
   */
  public void firmwareRefused(String clientIdOrSerial, ErrorCode code, String detail) {
    firmwareUploads.refused(clientIdOf(clientIdOrSerial), code, detail);
  }

  /**
   * The session of a connected charger, or null.
   *
   * @param clientIdOrSerial its name, where it has one, or its serial number
   */
  public @Nullable ChargerSession find(String clientIdOrSerial) {
    return sessions.get(clientIdOf(clientIdOrSerial));
  }

  private String clientIdOf(String clientIdOrSerial) {
    return names.getOrDefault(clientIdOrSerial, clientIdOrSerial);
  }

  /** The connected chargers at this moment. */
  public Collection<ChargerSession> sessions() {
    return List.copyOf(sessions.values());
  }

  /** Closes all connections; whatever is outstanding fails. */
  public void closeAll(String reason) {
    sessions.values().forEach(session -> session.close(reason));
  }
}
