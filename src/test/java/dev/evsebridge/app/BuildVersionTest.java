package dev.evsebridge.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Properties;
import org.junit.jupiter.api.Test;

class BuildVersionTest {

  @Test
  void namesTheCommitAndItsTime() {
    assertEquals(
        "commit 46f469cc55ca of 2026-11-27T11:33:27Z",
        BuildVersion.commit(built("46f469cc55ca", "2026-11-27T11:33:27Z", "false")));
  }

  @Test
  void saysThatTheSourcesWereChangedSinceTheCommit() {
    assertEquals(
        "commit 46f469cc55ca of 2026-11-27T11:33:27Z, with changes",
        BuildVersion.commit(built("46f469cc55ca", "2026-11-27T11:33:27Z", "true")));
  }

  @Test
  void namesACommitThatTheBuildWasTold() {
    Properties told = new Properties();
    told.setProperty("changed", "true");
    told.setProperty("told", "46f469cc55ca");
    assertEquals("commit 46f469cc55ca", BuildVersion.commit(told));
  }

  @Test
  void knowsNoCommitWhereTheBuildKnewNone() {
    Properties placeholders = new Properties();
    placeholders.setProperty("changed", "true");
    placeholders.setProperty("told", "${build.commit}");
    assertEquals("commit unknown", BuildVersion.commit(placeholders));
    assertEquals("commit unknown", BuildVersion.commit(new Properties()));
  }

  private static Properties built(String commit, String time, String changed) {
    Properties built = new Properties();
    built.setProperty("commit", commit);
    built.setProperty("time", time);
    built.setProperty("changed", changed);
    built.setProperty("told", "${build.commit}");
    return built;
  }
}
