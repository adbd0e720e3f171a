package dev.evsebridge.control;

import java.time.Duration;

/**
 * When to ask for a reading. A collect blinds the charger for 0.6 s, so asking more often makes it
 * react later: with the contactor closed 2 s lie between two, but for those after a notification.
 */
final class Collects {
  private static final Duration CLOSED_SPACING = Duration.ofSeconds(2);

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

  private final Duration poll;
  private final Duration lostAfter;
  private final Mark sent = new Mark();
  private final Mark failed = new Mark();
  private final Mark sentWhileClosed = new Mark();
  private boolean outstanding;
  private boolean asked;
  private boolean urgentlyAsked;

  Collects(ControlSettings settings) {
    poll = settings.poll();
    lostAfter = settings.requestTimeout().plusSeconds(1);
  }

  void forget() {
    sent.clear();
    failed.clear();
    sentWhileClosed.clear();
    outstanding = false;
    asked = false;
    urgentlyAsked = false;
  }

  /**
   * A reading is wanted as soon as the spacing allows. One that is still to come will do: the
   * charger answers in order and tells nothing while it measures, so that reading is taken after
   * whatever has just been heard from it.
   */
  void ask() {
    asked |= !outstanding;
  }

  /** A reading is wanted at once: something has changed. */
  void askAtOnce() {
    urgentlyAsked |= !outstanding;
  }

  void answered() {
    outstanding = false;
  }

  /** A collect could not be carried out; asking again at once would only fail again. */
  void failed(long nowNanos) {
    outstanding = false;
    failed.set(nowNanos);
  }

  /**
   * Whether to send a collect now, which is noted as sent then.
   *
   * @param maybeClosed whether the contactor is not known to be open
   * @param often whether a reading every 2 s is wanted
   */
  boolean due(boolean maybeClosed, boolean often, Moment moment) {
    if ((outstanding && !moment.over(sent, lostAfter)) || moment.within(failed, AFTER_FAILURE)) {
      return false;
    }
    boolean due =
        urgentlyAsked || !sent.isSet() || moment.over(sent, often ? CLOSED_SPACING : poll);
    if (!due && asked) {
      due = !maybeClosed || !moment.within(sentWhileClosed, CLOSED_SPACING);
    }
    if (due) {
      outstanding = true;
      asked = false;
      urgentlyAsked = false;
      sent.set(moment.nowNanos());
      if (maybeClosed) {
        sentWhileClosed.set(moment.nowNanos());
      } else {
        sentWhileClosed.clear();
      }
    }
    return due;
  }
}
