package dev.evsebridge.charger.session;

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** Says what to ask instead, when no charger of a client_id is connected. */
final class NotConnected {

  private static final String SENTENCE = "No charger of this client_id is connected";

  /** Nobody finds a slip among more names than these, and each miss costs a look at all of them. */
  private static final int MOST_COMPARED = 1_000;

  private static final int MOST_NAMED = 5;
  private static final int LONGEST_NAME = 64;

  private NotConnected() {}

  /** One plain sentence or two. */
  static String detail(String clientId, Collection<ChargerSession> connected) {
    if (connected.isEmpty()) {
      return SENTENCE + ".";
    }
    if (connected.size() <= MOST_COMPARED) {
      for (ChargerSession session : connected) {
        if (session.clientId().equalsIgnoreCase(clientId)
            || session.serialNumber().hex().equalsIgnoreCase(clientId)) {
          return "%s; there is '%s': upper and lower case matter."
              .formatted(SENTENCE, named(session));
        }
      }
    }
    List<String> names =
        connected.stream().limit(MOST_COMPARED).map(NotConnected::named).sorted().toList();
    String shown = names.stream().limit(MOST_NAMED).collect(Collectors.joining("', '", "'", "'"));
    int more = connected.size() - Math.min(names.size(), MOST_NAMED);
    return "%s. Connected now: %s%s."
        .formatted(SENTENCE, shown, more > 0 ? " and " + more + " more" : "");
  }

  private static String named(ChargerSession session) {
    String name = session.clientId();
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "…";
  }
}
