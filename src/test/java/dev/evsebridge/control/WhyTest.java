package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.docs.MarkdownFile;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WhyTest {
  @ParameterizedTest
  @EnumSource(Why.class)
  void isACodeAndASentence(Why why) {
    assertTrue(why.code().matches("[a-z_]+"), why.code());
    String sentence = why.sentence(60);
    assertTrue(sentence.endsWith(".") && !sentence.contains("%"), sentence);
  }

  @Test
  void namesTheMinimum() {
    assertEquals(
        "The current limit is below the minimum of 6.5 A.", Why.LIMIT_BELOW_MINIMUM.sentence(65));
  }

  @Test
  void standsWithItsSentenceInTheDocumentation() {
    List<String> documented =
        MarkdownFile.of("docs/safety.md").rows("Why it is not charging").stream()
            .map(row -> row.code(0).get(0) + " " + row.cells().get(1))
            .toList();

    assertEquals(
        Stream.of(Why.values())
            .filter(why -> why != Why.NOT_OFFERED && why != Why.CONTACTOR_OPEN)
            .map(why -> why.code() + " " + why.sentence(60))
            .toList(),
        documented);
  }

  @ParameterizedTest
  @EnumSource(LatchedError.class)
  void hasAReasonForEachError(LatchedError error) {
    assertEquals(error.code(), error.why().code());
    assertEquals(Optional.of(error), LatchedError.ofCode(error.code()));
  }

  @ParameterizedTest
  @EnumSource(ControlState.class)
  void letsEveryStateEndOffline(ControlState state) {
    assertEquals(state != ControlState.OFFLINE, state.next().contains(ControlState.OFFLINE));
    assertFalse(state.next().contains(state));
  }
}
