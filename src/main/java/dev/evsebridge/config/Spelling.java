package dev.evsebridge.config;

/** How much two words differ. */
final class Spelling {

  private Spelling() {}

  /**
   * The number of letters that must be put in, left out, replaced, or swapped with their neighbour
   * to make one word of the other (optimal string alignment).
   */
  static int distance(String a, String b) {
    int[][] steps = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          steps[i][j] = i + j;
          continue;
        }
        int replaced = steps[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int least = Math.min(replaced, 1 + Math.min(steps[i - 1][j], steps[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          least = Math.min(least, 1 + steps[i - 2][j - 2]);
        }
        steps[i][j] = least;
      }
    }
    return steps[a.length()][b.length()];
  }
}
