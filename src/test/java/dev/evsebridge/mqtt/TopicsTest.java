package dev.evsebridge.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicsTest {

  @ParameterizedTest
  @CsvSource({
    "to, to, true",
    "to, to/a, false",
    "to/a, to, false",
    "to/+, to/a, true",
    "to/+, to/, true",
    "to/+, to, false",
    "to/+, to/a/b, false",
    "to/#, to, true",
    "to/#, to/a/b, true",
    "#, to/a, true",
    "+/+, to/a, true",
    "+, /to, false",
    "+/+, /to, true",
    "to/+/set/#, to/10BA23AB50534D53302E3120FF162332/set, true",
    "to/+/set/#, to/10BA23AB50534D53302E3120FF162332/set/limit_amps, true",
    "to/+/set/#, to/a/set, true",
    "to/+/set/#, to/a/sett, false",
    "to/+/set/#, to/a, false",
    "to/+/alive, to/a/alive, true",
    "to/+/alive, to/a/b/alive, false",
    "#, $SYS/a, false",
    "+/a, $SYS/a, false",
    "$SYS/#, $SYS/a, true",
    "$share/group/to/+, to/a, true",
    "$share/group/to/+, to/a/b, false"
  })
  void matchesAsTheStandardSays(String topicFilter, String topic, boolean matches) {
    assertEquals(matches, Topics.matches(topicFilter, topic));
  }
}
