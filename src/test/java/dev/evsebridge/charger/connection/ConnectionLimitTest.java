package dev.evsebridge.charger.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

class ConnectionLimitTest {
  private final ConnectionLimit limit = new ConnectionLimit(2);
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
