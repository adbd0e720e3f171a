package dev.evsebridge.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebSectionTest {
  private final ConfigurationFolder folder;

  WebSectionTest(@TempDir Path folder) {
    this.folder = new ConfigurationFolder(folder);
  }

  @Test
  void opensNoPortByDefault() throws ConfigurationException {
    assertEquals(Optional.empty(), folder.read().web());
  }

  @Test
  void listensForThisMachineAloneWithAPortOnly() throws ConfigurationException {
    folder.properties("web.port = 8080");
    assertEquals(
        new WebSettings(
            "127.0.0.1", 8080, "evse", Optional.empty(), Set.of(), Optional.empty(), false, false),
        folder.read().web().orElseThrow());
  }

  @Test
  void readsEveryKey() throws ConfigurationException {
    folder.properties(
        "web.port = 80",
        "web.address = 0.0.0.0",
        "web.username = me",
        "web.password = secret",
        "web.host_names = Evse.example, 10.0.0.2, [fe80::1]",
        "web.ingress = 172.30.32.2",
        "web.read_only = true",
        "web.open_metrics = true");
    WebSettings web = folder.read().web().orElseThrow();
    assertEquals("0.0.0.0", web.address());
    assertEquals("me", web.username());
    assertArrayEquals(
        "secret".getBytes(StandardCharsets.UTF_8), web.password().orElseThrow().reveal());
    assertEquals(Set.of("evse.example", "10.0.0.2", "[fe80::1]"), web.hostNames());
    assertEquals(Optional.of("172.30.32.2"), web.ingress());
    assertTrue(web.readOnly());
    assertTrue(web.openMetrics());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1", "[2001:db8::1]"})
  void wantsAPasswordWhereOthersCanReachIt(String address) throws ConfigurationException {
    folder.properties("web.port = 8080", "web.address = " + address);
    assertEquals(
        "web.address = '%s' (from %s): others can reach that address, so web.password or web.password_file must be set as well"
            .formatted(address, folder.path("application.properties")),
        folder.refusal());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"})
  void needsNoPasswordForThisMachine(String address) throws ConfigurationException {
    folder.properties("web.port = 8080", "web.address = " + address);
    assertTrue(folder.read().web().isPresent());
  }

  @Test
  void readsThePasswordFromAFile() throws ConfigurationException {
    Path file = folder.file("password", "from file\n");
    folder.properties("web.port = 80", "web.address = 0.0.0.0", "web.password_file = " + file);
    assertArrayEquals(
        "from file".getBytes(StandardCharsets.UTF_8),
        folder.read().web().orElseThrow().password().orElseThrow().reveal());
  }

  @Test
  void refusesAnEmptyPasswordFile() {
    Path file = folder.file("password", "\n");
    folder.properties("web.port = 80", "web.password_file = " + file);
    assertTrue(folder.refusal().endsWith(": its file must hold a password"), folder.refusal());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "web.port = 0 | it must be a whole number, 1 to 65535",
        "web.port = 65536 | it must be a whole number, 1 to 65535",
        "web.address = nowhere.invalid | it must be an address of this machine",
        "web.username = a:b | it must hold no ':' and no control characters, and not be empty",
        "web.host_names = http://a | it must be host names without ports, with commas between them",
        "web.host_names = a:80 | it must be host names without ports, with commas between them",
        "web.ingress = true | it must be the IP address of Home Assistant's Supervisor, 172.30.32.2",
        "web.ingress = localhost | it must be the IP address of Home Assistant's Supervisor, 172.30.32.2",
        "web.ingress = 0.0.0.0 | it must be the IP address of Home Assistant's Supervisor, 172.30.32.2",
        "web.ingress = :: | it must be the IP address of Home Assistant's Supervisor, 172.30.32.2",
        "web.read_only = yes | it must be false or true",
        "web.open_metrics = 1 | it must be false or true"
      })
  void saysWhatIsAllowedEvenWithoutAPort(String line, String allowed) {
    folder.properties(line);
    assertTrue(folder.refusal().endsWith(": " + allowed), folder.refusal());
  }
}
