package dev.evsebridge.web;

import dev.evsebridge.charger.session.ChargerSession;
import dev.evsebridge.charger.session.SessionListener;
import dev.evsebridge.charger.session.SessionObserver;
import dev.evsebridge.message.ErrorMessage;
import dev.evsebridge.message.Reading;
import dev.evsebridge.state.ChargerState;
import dev.evsebridge.state.FirmwareStatus;
import dev.evsebridge.state.LogLine;
import dev.evsebridge.state.StateWatcher;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is shown of all chargers: those that are connected, and those that are known. */
final class ChargerBook implements SessionListener, SessionObserver, StateWatcher {

  private final ConcurrentMap<String, ChargerPage> pages = new ConcurrentSkipListMap<>();
  private final Consumer<String> changed;
  private final Consumer<String> forgotten;
  private final Function<String, @Nullable String> elsewhere;

  /**
   * Creates an empty book.
   *
   * @param changed takes the client id of a charger of which something is new; must not block
   * @param forgotten takes the client id of a charger that is not shown any more; must not block
   * @param elsewhere gives the other bridge that has a charger now, or null
   */
  ChargerBook(
      Consumer<String> changed,
      Consumer<String> forgotten,
      Function<String, @Nullable String> elsewhere) {
    this.changed = changed;
    this.forgotten = forgotten;
    this.elsewhere = elsewhere;
  }

  /** By client id. */
  Collection<ChargerPage> pages() {
    return pages.values();
  }

  @Nullable ChargerPage find(String clientIdOrSerial) {
    ChargerPage page = pages.get(clientIdOrSerial);
    return page == null ? findSerial(clientIdOrSerial) : page;
  }

  private @Nullable ChargerPage findSerial(String serial) {
    for (ChargerPage page : pages.values()) {
      ChargerState state = page.state();
      if (state != null && state.serial().equals(serial)) {
        return page;
      }
    }
    return null;
  }

  /** Looks which chargers are at other bridges: nobody tells when they leave those. */
  void locate() {
    for (ChargerPage page : pages.values()) {
      if (page.isAt(elsewhere.apply(page.clientId()))) {
        changed.accept(page.clientId());
      }
    }
  }

  private ChargerPage page(ChargerSession session) {
    return page(session.clientId());
  }

  private ChargerPage page(String clientId) {
    return pages.computeIfAbsent(clientId, ChargerPage::new);
  }

  @Override
  public void connected(ChargerSession session, @Nullable ChargerSession replaced) {
    session.observe(this);
    page(session).connected();
    changed.accept(session.clientId());
  }

  @Override
  public void disconnected(ChargerSession session) {
    // Told twice, as both kinds of listener, and also of what a newer connection has replaced.
  }

  @Override
  public void reading(ChargerSession session, Reading reading) {
    page(session).read(reading, Instant.now());
    changed.accept(session.clientId());
  }

  @Override
  public void changed(ChargerState state) {
    ChargerPage page = page(state.clientId());
    ChargerState before = page.state();
    if (before != null && before.connected() && !state.connected()) {
      page.disconnected(Instant.now());
    }
    boolean unused = page.isAt(elsewhere.apply(state.clientId()));
    page.changed(state);
    changed.accept(state.clientId());
  }

  @Override
  public void logged(String clientId, LogLine line) {
    ChargerPage page = pages.get(clientId);
    if (page != null) {
      page.logged(line);
      changed.accept(clientId);
    }
  }

  @Override
  public void firmware(String clientId, FirmwareStatus status) {
    ChargerPage page = pages.get(clientId);
    if (page != null) {
      page.firmware(status);
      changed.accept(clientId);
    }
  }

  @Override
  public void forgotten(String clientId) {
    pages.remove(clientId);
    forgotten.accept(clientId);
  }

  /** An error has been published. */
  void failed(ErrorMessage error) {
    ChargerPage page = error.clientId() == null ? null : find(error.clientId());
    if (page != null) {
      page.failed(error, Instant.now());
      changed.accept(page.clientId());
    }
  }
}
