package dev.evsebridge.charger.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConnectionLimitTest {
  private final ConnectionLimit limit = new ConnectionLimit(2, new ConnectionTally());
  private int seen;
  private int ended;

  @Test
  void closesConnectionsBeyondTheLimitAtOnceAndLeavesTheOthers() {
    EmbeddedChannel first = connect();
    EmbeddedChannel second = connect();

    assertFalse(connect().isActive());

    assertTrue(first.isActive());
    assertTrue(second.isActive());
    assertEquals(2, seen, "connections that the rest of the pipeline knows of");
    assertEquals(0, ended, "connections whose end the rest of the pipeline knows of");
  }

  @Test
  void makesRoomWhenAConnectionEnds() {
    EmbeddedChannel first = connect();
    connect();
    connect();
    connect();

    first.close();

    assertTrue(connect().isActive());
    assertFalse(connect().isActive());
  }

  @Test
  void letsOnlyAPartOfTheConnectionsFromOneAddressWaitForTheirHello() {
    ConnectionLimit large = new ConnectionLimit(400, new ConnectionTally());
    List<EmbeddedChannel> silent = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      silent.add(connect(large, "192.0.2.1"));
    }

    assertFalse(connect(large, "192.0.2.1").isActive());
    assertTrue(connect(large, "192.0.2.2").isActive());
    silent.get(0).close();
    assertTrue(connect(large, "192.0.2.1").isActive());
    assertFalse(connect(large, "192.0.2.1").isActive());
    silent.get(1).pipeline().fireUserEventTriggered(ConnectionLimit.IDENTIFIED);
    assertTrue(connect(large, "192.0.2.1").isActive());
    silent.get(1).close();
    assertFalse(connect(large, "192.0.2.1").isActive());
  }

  @Test
  void acceptsAFewFromOthersWhenOneAddressHasTakenAllConnections() {
    ConnectionLimit full = new ConnectionLimit(160, new ConnectionTally());
    List<EmbeddedChannel> greedy = new ArrayList<>();
    for (int i = 0; i < 160; i++) {
      greedy.add(identified(full, "192.0.2.1"));
    }
    assertEquals(160, active(greedy), "behind a proxy all chargers have one address");

    assertFalse(connect(full, "192.0.2.1").isActive());
    List<EmbeddedChannel> others = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      others.add(connect(full, "192.0.2." + (10 + i / 3)));
    }
    assertEquals(20, active(others), "an eighth more, two of each");
    assertFalse(others.get(2).isActive());
    assertFalse(connect(full, "192.0.2.1").isActive());
    assertEquals(160, active(greedy), "nobody who is connected has to make room");
  }

  @Test
  void isSimplyFullWhereNoAddressHasMoreThanItsShare() {
    ConnectionLimit full = new ConnectionLimit(160, new ConnectionTally());
    List<EmbeddedChannel> chargers = new ArrayList<>();
    for (int i = 0; i < 160; i++) {
      chargers.add(identified(full, "192.0.2." + i / 20));
    }
    assertEquals(160, active(chargers));

    assertFalse(connect(full, "192.0.2.99").isActive());
    // With the twenty-first of one address the reserve opens, and without it closes again.
    chargers.get(159).close();
    EmbeddedChannel oneTooMany = identified(full, "192.0.2.0");
    EmbeddedChannel reserved = connect(full, "192.0.2.99");
    assertTrue(reserved.isActive());
    oneTooMany.close();
    assertFalse(connect(full, "192.0.2.98").isActive());
    reserved.close();
    assertTrue(connect(full, "192.0.2.98").isActive());
  }

  private static EmbeddedChannel identified(ConnectionLimit by, String address) {
    EmbeddedChannel channel = connect(by, address);
    channel.pipeline().fireUserEventTriggered(ConnectionLimit.IDENTIFIED);
    return channel;
  }

  private static long active(List<EmbeddedChannel> channels) {
    return channels.stream().filter(EmbeddedChannel::isActive).count();
  }

  private static EmbeddedChannel connect(ConnectionLimit to, String address) {
    EmbeddedChannel channel =
        new EmbeddedChannel(false, false) {
          @Override
          protected SocketAddress remoteAddress0() {
            return new InetSocketAddress(address, 1);
          }
        };
    channel.pipeline().addLast(to);
    try {
      channel.register();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    return channel;
  }

  private EmbeddedChannel connect() {
    return new EmbeddedChannel(
        limit,
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelActive(ChannelHandlerContext ctx) {
            seen++;
          }

          @Override
          public void channelInactive(ChannelHandlerContext ctx) {
            ended++;
          }
        });
  }
}
