package dev.evsebridge.mqtt;

/** Where the messages for the broker come from, as seen by the one who must pause them. */
public interface MessageSources {

  /** The broker begins to fall behind: those that say most must wait, the others go on. */
  void holdBackTheLoudest();

  /** Each source may pass one more message and must then wait. */
  void pause();

  /**
   * Resumes some of those that are paused; all at once would only have to be paused again.
   *
   * @return whether others are still paused
   */
  boolean resumeSome();
}
