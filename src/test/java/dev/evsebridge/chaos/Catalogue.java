package dev.evsebridge.chaos;

import java.util.List;
import java.util.stream.Stream;

/** All faults there are. */
final class Catalogue {
  private Catalogue() {}

  static List<Fault> all() {
    return Stream.of(
            ChargerFaults.all(),
            StrangerFaults.all(),
            ClientFaults.all(),
            BrokerFaults.all(),
            RouteFaults.all(),
            ProcessFaults.all())
        .flatMap(List::stream)
        .toList();
  }

  /** Those whose names contain this text. */
  static List<Fault> named(String part) {
    List<Fault> found = all().stream().filter(fault -> fault.name().contains(part)).toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException("No fault is called " + part);
    }
    return found;
  }
}
