package dev.evsebridge.charger.codec;

import java.util.concurrent.atomic.AtomicLong;

/** How much memory the frames that are not whole yet may take, of all connections together. */
public final class CumulationBudget {

  private static final int SHARE_OF_HEAP = 8;

  private final long mostBytes;
  private final AtomicLong bytes = new AtomicLong();

  /** Creates a budget of that many bytes. */
  public CumulationBudget(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** Creates a budget of an eighth of the heap; Netty may take as much as the heap beside it. */
  public static CumulationBudget ofHeap() {
    return new CumulationBudget(Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
  }

  /**
   * Takes bytes, or gives them back.
   *
   * @param moreBytes negative for fewer
   * @return false when there are more than allowed now
   */
  boolean change(int moreBytes) {
    return bytes.addAndGet(moreBytes) <= mostBytes || moreBytes <= 0;
  }
}
