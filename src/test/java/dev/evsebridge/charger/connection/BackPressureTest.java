package dev.evsebridge.charger.connection;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.connection.BackPressure.Reason;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class BackPressureTest {
  private final BackPressure backPressure = new BackPressure();
  private final EmbeddedChannel channel = new EmbeddedChannel();

  @Test
  void readsOnWhileItIsOpen() {
    backPressure.check(channel);

    assertTrue(reads());
  }

  @Test
  void stopsReadingFromAConnectionAfterTheMessageThatItIsBusyWith() {
    backPressure.pause(Reason.BACKLOG);
    assertTrue(reads());

    backPressure.check(channel);

    assertFalse(reads());
    backPressure.resume(Reason.BACKLOG);
    assertTrue(reads());
  }

  @Test
  void opensOnlyWhenTheLastReasonIsGone() {
    backPressure.pause(Reason.BACKLOG);
    backPressure.pause(Reason.ROUTES_RELOADING);
    backPressure.check(channel);

    backPressure.resume(Reason.BACKLOG);
    assertFalse(reads());

    backPressure.resume(Reason.ROUTES_RELOADING);
    assertTrue(reads());
    backPressure.check(channel);
    assertTrue(reads());
  }

  @Test
  void letsConnectionsGoOnInGroups() {
    backPressure.pause(Reason.BACKLOG);
    EmbeddedChannel[] many = new EmbeddedChannel[40];
    for (int i = 0; i < many.length; i++) {
      many[i] = new EmbeddedChannel();
      backPressure.check(many[i]);
    }

    assertTrue(backPressure.resumeSome(Reason.BACKLOG));
    assertTrue(many[0].config().isAutoRead());
    assertFalse(many[39].config().isAutoRead());

    assertFalse(backPressure.resumeSome(Reason.BACKLOG));
    assertTrue(many[39].config().isAutoRead());
  }

  @Test
  void holdsOnlyThoseBackThatSayMoreThanTheirShare() {
    EmbeddedChannel quiet = new EmbeddedChannel();
    backPressure.share();
    for (int i = 1; i < BackPressure.SHARE; i++) {
      assertFalse(backPressure.check(channel));
    }
    assertFalse(backPressure.check(quiet));
    assertTrue(reads());

    assertTrue(backPressure.check(channel));
    assertFalse(reads());
    assertTrue(quiet.config().isAutoRead());

    backPressure.resume(Reason.BACKLOG);
    assertTrue(reads());
    for (int i = 0; i <= BackPressure.SHARE; i++) {
      assertFalse(backPressure.check(channel));
    }
    assertTrue(reads());
  }

  @Test
  void letsNobodyGoOnWhileRoutesAreReloading() {
    backPressure.pause(Reason.BACKLOG);
    backPressure.pause(Reason.ROUTES_RELOADING);
    backPressure.check(channel);

    assertFalse(backPressure.resumeSome(Reason.BACKLOG));

    assertFalse(reads());
  }

  @Test
  void doesNotCountTheSameReasonTwice() {
    backPressure.pause(Reason.BACKLOG);
    backPressure.pause(Reason.BACKLOG);
    backPressure.check(channel);

    backPressure.resume(Reason.BACKLOG);

    assertTrue(reads());
  }

  @Test
  void forgetsConnectionsThatHaveEnded() {
    backPressure.pause(Reason.BACKLOG);
    backPressure.check(channel);

    backPressure.forget(channel);
    backPressure.resume(Reason.BACKLOG);

    assertFalse(reads());
  }

  @Test
  void waitsForNoEventLoopThatHasEnded() {
    EventLoopGroup ended = new DefaultEventLoopGroup(1);
    LocalChannel lastOfItsListener = new LocalChannel();
    ended.register(lastOfItsListener).syncUninterruptibly();
    backPressure.add(lastOfItsListener);
    ended.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();

    backPressure.pauseAndWait(Reason.ROUTES_RELOADING, Duration.ofSeconds(5));
    backPressure.check(channel);

    assertFalse(reads());
  }

  private boolean reads() {
    return channel.config().isAutoRead();
  }
}
