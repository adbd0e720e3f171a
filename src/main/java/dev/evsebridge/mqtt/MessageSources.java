package dev.evsebridge.mqtt;

/** Where the messages for the broker come from, as seen by the one who must hold them back. */
public interface MessageSources {

  /** Each source may pass one more message and must then wait. */
  void pause();

  /**
   * Lets some of those that wait go on; all of them at once would only have to be held back again.
   *
   * @return whether others still wait
   */
  boolean resumeSome();
}
