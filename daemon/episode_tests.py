"""What is found out about episodes: what people say, the trip verified after the day's close, and what came of it."""

from dataclasses import dataclass, field

from daemon.evidence_records import label_audit, ladder_audit, outcome_audit, verification_audit, zone_audit
from enforcement.builtin import BUILTIN_IDS
from enforcement.episodes import Label, OutcomeTest, Verification
from enforcement.ladders import Ladders
from enforcement.records import Decision, LifeState
from risk import verification_work
from risk.measuring import measures_of
from risk.outcome_rules import OutcomeWatch
from risk.state import RiskState
from risk.trip import Trip, TripCause, freeze
from risk.verification_work import VerificationRequest, VerificationResult
from sensors.catalogue import Catalogue

Line = dict[str, object]


@dataclass(slots=True)
class EpisodeTests:
    """The trips of one shard that wait for their day's close, for a result, or for the end of their horizon.

    tripped : by episode, those that were verified or are waiting; wanted: by request, what asked for it
    """

    state: RiskState
    ladders: Ladders
    catalogue: Catalogue
    tripped: set[str] = field(default_factory=set)
    unverified: list[Trip] = field(default_factory=list)
    wanted: dict[str, Trip] = field(default_factory=dict)
    watches: list[OutcomeWatch] = field(default_factory=list)

    def note(self, p: int, decision: Decision) -> None:
        """Freeze the book of an episode's first firing."""
        fires = decision.life is LifeState.FIRING and decision.limit not in BUILTIN_IDS
        if not fires or decision.episode_id in self.tripped or not isinstance(decision.effective_at, float):
            return
        self.tripped.add(decision.episode_id)
        cause = TripCause(decision.episode_id, decision.sensor, decision.metric, decision.effective_at)
        trip = freeze(self.state, p, cause, measures_of(self.state, p))
        self.unverified.append(trip)
        facts = self.catalogue.known.sensor(decision.sensor)
        if facts is not None and facts.outcome is not None:
            self.watches.append(OutcomeWatch(trip, facts.outcome.days))

    def label(self, label: Label) -> list[Line]:
        """Take in what a person said of an episode; return its record, and what followed from it at once."""
        unit = self.ladders.label(label)
        return [label_audit(label, unit), *self.told()]

    def told(self) -> list[Line]:
        """Return what the ladders have told since they were last asked, as audit records."""
        if not self.ladders.told:
            return []
        lines = [ladder_audit(each, self.ladders, self.state.now_ns) for each in self.ladders.told]
        self.ladders.told.clear()
        return lines

    def complete_row(self) -> tuple[list[VerificationRequest], list[Line]]:
        """Take in the row that has just completed, once its backtest is: what is to be verified now, and the records of
        models whose zone turned and of outcomes that are known."""
        zones = self._turn_zones()
        rows = self.state.window.rows_total
        due = [trip for trip in self.unverified if trip.row < rows]
        self.unverified = [trip for trip in self.unverified if trip.row >= rows]
        requests = [verification_work.request(self.state, trip) for trip in due]
        self.wanted |= {each.id: each.trip for each in requests}
        return requests, zones + self._outcomes(rows)

    def take(self, result: VerificationResult) -> list[Line]:
        """Take in what the reference model gave back; nothing where nobody waits for it (a result that comes twice)."""
        trip = self.wanted.pop(result.id, None)
        if trip is None:
            return []
        found, cause = verification_work.verdict(result, trip.cause.level)
        reason = {
            "confirmed": "the reference model has it over its level too",
            "unverifiable": "the reference model has no number for it",
            "false": "the cleaned prices do not put it over its level"
            if cause == "data_error"
            else "the reference model does not have it over its level",
        }[found]
        told = Verification(self.state.now_ns, found, cause, result.statistic, trip.cause.level, reason)
        episode = trip.cause.episode_id
        unit = self.ladders.find(episode)
        if unit is None:
            return []
        self.ladders.verify(episode, told)
        return [verification_audit(episode, unit, told), *self.told()]

    def _turn_zones(self) -> list[Line]:
        """Tell the ladders where the backtest of a model has entered or left the red zone."""
        lines: list[Line] = []
        for turn in self.state.lights.complete(self.state.backtest):
            scope, now_ns = self.state.scopes[turn.scope], self.state.now_ns
            self.ladders.turn_zone(scope, turn.level, is_red=turn.zone == "red", now_ns=now_ns)
            lines += [zone_audit(now_ns, scope, turn), *self.told()]
        return lines

    def _outcomes(self, rows: int) -> list[Line]:
        lines: list[Line] = []
        going: list[OutcomeWatch] = []
        for watch in self.watches:
            result = watch.note_row(self.state) if watch.trip.row < rows else None
            if result is None:
                going.append(watch)
                continue
            days = len(watch.losses)
            told = OutcomeTest(self.state.now_ns, result, days, f"{result.replace('_', ' ')} within {days} rows")
            episode = watch.trip.cause.episode_id
            unit = self.ladders.find(episode)
            if unit is not None:
                self.ladders.note_outcome(episode, told)
                lines += [outcome_audit(episode, unit, told), *self.told()]
        self.watches = going
        return lines
