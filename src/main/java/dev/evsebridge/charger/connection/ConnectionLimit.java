package dev.evsebridge.charger.connection;

import dev.evsebridge.runtime.LogThrottle;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections beyond the limit at once. Nobody may keep all chargers out from one address:
 *
 * <ul>
 *   <li>Of those that have not said their hello, one address may have a quarter of the limit. It is
 *       a large part, because behind a proxy all chargers have one address.
 *   <li>One address may fill the limit with hellos, for the same reason. But as long as it has more
 *       than its share, a few more connections are accepted from addresses that have few.
 * </ul>
 */
@Sharable
public final class ConnectionLimit extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

  /** Fired through the pipeline of a connection that has said its hello. */
  static final Object IDENTIFIED = new Object();

  private static final int SHARE_OF_AN_ADDRESS = 4;
  private static final int LEAST_OF_AN_ADDRESS = 64;

  /** Of the limit: an address with more than this part is a greedy one. */
  private static final int PART_OF_A_GREEDY_ADDRESS = 8;

  /** Of the limit: so many more are accepted, of addresses with few connections. */
  private static final int RESERVED_PART = 8;

  /** Of what is reserved: what few connections are. */
  private static final int PART_OF_THE_RESERVE = 8;

  private static final AttributeKey<InetAddress> UNIDENTIFIED_FROM =
      AttributeKey.valueOf(ConnectionLimit.class, "unidentifiedFrom");
  private static final AttributeKey<InetAddress> COUNTED_FOR =
      AttributeKey.valueOf(ConnectionLimit.class, "countedFor");

  private final int maxConnections;
  private final int share;
  private final int few;
  private final ConnectionTally tally;
  private final int maxUnidentified;
  private final ConcurrentMap<InetAddress, Integer> unidentified = new ConcurrentHashMap<>();
  private final ConcurrentMap<InetAddress, Integer> byAddress = new ConcurrentHashMap<>();
  private final AtomicInteger connections = new AtomicInteger();

  /** How many addresses have more than their share. */
  private final AtomicInteger greedy = new AtomicInteger();

  private final LogThrottle refusals = new LogThrottle(1, Duration.ofSeconds(10));

  /**
   * Creates the limit that all connections of a listener share.
   *
   * @param tally counts those that are refused
   */
  public ConnectionLimit(int maxConnections, ConnectionTally tally) {
    this.maxConnections = maxConnections;
    this.tally = tally;
    this.maxUnidentified = Math.max(LEAST_OF_AN_ADDRESS, maxConnections / SHARE_OF_AN_ADDRESS);
    this.share = Math.max(2, maxConnections / PART_OF_A_GREEDY_ADDRESS);
    this.few = Math.max(1, reserved(maxConnections) / PART_OF_THE_RESERVE);
  }

  /** The most connections that may be open at a time, with those that are reserved. */
  public static int most(int maxConnections) {
    return maxConnections + reserved(maxConnections);
  }

  private static int reserved(int maxConnections) {
    return Math.max(1, maxConnections / RESERVED_PART);
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    int open = connections.incrementAndGet();
    int ofItsAddress = count(ctx.channel());
    if (open > maxConnections && !mayUseTheReserve(open, ofItsAddress)) {
      refuse(ctx, "evse.max_connections = " + maxConnections + " are open");
    } else if (!admitUnidentified(ctx.channel())) {
      refuse(ctx, maxUnidentified + " connections from there have not said their hello");
    } else {
      ctx.fireChannelActive();
    }
  }

  private boolean mayUseTheReserve(int open, int ofItsAddress) {
    return ofItsAddress <= few && greedy.get() > 0 && open <= most(maxConnections);
  }

  /** Counts it for its address; what has none gets nothing of what is reserved. */
  private int count(Channel channel) {
    if (!(channel.remoteAddress() instanceof InetSocketAddress from)) {
      return Integer.MAX_VALUE;
    }
    channel.attr(COUNTED_FOR).set(from.getAddress());
    int now = byAddress.merge(from.getAddress(), 1, Integer::sum);
    if (now == share + 1) {
      greedy.incrementAndGet();
    }
    return now;
  }

  private void countNoMore(Channel channel) {
    connections.decrementAndGet();
    InetAddress address = channel.attr(COUNTED_FOR).getAndSet(null);
    if (address != null) {
      Integer left =
          byAddress.computeIfPresent(address, (from, count) -> count == 1 ? null : count - 1);
      if (left != null && left == share) {
        greedy.decrementAndGet();
      }
    }
  }

  private boolean admitUnidentified(Channel channel) {
    if (!(channel.remoteAddress() instanceof InetSocketAddress from)) {
      return true;
    }
    InetAddress address = from.getAddress();
    if (unidentified.merge(address, 1, Integer::sum) > maxUnidentified) {
      leave(address);
      return false;
    }
    channel.attr(UNIDENTIFIED_FROM).set(address);
    return true;
  }

  private void identified(Channel channel) {
    InetAddress address = channel.attr(UNIDENTIFIED_FROM).getAndSet(null);
    if (address != null) {
      leave(address);
    }
  }

  private void leave(InetAddress address) {
    unidentified.computeIfPresent(address, (from, count) -> count == 1 ? null : count - 1);
  }

  private void refuse(ChannelHandlerContext ctx, String reason) {
    countNoMore(ctx.channel());
    tally.count(ConnectionTally.Outcome.LIMIT);
    refusals.log(
        suffix ->
            LOG.warn(
                "Refused a connection from {}: {}{}",
                ctx.channel().remoteAddress(),
                reason,
                suffix));
    // None of the handlers is to hear of its end.
    while (ctx.pipeline().last() != null) {
      ctx.pipeline().removeLast();
    }
    ctx.channel().close();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == IDENTIFIED) {
      identified(ctx.channel());
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    identified(ctx.channel());
    countNoMore(ctx.channel());
    ctx.fireChannelInactive();
  }
}
