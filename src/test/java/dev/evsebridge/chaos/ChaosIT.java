package dev.evsebridge.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.evsebridge.testkit.RequiresMosquitto;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The short run of the chaos test. A failure names seed and fault; {@code mvn -Pchaos} with {@code
 * -Dchaos.seed=} repeats it.
 */
@RequiresMosquitto
class ChaosIT {
  private static final Duration TIME = Duration.ofSeconds(35);

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void survivesWhateverHappens(long seed) {
    assertEquals(List.of(), new Chaos(seed, Catalogue.all(), progress -> {}).run(TIME));
  }
}
