package dev.evsebridge.session;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.session.Intake.Reason;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class IntakeTest {
  private final Intake intake = new Intake();
  private final EmbeddedChannel channel = new EmbeddedChannel();

  @Test
  void readsOnWhileItIsOpen() {
    intake.check(channel);

    assertTrue(reads());
  }

  @Test
  void stopsReadingFromAConnectionAfterTheMessageThatItIsBusyWith() {
    intake.shut(Reason.BACKLOG);
    assertTrue(reads());

    intake.check(channel);

    assertFalse(reads());
    intake.open(Reason.BACKLOG);
    assertTrue(reads());
  }

  @Test
  void opensOnlyWhenTheLastReasonIsGone() {
    intake.shut(Reason.BACKLOG);
    intake.shut(Reason.ROUTES_RELOADING);
    intake.check(channel);

    intake.open(Reason.BACKLOG);
    assertFalse(reads());

    intake.open(Reason.ROUTES_RELOADING);
    assertTrue(reads());
    intake.check(channel);
    assertTrue(reads());
  }

  @Test
  void letsConnectionsGoOnInGroups() {
    intake.shut(Reason.BACKLOG);
    EmbeddedChannel[] many = new EmbeddedChannel[40];
    for (int i = 0; i < many.length; i++) {
      many[i] = new EmbeddedChannel();
      intake.check(many[i]);
    }

    assertTrue(intake.openForSome(Reason.BACKLOG));
    assertTrue(many[0].config().isAutoRead());
    assertFalse(many[39].config().isAutoRead());

    assertFalse(intake.openForSome(Reason.BACKLOG));
    assertTrue(many[39].config().isAutoRead());
  }

  @Test
  void letsNobodyGoOnWhileRoutesAreReloading() {
    intake.shut(Reason.BACKLOG);
    intake.shut(Reason.ROUTES_RELOADING);
    intake.check(channel);

    assertFalse(intake.openForSome(Reason.BACKLOG));

    assertFalse(reads());
  }

  @Test
  void doesNotCountTheSameReasonTwice() {
    intake.shut(Reason.BACKLOG);
    intake.shut(Reason.BACKLOG);
    intake.check(channel);

    intake.open(Reason.BACKLOG);

    assertTrue(reads());
  }

  @Test
  void forgetsConnectionsThatHaveEnded() {
    intake.shut(Reason.BACKLOG);
    intake.check(channel);

    intake.forget(channel);
    intake.open(Reason.BACKLOG);

    assertFalse(reads());
  }

  @Test
  void waitsForNoEventLoopThatHasEnded() {
    EventLoopGroup ended = new DefaultEventLoopGroup(1);
    LocalChannel lastOfItsListener = new LocalChannel();
    ended.register(lastOfItsListener).syncUninterruptibly();
    intake.add(lastOfItsListener);
    ended.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();

    intake.shutAndWait(Reason.ROUTES_RELOADING);
    intake.check(channel);

    assertFalse(reads());
  }

  private boolean reads() {
    return channel.config().isAutoRead();
  }
}
