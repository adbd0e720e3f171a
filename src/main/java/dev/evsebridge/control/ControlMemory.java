package dev.evsebridge.control;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a controller must not forget over a restart of the bridge. Instants are told as ages, since
 * the controller knows no wall clock: the writer turns them into wall time and back.
 *
 * @param enabled the last set-point; null when none was ever taken
 * @param limitDeciamps the last set-point; null when none was ever taken
 * @param latches errors that outlive a restart
 * @param openingAge how long ago the contactor opened; null when never
 * @param openingByLimitAge how long ago it opened since a limit ended a charge; null when it did
 *     not or that no longer matters
 * @param startAges how long ago the starts of the last hour were, oldest first
 * @param switchings how often the contactor has switched
 * @param openingsUnderLoad how often it was opened while the car was still drawing
 */
public record ControlMemory(
    @Nullable Boolean enabled,
    @Nullable Integer limitDeciamps,
    Set<LatchedError> latches,
    @Nullable Duration openingAge,
    @Nullable Duration openingByLimitAge,
    List<Duration> startAges,
    long switchings,
    long openingsUnderLoad) {

  /** Nothing is remembered. */
  public static final ControlMemory NONE =
      new ControlMemory(null, null, Set.of(), null, null, List.of(), 0, 0);

  /** What lies in the future (the wall clock was set back) counts as now. */
  public ControlMemory {
    latches = Set.copyOf(latches);
    openingAge = notNegative(openingAge);
    openingByLimitAge = notNegative(openingByLimitAge);
    startAges =
        startAges.stream()
            .map(age -> age.isNegative() ? Duration.ZERO : age)
            .sorted(Comparator.reverseOrder())
            .toList();
  }

  private static @Nullable Duration notNegative(@Nullable Duration age) {
    return age != null && age.isNegative() ? Duration.ZERO : age;
  }
}
