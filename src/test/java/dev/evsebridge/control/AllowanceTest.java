package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AllowanceTest {
  private static final ControlSettings SETTINGS =
      ControlSettings.builder(320).fallbackDeciamps(60).build();

  private static Allowance limited(int limit, @Nullable Integer cable) {
    return Allowance.of(SETTINGS, limit, cable, false, null, false);
  }

  @ParameterizedTest
  @CsvSource({
    "60, 10", "100, 16", "130, 21", "132, 22", "160, 26", "200, 33", "250, 41", "320, 53",
    "510, 85", "549, 85", "550, 86", "630, 89", "800, 96", "59, 100", "0, 100"
  })
  void offersAsMuchAsIsAllowedAndNeverMore(int deciamps, int percent) {
    assertEquals(percent, DutyCycle.percentFor(deciamps));
  }

  @Property
  void neverOffersMoreThanAsked(@ForAll @IntRange(max = 800) int deciamps) {
    int offered = DutyCycle.deciampsOffered(DutyCycle.percentFor(deciamps));
    assertTrue(offered <= deciamps);
    assertTrue(deciamps < 60 || deciamps - offered < 40);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "5, 0", "9, 0", "10, 60", "85, 510", "86, 550", "96, 800", "97, 0", "100, 0"})
  void knowsWhatADutyCycleOffers(int percent, int deciamps) {
    assertEquals(deciamps, DutyCycle.deciampsOffered(percent));
  }

  @Test
  void takesTheSmallestLimit() {
    assertEquals(LimitedBy.LIMIT, limited(100, 130).limitedBy());
    assertEquals(LimitedBy.CABLE, limited(160, 130).limitedBy());
    assertEquals(130, limited(160, 130).deciamps());
    assertEquals(LimitedBy.MAX_AMPS, limited(800, null).limitedBy());
    assertEquals(
        LimitedBy.FALLBACK, Allowance.of(SETTINGS, 160, 130, true, null, false).limitedBy());
    assertEquals(
        LimitedBy.OVERCURRENT, Allowance.of(SETTINGS, 160, 130, false, 120, false).limitedBy());
    assertEquals(
        LimitedBy.SIMPLIFIED, Allowance.of(SETTINGS, 160, 130, false, null, true).limitedBy());
  }

  @Test
  void namesTheFirstLimitAtATie() {
    assertEquals(LimitedBy.CABLE, limited(320, 320).limitedBy());
    assertEquals(LimitedBy.MAX_AMPS, limited(320, null).limitedBy());
    assertEquals(LimitedBy.FALLBACK, Allowance.of(SETTINGS, 60, 130, true, 60, false).limitedBy());
    assertEquals(
        LimitedBy.OVERCURRENT, Allowance.of(SETTINGS, 100, 130, false, 100, true).limitedBy());
    assertEquals(
        LimitedBy.SIMPLIFIED, Allowance.of(SETTINGS, 100, 130, false, null, true).limitedBy());
  }

  @Test
  void allowsNothingBelowTheMinimumRatherThanRaisingTheLimit() {
    ControlSettings zoe = ControlSettings.builder(320).minDeciamps(80).build();

    assertEquals(0, Allowance.of(zoe, 70, null, false, null, false).deciamps());
    assertEquals(80, Allowance.of(zoe, 80, null, false, null, false).deciamps());
  }

  @Test
  void tellsWhatProtectsApartFromWhatIsSet() {
    Allowance allowance = limited(60, 200);

    assertEquals(60, allowance.deciamps());
    assertEquals(200, allowance.protectiveDeciamps());
    assertEquals(200, allowance.maxDeciamps());
  }
}
