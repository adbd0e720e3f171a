package dev.evsebridge.runtime;

import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;

/**
 * What is said of files that can't be written, as on a disk that is full: once that it is so, and
 * once that it is over. It is tried again and again meanwhile, which must not fill the log. Used by
 * one thread.
 */
public final class WriteTrouble {

  private final Logger log;
  private final String consequence;
  private boolean lasting;

  /**
   * Creates it, with nothing to say.
   *
   * @param consequence what comes of it, in one sentence
   */
  public WriteTrouble(Logger log, String consequence) {
    this.log = log;
    this.consequence = consequence;
  }

  /** A file could not be written. */
  public void failed(Path file, IOException failure) {
    if (lasting) {
      log.debug("Still can't write {}: {}", file, failure.toString());
    } else {
      lasting = true;
      log.error("Can't write {} (bridge.state_dir): {}. {}", file, failure.toString(), consequence);
    }
  }

  /** It has been written. */
  public void worked(Path file) {
    if (lasting) {
      lasting = false;
      log.info("{} can be written again", file);
    }
  }
}
