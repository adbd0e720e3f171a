package dev.evsebridge.control;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the external control wants, or what holds until it says so. */
final class SetPoints {
  /** So long a charge that is found running may go on before anybody has said a word. */
  private static final Duration PROVISIONAL = Duration.ofSeconds(60);

  private final ControlSettings settings;
  private @Nullable Boolean enabled;
  private @Nullable Integer limitDeciamps;
  private final Mark adopted = new Mark();
  private int adoptedDeciamps;
  private boolean provisional;

  SetPoints(ControlSettings settings) {
    this.settings = settings;
  }

  void restore(ControlMemory memory) {
    enabled = memory.enabled();
    limitDeciamps = memory.limitDeciamps();
  }

  /** Takes what is given; returns whether that is anything new. */
  boolean take(@Nullable Boolean newEnabled, @Nullable Integer newLimitDeciamps) {
    boolean changes =
        (newEnabled != null && !newEnabled.equals(enabled))
            || (newLimitDeciamps != null && !newLimitDeciamps.equals(limitDeciamps));
    enabled = newEnabled == null ? enabled : newEnabled;
    limitDeciamps = newLimitDeciamps == null ? limitDeciamps : newLimitDeciamps;
    return changes;
  }

  /** Nothing was ever set or remembered. */
  boolean unset() {
    return enabled == null && limitDeciamps == null;
  }

  /** Lets a running charge go on at what it has, for a minute: then the initial values decide. */
  void adopt(int deciamps, long nowNanos) {
    if (!adopted.isSet()) {
      adopted.set(nowNanos);
      adoptedDeciamps = deciamps;
    }
  }

  void advance(Moment moment) {
    provisional = moment.within(adopted, PROVISIONAL);
  }

  boolean enabled() {
    return enabled != null ? enabled : provisional || settings.initialEnabled();
  }

  int limitDeciamps() {
    if (limitDeciamps != null) {
      return limitDeciamps;
    }
    return provisional ? adoptedDeciamps : settings.initialLimitDeciamps();
  }

  @Nullable Boolean rememberedEnabled() {
    return enabled;
  }

  @Nullable Integer rememberedLimitDeciamps() {
    return limitDeciamps;
  }
}
