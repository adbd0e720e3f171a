package dev.evsebridge.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginTest {

  @ParameterizedTest
  @CsvSource({
    "http://a.example, a.example, true, true",
    "http://a.example, A.EXAMPLE:80, true, true",
    "http://A.example:8080, a.example:8080, true, true",
    "http://[::1]:8080, [::1]:8080, true, true",
    "https://a.example, a.example, true, true",
    "https://a.example, a.example:443, true, true",
    "https://a.example, a.example:80, false, true",
    "http://a.example:8080, a.example, false, true",
    "http://a.example:8080, a.example:8081, false, true",
    "http://a.example, b.example, false, false",
    "http://a.example, a.example.b.example, false, false",
    "http://a.example, a.example@b.example, false, false",
    "http://a.example, not a host, false, false"
  })
  void tellsTheAddressAndTheHost(String origin, String authority, boolean same, boolean sameHost) {
    Origin parsed = Origin.of(origin);
    assertNotNull(parsed);
    assertEquals(same, parsed.isOf(authority));
    assertEquals(sameHost, parsed.isOnHostOf(authority));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "",
        "a.example",
        "//a.example",
        "file://a.example",
        "ftp://a.example",
        "http://a.example/",
        "http://a.example/x",
        "http://a.example?x",
        "http://a.example#x",
        "http://b.example@a.example",
        "http://a.example:80 http://b.example"
      })
  void takesNothingElseForOne(String header) {
    assertNull(Origin.of(header));
  }

  @Test
  void isNoneWhereNoneIsSaid() {
    assertNull(Origin.of(null));
    Origin origin = Origin.of("http://a.example");
    assertNotNull(origin);
    assertEquals(false, origin.isOf(null));
    assertEquals(false, origin.isOnHostOf(null));
  }
}
