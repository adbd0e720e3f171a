package dev.evsebridge.request;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionRegistry;
import dev.evsebridge.message.ChargerRequest.UploadFirmware;
import dev.evsebridge.message.ErrorCode;
import dev.evsebridge.message.FirmwareImage;
import dev.evsebridge.message.RequestFailedException;
import dev.evsebridge.message.SetPointRequest.InstallFirmware;
import dev.evsebridge.message.SetResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;

/** Uploads the configured firmware image, read anew each time, to a charger. */
public final class FirmwareInstaller {

  private final Optional<Path> file;
  private final SessionRegistry registry;

  /**
   * Creates the bean.
   *
   * @param file the image, where one is configured
   * @param registry finds the charger
   */
  public FirmwareInstaller(Optional<Path> file, SessionRegistry registry) {
    this.file = file;
    this.registry = registry;
  }

  /**
   * Uploads the image; no thread waits for that.
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
    FirmwareImage image =
        read(file.orElseThrow(() -> noImage("No firmware image is configured (firmware.image).")));
    String clientId = session.clientId();
    return registry
        .send(new UploadFirmware(clientId, image), exchange)
        .thenApply(restarted -> new SetResponse(clientId));
  }

  private static FirmwareImage read(Path file) {
    try {
      long bytes = Files.size(file);
      if (bytes < 1 || bytes > FirmwareImage.MAX_LENGTH_BYTES) {
        throw noImage(
            "The file of firmware.image must have 1 to %d bytes, but it has %d now."
                .formatted(FirmwareImage.MAX_LENGTH_BYTES, bytes));
      }
      return FirmwareImage.of(Files.readAllBytes(file));
    } catch (IOException | IllegalArgumentException e) {
      throw noImage("The file of firmware.image can't be read now.");
    }
  }

  private static RequestFailedException noImage(String detail) {
    return new RequestFailedException(ErrorCode.NO_IMAGE, detail);
  }
}
