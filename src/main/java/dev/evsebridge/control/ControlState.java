package dev.evsebridge.control;

import java.util.EnumSet;
import java.util.Set;

/**
 * The states of a controlled charger, and which may follow which. Every state may end in OFFLINE.
 * Where several steps are taken at once (IDLE, WAITING, OFFERED when a car is plugged in) each of
 * them is a transition of its own.
 */
public enum ControlState {
  /** No session. */
  OFFLINE,
  /** A session, but no reading yet: nothing is touched, unless none has come for 300 s. */
  UNKNOWN,
  /** No car: no offer, contactor open. */
  IDLE,
  /** A car that may not start: no offer, contactor open. */
  WAITING,
  /** Current is offered, contactor open. */
  OFFERED,
  /** The car was seen asking once. */
  CONFIRM,
  /** Close was sent. */
  CLOSING,
  /** Contactor closed, the car may draw. */
  CHARGING,
  /** The end was ordered: no offer, contactor still closed. */
  STOPPING,
  /** Open was sent. */
  OPENING,
  /** A sleeping car is being woken, contactor open. */
  WAKING,
  /** Pilot fault. */
  FAULT,
  /** An error is latched. */
  LOCKED,
  /** The charger takes in firmware. */
  FIRMWARE;

  /** The states that may follow. */
  public Set<ControlState> next() {
    return switch (this) {
      case OFFLINE -> EnumSet.of(UNKNOWN);
      case UNKNOWN -> EnumSet.of(OFFLINE, WAITING, OFFERED, CHARGING, STOPPING, OPENING);
      case IDLE -> EnumSet.of(OFFLINE, WAITING, OPENING, FAULT, LOCKED, FIRMWARE);
      case WAITING -> EnumSet.of(OFFLINE, IDLE, OFFERED, OPENING, FAULT, LOCKED, FIRMWARE);
      case OFFERED ->
          EnumSet.of(OFFLINE, IDLE, WAITING, CONFIRM, WAKING, OPENING, FAULT, LOCKED, FIRMWARE);
      case CONFIRM -> EnumSet.of(OFFLINE, IDLE, OFFERED, CLOSING, OPENING, FAULT, LOCKED, FIRMWARE);
      case CLOSING -> EnumSet.of(OFFLINE, CHARGING, STOPPING, OPENING, LOCKED);
      case CHARGING -> EnumSet.of(OFFLINE, WAITING, STOPPING, OPENING);
      case STOPPING -> EnumSet.of(OFFLINE, WAITING, OPENING);
      case OPENING -> EnumSet.of(OFFLINE, WAITING, LOCKED);
      case WAKING -> EnumSet.of(OFFLINE, IDLE, WAITING, OFFERED, OPENING, FAULT, LOCKED, FIRMWARE);
      case FAULT -> EnumSet.of(OFFLINE, IDLE, WAITING, OPENING, LOCKED, FIRMWARE);
      case LOCKED -> EnumSet.of(OFFLINE, WAITING, OPENING, FIRMWARE);
      case FIRMWARE -> EnumSet.of(OFFLINE, UNKNOWN);
    };
  }

  /** States in which the contactor is meant to be open and is believed to be. */
  boolean open() {
    return switch (this) {
      case IDLE, WAITING, OFFERED, CONFIRM, WAKING, FAULT, LOCKED -> true;
      case OFFLINE, UNKNOWN, CLOSING, CHARGING, STOPPING, OPENING, FIRMWARE -> false;
    };
  }

  /** States in which current is offered. */
  boolean offers() {
    return switch (this) {
      case OFFERED, CONFIRM, CLOSING, CHARGING -> true;
      case OFFLINE, UNKNOWN, IDLE, WAITING, STOPPING, OPENING, WAKING, FAULT, LOCKED, FIRMWARE ->
          false;
    };
  }
}
