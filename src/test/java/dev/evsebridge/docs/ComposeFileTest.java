package dev.evsebridge.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** The Compose file is as the Compose Specification says, and names only what is there. */
class ComposeFileTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JsonNode compose = read("docker-compose.yml");

  @Test
  void followsTheSchemaOfTheComposeSpecification() throws IOException {
    assertEquals(List.of(), schema().validate(compose).stream().map(Error::toString).toList());
  }

  @Test
  void isHeldToASchemaThatFindsMistakes() throws IOException {
    JsonNode wrong =
        JSON.readTree(
            """
            {"services": {"bridge": {"image": "x", "read_only": [], "restat": "always"}}}
            """);
    assertEquals(2, schema().validate(wrong).size());
  }

  /** Its own names of itself and of its dialect are not quite as the standard has them. */
  private static Schema schema() throws IOException {
    Path file = MarkdownFile.PROJECT.resolve("src/test/resources/compose-spec/compose-spec.json");
    ObjectNode schema = JSON.readValue(file.toFile(), ObjectNode.class);
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7)
        .getSchema(schema.without(List.of("$schema", "$id")));
  }

  @Test
  void namesOnlyServicesAndVolumesThatItHas() {
    Set<String> services = names(compose.path("services"));
    Set<String> volumes = names(compose.path("volumes"));
    assertFalse(services.isEmpty());
    Set<String> mounted = new TreeSet<>();
    for (JsonNode service : compose.path("services")) {
      service
          .path("depends_on")
          .forEach(other -> assertTrue(services.contains(other.asText()), other::toString));
      for (String source : mountSources(service)) {
        if (!source.startsWith(".")) {
          mounted.add(source);
        }
      }
    }
    assertEquals(volumes, mounted);
  }

  @Test
  void mountsOnlyFilesThatAreThere() {
    List<String> missing = new ArrayList<>();
    for (JsonNode service : compose.path("services")) {
      for (String source : mountSources(service)) {
        if (source.startsWith(".") && !Files.exists(MarkdownFile.PROJECT.resolve(source))) {
          missing.add(source);
        }
      }
    }
    assertEquals(List.of(), missing);
  }

  private static List<String> mountSources(JsonNode service) {
    List<String> sources = new ArrayList<>();
    service.path("volumes").forEach(mount -> sources.add(mount.asText().split(":", 2)[0]));
    return sources;
  }

  private static Set<String> names(JsonNode mapping) {
    Set<String> names = new TreeSet<>();
    mapping.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static JsonNode read(String name) {
    try {
      LoadSettings settings = LoadSettings.builder().setSchema(new CoreSchema()).build();
      return JSON.valueToTree(
          new Load(settings).loadFromString(Files.readString(MarkdownFile.PROJECT.resolve(name))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
