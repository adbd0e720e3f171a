package dev.evsebridge.state;

import dev.evsebridge.message.SerialNumber;
import dev.evsebridge.state.ChargerStates.Forgotten;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Forgets chargers that are not connected, also those that were never read: they have no state, but
 * their availability and firmware status stand retained.
 */
public final class Forgetting {

  private final ChargerStates states;
  private final Availability availability;
  private final BridgeTopics listed;
  private final String root;
  private final Consumer<String> clearer;

  /**
   * Creates it.
   *
   * @param states forgets the chargers that were read
   * @param availability knows those that were seen
   * @param listed knows those too, by their serial numbers
   * @param root the topic that everything is published below
   * @param clearer clears a retained topic
   */
  public Forgetting(
      ChargerStates states,
      Availability availability,
      BridgeTopics listed,
      String root,
      Consumer<String> clearer) {
    this.states = states;
    this.availability = availability;
    this.listed = listed;
    this.root = root;
    this.clearer = clearer;
  }

  /**
   * Forgets a charger; from any thread, waits for nothing.
   *
   * @param clientIdOrSerial its client id, or its serial number
   * @return ends soon, never with an exception
   */
  public CompletionStage<Forgotten> forget(String clientIdOrSerial) {
    return states
        .forget(clientIdOrSerial)
        .thenCompose(
            outcome ->
                outcome == Forgotten.UNKNOWN
                    ? forgetUnread(clientIdOrSerial)
                    : CompletableFuture.completedFuture(outcome));
  }

  /**
   * Clears all that is retained of a charger, whether anything is known of it here or not.
   *
   * @param serial null when nobody knows it
   */
  public void clear(String clientId, @Nullable SerialNumber serial) {
    ChargerTopics.retained(root, clientId).forEach(clearer);
    if (serial != null) {
      states.tellForgotten(serial, clientId);
    }
  }

  private CompletionStage<Forgotten> forgetUnread(String clientIdOrSerial) {
    CompletableFuture<Forgotten> outcome = new CompletableFuture<>();
    listed.find(
        clientIdOrSerial,
        new BridgeTopics.Finder() {
          @Override
          public void away(SerialNumber serial, String clientId) {
            availability.forget(
                clientId, () -> ChargerTopics.retained(root, clientId).forEach(clearer));
            states.tellForgotten(serial, clientId);
            outcome.complete(Forgotten.DONE);
          }

          @Override
          public void connected() {
            outcome.complete(Forgotten.CONNECTED);
          }

          @Override
          public void unknown() {
            outcome.complete(Forgotten.UNKNOWN);
          }
        });
    return outcome;
  }
}
