package dev.evsebridge.control;

/** One of the classes that share a {@link Situation}: has its parts at hand by their own names. */
abstract class Situated {
  final Situation situation;
  final ControlSettings settings;
  final SetPoints setPoints;
  final ControlLife life;
  final StartGuard guard;
  final Protection protection;
  final PilotSignal pilotSignal;
  final Contactor contactor;
  final Vehicle vehicle;
  final WakeUp wakeUp;
  final Collects collects;
  final ForeignControl foreignControl;
  final Uptime uptime;
  final Latches latches;
  final LastWord lastWord;
  final UnreadConnections unreadConnections;
  final Obstacles obstacles;

  Situated(Situation situation) {
    this.situation = situation;
    settings = situation.settings;
    setPoints = situation.setPoints;
    life = situation.life;
    guard = situation.guard;
    protection = situation.protection;
    pilotSignal = situation.pilotSignal;
    contactor = situation.contactor;
    vehicle = situation.vehicle;
    wakeUp = situation.wakeUp;
    collects = situation.collects;
    foreignControl = situation.foreignControl;
    uptime = situation.uptime;
    latches = situation.latches;
    lastWord = situation.lastWord;
    unreadConnections = situation.unreadConnections;
    obstacles = situation.obstacles;
  }
}
