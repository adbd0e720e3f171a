package dev.evsebridge.runtime;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets threads pass while it is open. Whoever closes it says for how long at most: nobody has to
 * trust that it will be opened again.
 */
public final class Gate {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int inside;
  private boolean closed;
  private long closedUntilNanos;

  /** Passes; waits while the gate is closed. To be followed by {@link #leave}. */
  public void enter() {
    boolean interrupted = false;
    lock.lock();
    try {
      long leftNanos = leftNanos();
      while (leftNanos > 0 && !interrupted) {
        try {
          leftNanos = Math.min(changed.awaitNanos(leftNanos), leftNanos());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      inside++;
    } finally {
      lock.unlock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private long leftNanos() {
    return closed ? closedUntilNanos - System.nanoTime() : 0;
  }

  /** The thread has done what it entered for. */
  public void leave() {
    lock.lock();
    try {
      inside--;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Closes the gate until {@link #open}, and for no longer than this. */
  public void close(Duration atMost) {
    lock.lock();
    try {
      closed = true;
      closedUntilNanos = System.nanoTime() + atMost.toNanos();
    } finally {
      lock.unlock();
    }
  }

  /** Opens the gate. */
  public void open() {
    lock.lock();
    try {
      closed = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until those that have entered have left.
   *
   * @return whether they have
   */
  public boolean awaitEmpty(Duration patience) {
    lock.lock();
    try {
      long leftNanos = patience.toNanos();
      while (inside > 0 && leftNanos > 0) {
        leftNanos = changed.awaitNanos(leftNanos);
      }
      return inside == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }
}
