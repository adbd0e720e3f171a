package dev.evsebridge.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.evsebridge.docs.MarkdownFile;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The state diagrams of docs/safety.md show what the code does. An arrow at a group of states
 * stands for one from each of them.
 */
class StateDiagramTest {
  private static final Pattern GROUP = Pattern.compile("state \"[^\"]+\" as (\\w+) \\{");
  private static final Pattern ARROW = Pattern.compile("(\\w+) --> (\\w+) : (.+)");
  private static final Pattern STATE = Pattern.compile("[A-Z]+");

  /** Each group with its states, those of groups inside it as well. */
  private final Map<String, Set<String>> groups = new TreeMap<>();

  private final List<String> arrows = new ArrayList<>();

  StateDiagramTest() {
    List<MarkdownFile.Block> diagrams =
        MarkdownFile.of("docs/safety.md").blocks("mermaid").stream()
            .filter(block -> block.text().startsWith("stateDiagram-v2"))
            .toList();
    for (MarkdownFile.Block diagram : diagrams) {
      read(diagram.text().lines().skip(1).map(String::strip).toList());
    }
  }

  @Test
  void showEveryTransitionOfTheCodeOnceAndNoOther() {
    List<String> inCode =
        Stream.of(ControlState.values())
            .flatMap(from -> from.next().stream().map(to -> from + " --> " + to))
            .sorted()
            .toList();

    assertEquals(
        String.join("\n", inCode), arrows.stream().sorted().collect(Collectors.joining("\n")));
  }

  @Test
  void groupStatesByTheirContactor() {
    Set<String> open =
        Stream.of(ControlState.values())
            .filter(ControlState::open)
            .map(ControlState::name)
            .collect(Collectors.toCollection(TreeSet::new));

    assertEquals(open, groups.get("Open"));
  }

  private void read(List<String> lines) {
    Deque<String> inside = new ArrayDeque<>();
    for (String line : lines) {
      Matcher group = GROUP.matcher(line);
      Matcher arrow = ARROW.matcher(line);
      if (group.matches()) {
        inside.push(group.group(1));
        groups.put(group.group(1), new TreeSet<>());
      } else if (line.equals("}")) {
        inside.pop();
      } else if (arrow.matches()) {
        for (String from : statesOf(arrow.group(1))) {
          arrows.add(from + " --> " + arrow.group(2));
        }
      } else if (STATE.matcher(line).matches()) {
        inside.forEach(each -> groups.getOrDefault(each, Set.of()).add(line));
      } else {
        assertTrue(line.equals("[*] --> OFFLINE") || line.startsWith("direction "), line);
      }
    }
  }

  private Set<String> statesOf(String name) {
    return groups.getOrDefault(name, Set.of(name));
  }
}
