package dev.evsebridge.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The firmware image that {@code set/firmware} installs.
 *
 * @param image its file; it is read anew for each charger
 * @param version what chargers with it report in their hello; empty when nobody has said so
 */
public record FirmwareKeys(Optional<Path> image, Optional<String> version) {}
