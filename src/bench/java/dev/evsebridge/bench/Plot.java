package dev.evsebridge.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/** A line plot as SVG: the number of chargers across (logarithmic), a figure from zero upwards. */
final class Plot {
  private static final String[] COLOURS = {
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#17becf"
  };
  private static final int WIDTH = 520;
  private static final int HEIGHT = 320;
  private static final int LEFT = 60;
  private static final int RIGHT = 510;
  private static final int TOP = 10;
  private static final int BOTTOM = 250;
  private static final int LEGEND_COLUMNS = 2;

  private final Map<String, SortedMap<Integer, Double>> lines = new LinkedHashMap<>();

  void add(String name, SortedMap<Integer, Double> points) {
    if (!points.isEmpty()) {
      lines.put(name, points);
    }
  }

  String svg() {
    double largestCount = 10;
    double largest = 0;
    for (SortedMap<Integer, Double> points : lines.values()) {
      largestCount = Math.max(largestCount, points.lastKey());
      for (double value : points.values()) {
        largest = Math.max(largest, value);
      }
    }
    double top = roundUp(largest);
    int decades = (int) Math.ceil(Math.log10(largestCount));
    StringBuilder svg = new StringBuilder();
    append(
        svg,
        "<svg viewBox='0 0 %d %d' width='%d' height='%d' role='img'>%n",
        WIDTH,
        HEIGHT,
        WIDTH,
        HEIGHT);
    for (int step = 0; step <= 5; step++) {
      double value = top * step / 5;
      double y = y(value, top);
      append(svg, "<line x1='%d' y1='%.1f' x2='%d' y2='%.1f' stroke='#ddd'/>", LEFT, y, RIGHT, y);
      append(
          svg,
          "<text x='%d' y='%.1f' text-anchor='end'>%s</text>%n",
          LEFT - 6,
          y + 4,
          label(value));
    }
    for (int decade = 0; decade <= decades; decade++) {
      double x = x(Math.pow(10, decade), decades);
      append(
          svg,
          "<text x='%.1f' y='%d' text-anchor='middle'>%,.0f</text>%n",
          x,
          BOTTOM + 16,
          Math.pow(10, decade));
    }
    append(
        svg,
        "<text x='%d' y='%d' text-anchor='middle'>chargers</text>%n",
        (LEFT + RIGHT) / 2,
        BOTTOM + 30);
    int number = 0;
    for (Map.Entry<String, SortedMap<Integer, Double>> line : lines.entrySet()) {
      String colour = COLOURS[number % COLOURS.length];
      StringBuilder path = new StringBuilder();
      line.getValue()
          .forEach((count, value) -> append(path, "%.1f,%.1f ", x(count, decades), y(value, top)));
      append(svg, "<polyline points='%s' fill='none' stroke='%s' stroke-width='2'/>", path, colour);
      line.getValue()
          .forEach(
              (count, value) ->
                  append(
                      svg,
                      "<circle cx='%.1f' cy='%.1f' r='3' fill='%s'><title>%d: %s</title></circle>",
                      x(count, decades),
                      y(value, top),
                      colour,
                      count,
                      label(value)));
      int legendX = LEFT + number % LEGEND_COLUMNS * (RIGHT - LEFT) / LEGEND_COLUMNS;
      int legendY = BOTTOM + 46 + number / LEGEND_COLUMNS * 15;
      append(
          svg,
          "<rect x='%d' y='%d' width='10' height='10' fill='%s'/>",
          legendX,
          legendY - 9,
          colour);
      append(svg, "<text x='%d' y='%d'>%s</text>%n", legendX + 15, legendY, line.getKey());
      number++;
    }
    return svg.append("</svg>").toString();
  }

  private static double x(double count, int decades) {
    return LEFT + Math.log10(count) / decades * (RIGHT - LEFT);
  }

  private static double y(double value, double top) {
    return BOTTOM - value / top * (BOTTOM - TOP);
  }

  /** The next 1, 2 or 5 with as many zeros as it takes. */
  private static double roundUp(double value) {
    if (value <= 0) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    for (int factor : new int[] {1, 2, 5}) {
      if (value <= factor * power) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  private static String label(double value) {
    return String.format(Locale.ROOT, value >= 100 || value == 0 ? "%,.0f" : "%.2g", value);
  }

  private static void append(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values));
  }
}
