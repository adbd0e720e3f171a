package dev.evsebridge.state;

import static dev.evsebridge.state.ChargerStateExamples.reading;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.message.PilotVoltage;
import dev.evsebridge.message.Reading;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadingQueueTest {
  private static final Reading BEFORE = reading(26, false, PilotVoltage.VOLT_9);

  private final ReadingQueue queue = new ReadingQueue();

  @Test
  void takesTheFirstReadingForNews() {
    assertTrue(queue.isNews(BEFORE));
  }

  @ParameterizedTest
  @CsvSource({"25, false, VOLT_9", "26, true, VOLT_9", "26, false, VOLT_6"})
  void takesAReadingThatShowsSomethingElseForNews(
      int pwmPercent, boolean closed, PilotVoltage pilot) {
    boolean unused = queue.isNews(BEFORE);

    assertTrue(queue.isNews(reading(pwmPercent, closed, pilot)));
    assertFalse(queue.isNews(reading(pwmPercent, closed, pilot)));
  }

  @Test
  void takesAReadingThatShowsTheSameForNoNews() {
    boolean unused = queue.isNews(BEFORE);

    assertFalse(queue.isNews(reading(26, false, PilotVoltage.VOLT_9, 65_000)));
  }
}
