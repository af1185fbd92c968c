"""`riskd stress` without its tables: a recording played to one moment, and the stress tools on every book there."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from config.crises import Crisis, load_crises
from config.setup import Setup
from daemon.core import Core
from daemon.replay_source import ReplaySource, open_source
from daemon.summary import event_ts
from feeds.configured import Configured
from feeds.record import Input
from risk.crisis_history import CrisisWindow, crisis_windows, known_crises
from risk.scaled_shocks import scaled_shocks
from risk.state import RiskState
from risk.stress_book import StressBook, stress_book
from risk.stress_result import StressResult
from risk.stress_work import StressRequest, compute

_NEVER = 2**62
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StressError(ValueError):
    """What was asked for is not in the recording; the message names what is."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The last input (`n`) or the last core time (`ts`, ns) that counts; both unset is the end of the recording."""

    n: int = _NEVER
    ts: int = _NEVER

    def is_after(self, item: Input) -> bool:
        """Say whether the input comes after the moment."""
        if self.n < _NEVER:
            return item.record.n > self.n
        ts = event_ts(item)
        return ts is not None and ts > self.ts


@dataclass(frozen=True, slots=True)
class StressPlan:
    """What to stress: `portfolios` and `crises` empty are all; a crisis that is named may lie after the moment."""

    recording: Path
    config: Path | None = None
    moment: Moment = Moment()
    portfolios: tuple[str, ...] = ()
    crises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StressedScope:
    """One scope's book and its figures."""

    scope: str
    book: StressBook
    result: StressResult


@dataclass(frozen=True, slots=True)
class StressedMoment:
    """Every scope that was asked for, at core time `ts_ns` after input `n`; later: crises that had not ended by then.

    unknown : crises of the library that the recording has no history of
    """

    n: int
    ts_ns: int
    scopes: tuple[StressedScope, ...]
    crises: tuple[Crisis, ...]
    later: tuple[str, ...]
    unknown: tuple[str, ...]


def parse_moment(text: str) -> Moment:
    """Return the moment that `--at` names: an n, an ISO time (UTC where it has no zone), or a date, to its end.

    >>> parse_moment("1200").n, parse_moment("1970-01-01").ts, parse_moment("1970-01-01T00:00:01Z").ts
    (1200, 86399999999999, 1000000000)

    Raises ValueError for anything else.
    """
    if text.isascii() and text.isdigit():
        return Moment(n=int(text))
    is_date = len(text) == len("2008-09-15")
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        known = "an n, a date such as 2008-09-15 or a time such as 2008-09-15T20:00"
        raise ValueError(f"moment must be {known}, got {text!r}") from None
    when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    microseconds = (when - _EPOCH + (_DAY if is_date else timedelta())) // timedelta(microseconds=1)
    return Moment(ts=microseconds * 1_000 - (1 if is_date else 0))


class StressRun:
    """Plays the recording to the moment and stresses what the core holds there; decisions are left out."""

    def __init__(self, plan: StressPlan) -> None:
        self._plan = plan
        self.source: ReplaySource = open_source(plan.recording, plan.config)
        setup = _without_decisions(self.source.setup)
        known = {crisis.name for crisis in setup.crises}
        for name in plan.crises:
            if name not in known:
                raise StressError(f"crisis must be one of {', '.join(sorted(known))}, got {name!r}")
        self.core = Core(
            setup, shard=self.source.shard, compute_slow_work=False, model_version=self.source.model_version
        )
        self._books: dict[str, StressBook] | None = None
        self._n = self._ts_ns = 0

    def steps(self) -> Iterator[None]:
        """Play on, a few thousand inputs at a time, until everything is known that was asked for."""
        for taken in self.source.inputs():
            inputs = [item for item in taken if not isinstance(item.event, Configured)]  # they decide, and no more
            start = 0
            if self._books is None:
                start = next((at for at, item in enumerate(inputs) if self._plan.moment.is_after(item)), len(inputs))
                self.core.step(inputs[:start])
                if start < len(inputs):
                    self._capture()
            if self._books is not None:
                if self._has_history():
                    return
                self.core.step(inputs[start:])
            yield

    def result(self) -> StressedMoment:
        """Return the figures of the moment; raises StressError where a scope or a named crisis is not there."""
        if self._books is None:
            self._capture()
        assert self._books is not None, "the moment was captured"
        state, plan = self.core.state, self._plan
        if not self._books:
            raise StressError(f"no portfolio is there yet at that moment, after input {self._n:,}")
        for scope in plan.portfolios:
            if scope not in self._books:
                raise StressError(f"portfolio must be one of {', '.join(self._books)}, got {scope!r}")
        windows, unknown = self._windows()
        if missing := [name for name in plan.crises if name in unknown]:
            raise StressError(f"the recording has no whole history of the crisis {missing[0]}")
        wanted = plan.portfolios or tuple(self._books)
        scopes = tuple(
            StressedScope(scope, book, _result(state, book, self._ts_ns))
            for scope in wanted
            for book in (replace(self._books[scope], windows=windows),)
        )
        crises = tuple(window.crisis for window in windows)
        after = datetime.fromtimestamp(self._ts_ns / 1e9, tz=UTC).date().isoformat()
        later = tuple(crisis.name for crisis in state.crisis_rows.crises if crisis.end > after)
        return StressedMoment(self._n, self._ts_ns, scopes, crises, later, tuple(unknown))

    def _windows(self) -> tuple[tuple[CrisisWindow, ...], list[str]]:
        """Return the windows to replay, and the names of the crises without one."""
        state, plan = self.core.state, self._plan
        assert self._books is not None, "the moment was captured"
        known = crisis_windows(state) if plan.crises else next((b.windows for b in self._books.values()), ())
        windows = tuple(window for window in known if not plan.crises or window.crisis.name in plan.crises)
        found = {window.crisis.name for window in known}
        return windows, [crisis.name for crisis in state.crisis_rows.crises if crisis.name not in found]

    def _has_history(self) -> bool:
        """Say whether every named crisis is over: what is not named is replayed as far as the moment knows it."""
        known = {crisis.name for crisis in known_crises(self.core.state)}
        return known.issuperset(self._plan.crises)

    def _capture(self) -> None:
        state = self.core.state
        shocks, windows = scaled_shocks(state), crisis_windows(state)
        self._n, self._ts_ns = self.core.n, state.now_ns
        self._books = {
            path: stress_book(state, p, shocks, windows)
            for p, path in enumerate(state.scopes)
            if not self.core.is_elsewhere(p)
        }


def _result(state: RiskState, book: StressBook, ts_ns: int) -> StressResult:
    request = StressRequest("", "", -1, ts_ns, book, state.config.stress, state.config.student_t_nu)
    return compute(request)


def _without_decisions(setup: Setup) -> Setup:
    """Return the setup with what a look at one moment does not need left out: limits, the night's stress.

    A journal of a release without crises is replayed through the shipped ones.
    """
    config = setup.config
    update = {
        "enforcement": config.enforcement.model_copy(update={"limits": ()}),
        "stress": config.stress.model_copy(update={"nightly": False}),
    }
    return replace(setup, config=config.model_copy(update=update), crises=setup.crises or load_crises(None))


def gross_of(book: StressBook) -> float:
    """Return the gross exposure of the book, base currency."""
    return math.fsum(np.abs(book.exposure).tolist())
