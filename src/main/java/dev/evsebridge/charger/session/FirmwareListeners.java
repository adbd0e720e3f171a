package dev.evsebridge.charger.session;

import dev.evsebridge.message.ErrorCode;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Tells several how firmware uploads go. */
final class FirmwareListeners implements FirmwareListener {

  private final List<FirmwareListener> listeners = new CopyOnWriteArrayList<>();

  void add(FirmwareListener listener) {
    listeners.add(listener);
  }

  @Override
  public void checking(ChargerSession session, int imageBytes) {
    listeners.forEach(each -> each.checking(session, imageBytes));
  }

  @Override
  public void uploading(ChargerSession session, long takenBytes, long totalBytes) {
    listeners.forEach(each -> each.uploading(session, takenBytes, totalBytes));
  }

  @Override
  public void restarting(ChargerSession session) {
    listeners.forEach(each -> each.restarting(session));
  }

  @Override
  public void done(ChargerSession session) {
    listeners.forEach(each -> each.done(session));
  }

  @Override
  public void refused(String clientId, ErrorCode code, String detail) {
    listeners.forEach(each -> each.refused(clientId, code, detail));
  }

  @Override
  public void failed(ChargerSession session, ErrorCode code, String detail) {
    listeners.forEach(each -> each.failed(session, code, detail));
  }
}
