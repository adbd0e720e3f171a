package dev.evsebridge.charger.session;

/** What the bridge knows of one charger's contactor. In doubt it counts as closed. */
final class KnownContactor {

  private final String clientId;
  private final ContactorMemory memory;
  private boolean closed;

  KnownContactor(String clientId, ContactorMemory memory) {
    this.clientId = clientId;
    this.memory = memory;
    this.closed = memory.isKnownClosed(clientId);
  }

  boolean isClosed() {
    return closed;
  }

  void set(boolean isClosed) {
    if (closed != isClosed) {
      closed = isClosed;
      memory.remember(clientId, isClosed);
    }
  }
}
