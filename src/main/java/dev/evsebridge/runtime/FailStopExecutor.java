package dev.evsebridge.runtime;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that the bridge can't do without. An executor of the JDK keeps what a task throws to
 * itself, and never runs a failed periodic task again: the bridge would go on without it, and might
 * hold on to chargers that nobody controls. Here the process ends, so that chargers are let go and
 * a supervisor can start it anew.
 */
public final class FailStopExecutor extends ScheduledThreadPoolExecutor {

  private static final Logger LOG = LoggerFactory.getLogger(FailStopExecutor.class);

  private static final int FAULT = 1;
  private static final long PULSE_MILLIS = 1_000;

  private final Consumer<Throwable> onFault;
  private final Pulse pulse;

  /**
   * Creates the executor of one daemon thread.
   *
   * @param name of the thread
   */
  public FailStopExecutor(String name) {
    this(name, fault -> endProcess(name, fault));
  }

  FailStopExecutor(String name, Consumer<Throwable> onFault) {
    super(1, new DefaultThreadFactory(name, true));
    this.onFault = onFault;
    this.pulse = Pulse.steady(name);
    setRemoveOnCancelPolicy(true);
  }

  /** Beats each second from now on, and with each task, while the thread is at work. */
  public Pulse pulse() {
    var unused =
        scheduleAtFixedRate(pulse::beat, PULSE_MILLIS, PULSE_MILLIS, TimeUnit.MILLISECONDS);
    return pulse;
  }

  /** A task that takes long goes on; to be called between its steps. */
  public void stillAtWork() {
    pulse.beat();
  }

  /** Runs a task; one that comes after the end is not needed any more, and is left out. */
  public void executeUnlessStopped(Runnable task) {
    try {
      execute(task);
    } catch (RejectedExecutionException e) {
      // Stopped: what the task was for has been done, or is over.
    }
  }

  /**
   * Runs a task and waits for its end, but no longer than that; after the end it is left out. The
   * thread that calls keeps its interruption.
   */
  public void executeAndWait(Runnable task, Duration patience) {
    CountDownLatch done = new CountDownLatch(1);
    try {
      execute(
          () -> {
            task.run();
            done.countDown();
          });
      boolean unused = done.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // Stopped, as in executeUnlessStopped.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Takes no more tasks and waits for those that it has, but no longer than that; what was to be
   * done later is left out. The thread that calls keeps its interruption.
   *
   * @return whether all of them have ended
   */
  public boolean finish(Duration patience) {
    setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    shutdown();
    try {
      return awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  protected void afterExecute(Runnable task, @Nullable Throwable thrown) {
    super.afterExecute(task, thrown);
    pulse.beat();
    Throwable fault;
    try {
      fault = thrown == null ? faultOf(task) : thrown;
    } catch (OutOfMemoryError e) {
      fault = e;
    }
    // What is interrupted or refused because everything is ending is no fault.
    if (fault != null && !isShutdown()) {
      onFault.accept(fault);
    }
  }

  private static @Nullable Throwable faultOf(Runnable task) {
    if (task instanceof Future<?> future && future.isDone() && !future.isCancelled()) {
      try {
        future.get();
      } catch (ExecutionException e) {
        return e.getCause();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return null;
  }

  private static void endProcess(String name, Throwable fault) {
    if (fault instanceof VirtualMachineError) {
      // An orderly end needs memory, which may have run out.
      Runtime.getRuntime().halt(FAULT);
    }
    // On a thread of its own: whoever closes the bridge may wait for this one.
    new Thread(() -> System.exit(FAULT), "fail-stop").start();
    LOG.error("Fatal error in {}; shutting down", name, fault);
  }
}
