package dev.evsebridge.request;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SetPointRequest.InstallFirmware;
import dev.evsebridge.message.SetResponse;
import dev.evsebridge.runtime.PatientRead;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/**
 * Uploads the configured firmware image, read anew each time, to a charger. The file may lie on a
 * drive that does not respond: a thread of its own waits for it.
 */
public final class FirmwareInstaller {

  /** Installations that wait for the file; it is read within 5 s, or refused at once. */
  private static final int MOST_WAITING = 1_000;

  private static final Duration THREAD_KEPT = Duration.ofSeconds(2);

  /** Reads the image. */
  interface ImageReader {

    /** Returns what a file of at most so many bytes holds. */
    byte[] read(int mostBytes, Path file) throws IOException;
  }

  private final Optional<Path> file;
  private final SessionRegistry registry;
  private final ImageReader reader;
  private final Executor executor = newExecutor();

  /**
   * Creates the bean.
   *
   * @param file the image, where one is configured
   * @param registry finds the charger
   */
  public FirmwareInstaller(Optional<Path> file, SessionRegistry registry) {
    this(file, registry, PatientRead::upTo);
  }

  FirmwareInstaller(Optional<Path> file, SessionRegistry registry, ImageReader reader) {
    this.file = file;
    this.registry = registry;
    this.reader = reader;
  }

  private static Executor newExecutor() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            THREAD_KEPT.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(MOST_WAITING),
            task -> {
              Thread thread = new Thread(task, "firmware-image");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /**
   * Uploads the image; no thread of the routes waits for that.
   *
   * @return ends with the response when the charger has restarted with it, or with a {@link
   *     RequestFailedException}
   */
  public CompletionStage<@Nullable SetResponse> install(
      InstallFirmware request, Exchange exchange) {
    ChargerSession session = registry.find(request.clientId());
    if (session == null) {
      throw registry.absence(request.clientId());
    }
    Path path =
        file.orElseThrow(() -> noImage("No firmware image is configured (firmware.image)."));
    String clientId = session.clientId();
    return read(path, exchange)
        .thenCompose(image -> registry.send(new UploadFirmware(clientId, image), exchange))
        .thenApply(restarted -> new SetResponse(clientId));
  }

  private CompletionStage<FirmwareImage> read(Path path, Exchange exchange) {
    CompletableFuture<FirmwareImage> image = new CompletableFuture<>();
    Runnable waitsNoMore =
        registry.await(
            exchange,
            () ->
                image.completeExceptionally(
                    noImage("The file of firmware.image had not been read when its route ended.")));
    var unused = image.whenComplete((read, failure) -> waitsNoMore.run());
    try {
      executor.execute(
          () -> {
            try {
              image.complete(read(path));
            } catch (RuntimeException e) {
              image.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      image.completeExceptionally(noImage("Too many others wait for the file of firmware.image."));
    }
    return image;
  }

  private FirmwareImage read(Path path) {
    try {
      byte[] image = reader.read(FirmwareImage.MAX_LENGTH_BYTES, path);
      if (image.length == 0) {
        throw noImage("The file of firmware.image is empty now.");
      }
      return FirmwareImage.of(image);
    } catch (PatientRead.NotReadException e) {
      throw noImage("The file of firmware.image can't be read now: %s.".formatted(e.getMessage()));
    } catch (IOException e) {
      throw noImage("The file of firmware.image can't be read now.");
    }
  }

  private static RequestFailedException noImage(String detail) {
    return new RequestFailedException(ErrorCode.NO_IMAGE, detail);
  }
}
