package dev.evsebridge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.charger.codec.Hello;
import dev.evsebridge.charger.connection.Admission;
import dev.evsebridge.charger.connection.BackPressure;
import dev.evsebridge.charger.connection.ConnectionHandler;
import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.OpenRequests;
import dev.evsebridge.charger.session.SessionFixtures;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.message.ChargerRequest;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.message.SetPointRequest.InstallFirmware;
import dev.evsebridge.message.SetResponse;
import dev.evsebridge.testkit.Patience;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirmwareInstallerTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final SerialNumber SERIAL = new SerialNumber("01".repeat(16));

  private final OpenRequests openRequests = new OpenRequests();
  private final SessionRegistry registry =
      new SessionRegistry(SessionFixtures.LIMITS, new NobodyListens(), openRequests);
  private final CountDownLatch back = new CountDownLatch(1);

  private final EmbeddedChannel charger =
      new EmbeddedChannel(
          new ConnectionHandler(
              registry,
              new Admission(SessionFixtures.LIMITS, SerialNumber::hex, Set.of()),
              new BackPressure(),
              error -> {}));

  FirmwareInstallerTest() {
    charger.writeInbound(new Hello(SERIAL, 9));
  }

  private static final class NobodyListens implements SessionListener {
    @Override
    public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
      // nobody wants to know
    }

    @Override
    public void disconnected(ChargerSession session) {
      // nobody wants to know
    }
  }

  @Test
  void doesNotLetItsRouteWaitForADriveThatDoesNotRespond() {
    CompletableFuture<@Nullable SetResponse> installed = install(hanging());

    assertFalse(installed.isDone());
    assertTrue(openRequests.anyOnItsWay(route -> true));

    back.countDown();
    Patience.until(
        "the upload has begun",
        () -> {
          charger.runPendingTasks();
          return charger.readOutbound() instanceof ChargerRequest.CollectData;
        });
    Patience.until("it waits no more", () -> !openRequests.anyOnItsWay(route -> true));
  }

  @Test
  void sendsNothingOnceItsRouteHasEnded() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    CompletableFuture<@Nullable SetResponse> installed =
        install(
            (mostBytes, file) -> {
              try {
                return hanging().read(mostBytes, file);
              } finally {
                read.countDown();
              }
            });

    openRequests.giveUp(route -> true, ErrorCode.DISCONNECTED, "stopped");

    assertEquals(ErrorCode.NO_IMAGE, failure(installed).code());
    back.countDown();
    assertTrue(read.await(LONG.toSeconds(), TimeUnit.SECONDS));
    charger.runPendingTasks();
    assertTrue(charger.outboundMessages().isEmpty());
  }

  @Test
  void refusesANamedPipeAndAFolder(@TempDir Path folder) throws Exception {
    Path pipe = folder.resolve("image.bin");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    for (Path each : new Path[] {pipe, folder}) {
      RequestFailedException refusal =
          assertTimeoutPreemptively(
              LONG,
              () ->
                  failure(
                      install(new FirmwareInstaller(Optional.of(each), registry))
                          .toCompletableFuture()));
      assertEquals(ErrorCode.NO_IMAGE, refusal.code());
      assertTrue(String.valueOf(refusal.getMessage()).contains("not a file"), refusal::toString);
    }
  }

  private FirmwareInstaller.ImageReader hanging() {
    return (mostBytes, file) -> {
      try {
        back.await();
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      }
      return new byte[100];
    };
  }

  private CompletableFuture<@Nullable SetResponse> install(FirmwareInstaller.ImageReader reader) {
    return assertTimeoutPreemptively(
        LONG,
        () ->
            install(new FirmwareInstaller(Optional.of(Path.of("image.bin")), registry, reader))
                .toCompletableFuture());
  }

  private static CompletionStage<@Nullable SetResponse> install(FirmwareInstaller installer) {
    return installer.install(
        new InstallFirmware(SERIAL.hex()), new DefaultExchange(new DefaultCamelContext()));
  }

  private static RequestFailedException failure(CompletableFuture<?> installed) {
    ExecutionException failure =
        assertThrows(
            ExecutionException.class, () -> installed.get(LONG.toSeconds(), TimeUnit.SECONDS));
    return assertInstanceOf(RequestFailedException.class, failure.getCause());
  }
}
