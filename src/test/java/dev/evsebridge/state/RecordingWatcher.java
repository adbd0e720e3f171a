package dev.evsebridge.state;

import java.util.ArrayList;
import java.util.List;

/** Keeps what a watcher is told, as one line each. */
final class RecordingWatcher implements StateWatcher {
  private final List<String> told = new ArrayList<>();

  @Override
  public void changed(ChargerState state) {
    told.add("state of " + state.clientId());
  }

  @Override
  public void logged(String clientId, LogLine line) {
    told.add("log of " + clientId + ": " + line.text());
  }

  @Override
  public void firmware(String clientId, FirmwareStatus status) {
    told.add("firmware of " + clientId + ": " + status.state());
  }

  @Override
  public void forgotten(String clientId) {
    told.add("end of " + clientId);
  }

  /** Since it was asked last. */
  List<String> told() {
    List<String> copy = List.copyOf(told);
    told.clear();
    return copy;
  }
}
