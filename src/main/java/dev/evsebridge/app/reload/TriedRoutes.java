package dev.evsebridge.app.reload;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * What a trial has found out about a set of route files that can be used.
 *
 * @param ids of the routes of each file
 * @param configuring the files that configure routes, their own and those of other files
 * @param listening the files whose routes chargers are connected to
 * @param carrying the files whose routes carry what chargers, requests or the bridge itself send
 * @param directInputs the {@code direct:} names that the routes of each file take
 */
record TriedRoutes(
    Map<Path, Set<String>> ids,
    Set<Path> configuring,
    Set<Path> listening,
    Set<Path> carrying,
    Map<Path, Set<String>> directInputs) {

  Set<String> idsOf(Path file) {
    return ids.getOrDefault(file, Set.of());
  }

  Set<String> directInputsOf(Path file) {
    return directInputs.getOrDefault(file, Set.of());
  }
}
