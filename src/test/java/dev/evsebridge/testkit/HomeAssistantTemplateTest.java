package dev.evsebridge.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is expected was rendered by Jinja 3.1. */
class HomeAssistantTemplateTest {
  private static final String STATE =
      "{'on':true,'off':false,'none':null,'amps':7.5,'zero':0,'empty':[],'some':['a'],'name':'x'}"
          .replace('\'', '"');

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "value_json.on                                            | True",
        "value_json.none                                          | None",
        "value_json.amps                                          | 7.5",
        "value_json.zero                                          | 0",
        "value_json.name                                          | x",
        "value_json.none or 'charging'                            | charging",
        "value_json.name or 'charging'                            | x",
        "'ON' if value_json.off else 'OFF'                        | OFF",
        "'ON' if not value_json.off else 'OFF'                    | ON",
        "'ON' if value_json.empty else 'OFF'                      | OFF",
        "'ON' if value_json.some else 'OFF'                       | ON",
        "'ON' if value_json.zero or value_json.name == 'x' else 1 | ON",
        "'ON' if value_json.name != 'x' or value_json.off else 1  | 1",
        "1 if 6 <= value_json.amps <= 16 else None                | 1",
        "1 if 6 <= value_json.amps <= 7 else None                 | None",
        "1 if 8 <= value_json.amps <= 16 else None                | None",
        "1 if value_json.none is not none and 6 <= value_json.none else None | None",
        "1 if value_json.none is none else 2                      | 1",
        "(1 if value_json.on else 2) if value_json.on else 3      | 1",
      })
  void rendersAsHomeAssistantDoes(String expression, String expected)
      throws JsonProcessingException {
    assertEquals(expected, HomeAssistantTemplate.render("{{ " + expression + " }}", state()));
  }

  @Test
  void rendersEmptyTextAndJson() throws JsonProcessingException {
    assertEquals("", HomeAssistantTemplate.render("{{ value_json.none or '' }}", state()));
    assertEquals(
        "{\"a\":null,\"b\":true}",
        HomeAssistantTemplate.render(
            "{{ {'a': value_json.none, 'b': value_json.on} | to_json }}", state()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ value_json.missing }}",
        "{{ 'ON' if value_json.missing else 'OFF' }}",
        "{{ value_json.none < 6 }}",
        "{{ 1 if value_json.on and value_json.none < 6 else 2 }}",
        "{{ value_jsn.on }}",
        "{{ value_json.on",
        "{{ value_json.on }} and {{ value_json.off }}",
        "{{ value_json.amps | flaot }}",
        "{{ 1 if value_json.on }}",
        "{{ value_json.on value_json.off }}",
        "{% if value_json.on %}1{% endif %}",
      })
  void refusesWhatIsWrongOrNotUnderstood(String template) throws JsonProcessingException {
    JsonNode state = state();
    assertThrows(
        IllegalArgumentException.class, () -> HomeAssistantTemplate.render(template, state));
  }

  @Test
  void takesTextForText() throws JsonProcessingException {
    assertEquals(
        "or", HomeAssistantTemplate.render("{{ 'or' if 'or' == 'or' else 'if' }}", state()));
  }

  private static JsonNode state() throws JsonProcessingException {
    return new ObjectMapper().readTree(STATE);
  }
}
