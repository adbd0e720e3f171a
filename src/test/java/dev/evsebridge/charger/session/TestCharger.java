package dev.evsebridge.charger.session;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ConnectionHandler;
import dev.evsebridge.message.ChargerMessage;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.testkit.KnownMessages;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The far end of one connection; its time stands still until it is told to pass. */
public final class TestCharger {
  public static final SerialNumber SERIAL = new SerialNumber(KnownMessages.SERIAL);
  public static final String ID = SERIAL.hex();

  private static final Admission ADMITS_ALL = admission(Set.of());

  private static final Duration STEP = Duration.ofSeconds(1);

  public final EmbeddedChannel channel;
  public final List<ErrorMessage> errors = new ArrayList<>();
  private boolean elsewhere;

  public TestCharger(SessionRegistry registry) {
    this(registry, ADMITS_ALL, new BackPressure());
  }

  public TestCharger(
      SessionRegistry registry,
      Admission admission,
      BackPressure backPressure,
      ChannelHandler... before) {
    channel =
        new EmbeddedChannel(false, false) {
          @Override
          public EventLoop eventLoop() {
            EventLoop loop = super.eventLoop();
            return elsewhere ? seenFromElsewhere(loop) : loop;
          }
        };
    channel.freezeTime();
    channel.pipeline().addLast(before);
    channel
        .pipeline()
        .addLast(new ConnectionHandler(registry, admission, backPressure, errors::add));
    try {
      channel.register();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  public static Admission admission(Set<SerialNumber> allowedSerials) {
    return new Admission(SessionFixtures.LIMITS, SerialNumber::hex, allowedSerials);
  }

  /** Connects and says hello; what is published of that is taken away. */
  public static TestCharger connected(SessionRegistry registry) {
    TestCharger charger = new TestCharger(registry);
    charger.says(new Hello(SERIAL, 9));
    charger.published();
    return charger;
  }

  /** Says several things that arrive in one piece. */
  public void says(Object... messages) {
    channel.writeInbound(messages);
  }

  /**
   * Does something as if on another thread than the connection's, which is busy meanwhile: what is
   * handed to it runs when it is free again.
   */
  public void elsewhere(Runnable action) {
    elsewhere = true;
    try {
      action.run();
    } finally {
      elsewhere = false;
    }
  }

  private static EventLoop seenFromElsewhere(EventLoop loop) {
    return (EventLoop)
        Proxy.newProxyInstance(
            EventLoop.class.getClassLoader(),
            new Class<?>[] {EventLoop.class},
            (proxy, method, arguments) ->
                method.getName().equals("inEventLoop") ? false : method.invoke(loop, arguments));
  }

  /** What has reached the charger since the last look. */
  public List<ChargerRequest> received() {
    channel.runPendingTasks();
    List<ChargerRequest> requests = new ArrayList<>();
    for (ChargerRequest next = channel.readOutbound();
        next != null;
        next = channel.readOutbound()) {
      requests.add(next);
    }
    return requests;
  }

  /** What has gone on to the route since the last look. */
  public List<ChargerMessage> published() {
    List<ChargerMessage> messages = new ArrayList<>();
    for (ChargerMessage next = channel.readInbound(); next != null; next = channel.readInbound()) {
      messages.add(next);
    }
    return messages;
  }

  public boolean isConnected() {
    return channel.isActive();
  }

  /** In steps, so that what is due on the way is not late. */
  public void timePasses(Duration duration) {
    for (Duration left = duration; !left.isZero(); left = left.minus(step(left))) {
      channel.advanceTimeBy(step(left).toNanos(), TimeUnit.NANOSECONDS);
      channel.runScheduledPendingTasks();
      channel.runPendingTasks();
    }
  }

  private static Duration step(Duration left) {
    return left.compareTo(STEP) < 0 ? left : STEP;
  }
}
