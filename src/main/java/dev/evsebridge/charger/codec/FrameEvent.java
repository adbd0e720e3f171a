package dev.evsebridge.charger.codec;

/** Fired through the pipeline when a read ends within a frame, and when that frame is whole. */
public enum FrameEvent {
  BEGUN,
  WHOLE
}
