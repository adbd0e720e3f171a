package dev.evsebridge.runtime;

import java.util.concurrent.ArrayBlockingQueue;

/**
 * A queue whose reader lets elements gather for a moment before it looks again: as long as some
 * come, those who add them need not wake it, which costs them more than all the rest.
 */
final class GatheringQueue<E> extends ArrayBlockingQueue<E> {

  private static final long serialVersionUID = 1L;

  /** Short enough for a full queue of a busy moment, and longer than waking a thread takes. */
  private static final long GATHERING_MILLIS = 5;

  GatheringQueue(int capacity) {
    super(capacity);
  }

  @Override
  public E take() throws InterruptedException {
    E next = poll();
    if (next == null) {
      Thread.sleep(GATHERING_MILLIS);
      // Waits to be woken only if nothing has come meanwhile.
      next = super.take();
    }
    return next;
  }
}
