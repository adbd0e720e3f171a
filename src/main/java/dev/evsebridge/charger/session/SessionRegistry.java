package dev.evsebridge.charger.session;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.config.SessionLimits;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ChargerResponse;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.SerialNumber;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The connected chargers. It finds the open socket for a request. */
public final class SessionRegistry {

  /** A charger that waits 5 s between attempts shows as a clone within a fraction of this. */
  private static final Duration DUPLICATE_WINDOW = Duration.ofMinutes(10);

  private final ConcurrentMap<String, ChargerSession> sessions = new ConcurrentHashMap<>();
  private final FirmwareUploads firmwareUploads;
  private final SessionLimits limits;
  private final Function<SerialNumber, String> clientIds;
  private final SessionListener listener;
  private final ContactorMemory contactors;
  private final DuplicateSerialWatch duplicates =
      new DuplicateSerialWatch(DUPLICATE_WINDOW, System::nanoTime);

  /**
   * Creates an empty registry.
   *
   * @param limits what connections are held to
   * @param clientIds the configured name of a charger, or its serial number
   * @param listener is told who comes and goes
   */
  public SessionRegistry(
      SessionLimits limits, Function<SerialNumber, String> clientIds, SessionListener listener) {
    this(limits, clientIds, listener, FirmwareUploads.withinHeap());
  }

  SessionRegistry(
      SessionLimits limits,
      Function<SerialNumber, String> clientIds,
      SessionListener listener,
      FirmwareUploads firmwareUploads) {
    this.firmwareUploads = firmwareUploads;
    this.limits = limits;
    this.clientIds = clientIds;
    this.listener = listener;
    this.contactors = new ContactorMemory(limits.maxConnections());
  }

  /** What connections are held to. */
  public SessionLimits limits() {
    return limits;
  }

  /** The configured name of a charger, or its serial number. */
  public String clientId(SerialNumber serialNumber) {
    return clientIds.apply(serialNumber);
  }

  /**
   * Takes a charger that has said its hello. An older connection of the same serial number is
   * closed: after a reset the charger does not close it itself.
   */
  public ChargerSession register(Channel channel, Hello hello) {
    String clientId = clientId(hello.serialNumber());
    boolean restarted = firmwareUploads.hasRestarted(clientId);
    if (restarted) {
      // The restart has opened the contactor, whatever it was before.
      contactors.remember(clientId, false);
    }
    ChargerSession session =
        new ChargerSession(channel, hello, clientId, limits, contactors, firmwareUploads);
    AtomicReference<@Nullable ChargerSession> before = new AtomicReference<>();
    sessions.compute(
        clientId,
        (id, replaced) -> {
          // Told in here, so that comings and goings are told in the order in which they happen.
          listener.connected(session, replaced);
          before.set(replaced);
          return session;
        });
    // Not in there: the end of the old connection comes back to the same entry.
    ChargerSession replaced = before.get();
    if (replaced != null) {
      replaced.close("replaced by a new connection from " + channel.remoteAddress());
    }
    if (restarted) {
      firmwareUploads.end(clientId);
    }
    return session;
  }

  /**
   * Whether two devices seem to share the session's serial number.
   *
   * @return one plain sentence, or null
   */
  public @Nullable String suspicion(ChargerSession session) {
    return duplicates.connected(session.clientId(), session.remoteAddress());
  }

  /** Forgets a connection that has ended, unless a newer one has taken its place. */
  public void remove(ChargerSession session) {
    sessions.computeIfPresent(
        session.clientId(),
        (id, current) -> {
          if (current != session) {
            return current;
          }
          listener.disconnected(session);
          return null;
        });
    session.closed();
    if (sessions.containsKey(session.clientId())) {
      session.restarted();
    }
  }

  /**
   * Sends a request to the charger that it names, after those that wait there already.
   *
   * @param deadline when it expires unless it is on the wire by then
   * @return ends with the response, with null after a firmware upload, or with a {@link
   *     dev.evsebridge.message.RequestFailedException}
   */
  public CompletionStage<@Nullable ChargerResponse> send(
      ChargerRequest request, Deadline deadline) {
    PendingRequest pending = new PendingRequest(request, deadline);
    String clientId = request.clientId();
    ChargerSession session = sessions.get(clientId);
    if (session != null) {
      // Whatever becomes of it is decided there, so that requests are answered in their order.
      session.submit(pending);
    } else if (firmwareUploads.isUnderWay(clientId)) {
      pending.fail(ErrorCode.BUSY, ChargerSession.TAKING_FIRMWARE);
    } else {
      pending.fail(ErrorCode.NOT_CONNECTED, "No charger of this client_id is connected.");
    }
    return pending.outcome();
  }

  /** The connected chargers at this moment. */
  public Collection<ChargerSession> sessions() {
    return List.copyOf(sessions.values());
  }

  /** Whether a charger is connected. */
  public boolean isConnected(String clientId) {
    return sessions.containsKey(clientId);
  }

  /** Closes all connections; whatever is outstanding fails. */
  public void closeAll(String reason) {
    sessions.values().forEach(session -> session.close(reason));
  }
}
