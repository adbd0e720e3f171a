package dev.evsebridge.charger.connection;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.session.ChargerClaims;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.ChargerRequest.Ping;
import dev.evsebridge.message.PingResponse;
import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;

/**
 * A charger that has said its hello and is claimed before it is registered: of several bridges one
 * can have it. Any 17 bytes make a hello, so it is pinged and is claimed only when a frame has
 * come. What comes before it is registered is kept for then.
 */
final class Claimed implements ChargerClaims.Newcomer {

  /** A charger that nobody asks says next to nothing. */
  private static final int MOST_KEPT = 100;

  /** What becomes of it; all is called on the event loop. */
  interface Outcome {

    /** It is this bridge's. */
    void register(Hello hello);

    /** Something that came before. */
    void replay(ChargerMessage message);

    /** Its connection is to be closed. */
    void close(String reason);
  }

  private final ChargerClaims claims;
  private final SessionRegistry registry;
  private final Channel channel;
  private final Hello hello;
  private final String clientId;
  private final Outcome outcome;
  private final Queue<ChargerMessage> kept = new ArrayDeque<>(1);
  private boolean proven;
  private boolean pinged = true;
  private boolean registered;
  private boolean ended;

  private Claimed(
      ChargerClaims claims,
      SessionRegistry registry,
      Channel channel,
      Hello hello,
      String clientId,
      Outcome outcome) {
    this.claims = claims;
    this.registry = registry;
    this.channel = channel;
    this.hello = hello;
    this.clientId = clientId;
    this.outcome = outcome;
  }

  /** Asks a charger for a frame. */
  static Claimed ping(
      ChargerClaims claims,
      SessionRegistry registry,
      Channel channel,
      Hello hello,
      String clientId,
      Outcome outcome) {
    channel.writeAndFlush(new Ping(clientId), channel.voidPromise());
    return new Claimed(claims, registry, channel, hello, clientId, outcome);
  }

  @Override
  public String clientId() {
    return clientId;
  }

  /**
   * Takes what the charger says.
   *
   * @return whether that has been dealt with
   */
  boolean received(ChargerMessage message) {
    boolean ownPing = pinged && message instanceof PingResponse;
    if (ownPing) {
      pinged = false;
    }
    if (!proven) {
      proven = true;
      claims.claim(this);
    }
    if (!ownPing && !registered && kept.size() < MOST_KEPT) {
      kept.add(message);
    }
    return ownPing || !registered;
  }

  @Override
  public void take() {
    registry.expect(clientId, channel.eventLoop());
    run(
        () -> {
          if (!ended) {
            registered = true;
            outcome.register(hello);
          }
          registry.expectNoMore(clientId, channel.eventLoop());
          for (ChargerMessage each = kept.poll(); each != null; each = kept.poll()) {
            outcome.replay(each);
          }
        });
  }

  @Override
  public void close(String reason) {
    run(() -> outcome.close(reason));
  }

  private void run(Runnable task) {
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      // The bridge ends, and with it the connection.
    }
  }

  /** The connection has ended. */
  void ended() {
    ended = true;
    if (proven) {
      claims.ended(this);
    }
  }
}
