package dev.evsebridge.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A page of the documentation: its headings, tables, links and blocks of code. */
public final class MarkdownFile {

  /** The project's folder. */
  public static final Path PROJECT = Path.of(System.getProperty("basedir", ""));

  private static final Pattern HEADING = Pattern.compile("#+ (.+)");
  private static final Pattern FENCE = Pattern.compile("\\s*```(\\w*)");
  private static final Pattern LINK =
      Pattern.compile("\\[[^\\[\\]]*(?:\\[[^\\]]*\\])?[^\\]]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  private final Path path;
  private final List<Line> lines = new ArrayList<>();
  private final List<Block> blocks = new ArrayList<>();

  /**
   * A line of text, outside blocks of code.
   *
   * @param number from 1
   * @param section the heading that it stands under
   */
  public record Line(int number, String section, String text) {}

  /**
   * A block of code.
   *
   * @param language as it stands behind the fence
   * @param introduction the text since the block before, or since the heading
   */
  public record Block(String language, String introduction, String text) {}

  /**
   * A row of a table.
   *
   * @param line its number
   * @param cells without spaces around them
   */
  public record Row(int line, List<String> cells) {
    /** The pieces of code in a cell. */
    public List<String> code(int cell) {
      return MarkdownFile.code(cells.get(cell));
    }
  }

  private MarkdownFile(Path path) {
    this.path = path;
    read();
  }

  /** Reads a page by its name in the project. */
  public static MarkdownFile of(String name) {
    return new MarkdownFile(PROJECT.resolve(name));
  }

  /** All pages. */
  public static List<MarkdownFile> all() {
    try (Stream<Path> top = Files.list(PROJECT);
        Stream<Path> docs = Files.list(PROJECT.resolve("docs"))) {
      return Stream.concat(top, docs)
          .filter(file -> file.toString().endsWith(".md"))
          .sorted()
          .map(MarkdownFile::new)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read() {
    String section = "";
    String language = null;
    StringBuilder block = new StringBuilder();
    StringBuilder introduction = new StringBuilder();
    int number = 0;
    for (String text : text().lines().toList()) {
      number++;
      Matcher fence = FENCE.matcher(text);
      Matcher heading = HEADING.matcher(text);
      if (language != null && fence.matches()) {
        blocks.add(new Block(language, introduction.toString(), block.toString()));
        introduction.setLength(0);
        language = null;
      } else if (language != null) {
        block.append(text).append('\n');
      } else if (fence.matches()) {
        language = fence.group(1);
        block.setLength(0);
      } else {
        if (heading.matches()) {
          section = heading.group(1);
          introduction.setLength(0);
        }
        introduction.append(text).append('\n');
        lines.add(new Line(number, section, text));
      }
    }
  }

  private String text() {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its place. */
  public Path path() {
    return path;
  }

  /** The lines outside blocks of code. */
  public List<Line> lines() {
    return lines;
  }

  /** The blocks of code in a language. */
  public List<Block> blocks(String language) {
    return blocks.stream().filter(block -> block.language().equals(language)).toList();
  }

  /** The headings, as they stand there. */
  public List<String> headings() {
    return lines.stream()
        .filter(line -> HEADING.matcher(line.text()).matches())
        .map(Line::section)
        .toList();
  }

  /** What links may name behind a {@code #}. */
  public Set<String> anchors() {
    Set<String> anchors = new HashSet<>();
    for (String heading : headings()) {
      anchors.add(
          heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'));
    }
    return anchors;
  }

  /** The targets of links, each with its line. */
  public List<Line> links() {
    List<Line> links = new ArrayList<>();
    // A link may be broken over two lines.
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      String next = i + 1 < lines.size() ? lines.get(i + 1).text() : "";
      Matcher matcher = LINK.matcher(withoutCode(line.text() + " " + next));
      while (matcher.find()) {
        if (matcher.start() < withoutCode(line.text()).length()) {
          links.add(new Line(line.number(), line.section(), matcher.group(1)));
        }
      }
    }
    return links;
  }

  private static String withoutCode(String text) {
    return CODE.matcher(text).replaceAll("code");
  }

  /** The rows, without their heads, of the tables in a section. */
  public List<Row> rows(String section) {
    List<Row> rows = new ArrayList<>();
    List<Line> inSection = lines.stream().filter(line -> line.section().equals(section)).toList();
    if (inSection.isEmpty()) {
      throw new AssertionError(path + " has no section " + section);
    }
    boolean inBody = false;
    for (Line line : inSection) {
      if (line.text().matches("\\|[-:| ]+\\|")) {
        inBody = true;
      } else if (!line.text().startsWith("|")) {
        inBody = false;
      } else if (inBody) {
        rows.add(new Row(line.number(), cells(line.text())));
      }
    }
    return rows;
  }

  private static List<String> cells(String row) {
    String inner = row.strip().replaceAll("^\\||\\|$", "");
    return Stream.of(inner.split("(?<!\\\\)\\|", -1)).map(String::strip).toList();
  }

  /** The pieces of code in the text. */
  public static List<String> code(String text) {
    return CODE.matcher(text).results().map(result -> result.group(1)).toList();
  }

  @Override
  public String toString() {
    return PROJECT
        .toAbsolutePath()
        .normalize()
        .relativize(path.toAbsolutePath().normalize())
        .toString();
  }
}
