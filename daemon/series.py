"""What a report needs of a run, row by row: taken from the core's state when a row completes or a level fires."""

import datetime
import math
from typing import cast

import numpy as np

from config.schema import Limit
from daemon.number_records import is_blind, metric_records
from daemon.series_lines import (
    BookLine,
    HeadLine,
    LevelTerms,
    LevelUse,
    LimitTerms,
    NamesLine,
    RowLine,
    ScenarioTerms,
    ScopeLine,
    SeriesLine,
)
from daemon.trust_report import held_trust
from enforcement.enforcer import Enforcer
from enforcement.records import Decision, LifeState, Number, number
from risk.components import parametric_components
from risk.measures import METRIC_INDEX, METRICS, Status
from risk.measuring import measures_of
from risk.parametric import normal_multipliers
from risk.state import RiskState
from risk.trust import scope_trust
from sensors.catalogue import Catalogue

_MULTIPLIER_99 = normal_multipliers().value_at_risk[2]
_UP = (LifeState.FIRING, LifeState.LATCHED)


class Series:
    """Makes the lines of `series.jsonl`; it changes nothing of what it looks at."""

    def __init__(self, state: RiskState, enforcer: Enforcer, catalogue: Catalogue, *, shard: int) -> None:
        self._state = state
        self._enforcer = enforcer
        self._catalogue = catalogue
        self._shard = shard
        self._named = -1  # instruments in the last line of names; -1: no line yet

    def row(self) -> list[SeriesLine]:
        """Return the lines of the row that has just completed, one for every scope; call it when all is measured."""
        state, count = self._state, len(self._state.terms)
        window = state.window
        slot = (window.rows_total - 1) % state.arrays.returns.shape[1]
        line = RowLine(
            ts=state.now_ns,
            date=datetime.date.fromordinal(window.row_dates[-1]).isoformat(),
            returns=tuple(state.arrays.returns[:count, slot].tolist()),
            trust=held_trust(state)[0],
        )
        return [*self._names(), line, *(self._scope(p) for p in range(len(state.scopes)))]

    def book(self, p: int, decision: Decision) -> list[SeriesLine]:
        """Return the book on which a level has just fired; nothing for any other decision."""
        before, _, _ = decision.transition.partition(">")
        if decision.life not in _UP or before in _UP:
            return []
        state, count = self._state, len(self._state.terms)
        arrays, levels = state.arrays, state.window.level
        moves = ((mark / level - 1.0) for mark, level in zip(arrays.mark[:count].tolist(), levels, strict=True))
        line = BookLine(
            d=decision.d,
            ts=decision.ts_decided,
            scope=state.scopes[p],
            quantity=tuple(arrays.quantity[p, :count].tolist()),
            unit=tuple(arrays.unit[:count].tolist()),
            since=tuple(move if math.isfinite(move) else 0.0 for move in moves),
        )
        return [*self._names(), line]

    def _names(self) -> list[SeriesLine]:
        """Return the head before anything else, and the names where they have become more."""
        terms = self._state.terms
        lines: list[SeriesLine] = [self._head()] if self._named < 0 else []
        if len(terms) != self._named:
            self._named = len(terms)
            lines.append(NamesLine(tuple(each.name for each in terms)))
        return lines

    def _head(self) -> HeadLine:
        state, config = self._state, self._state.config
        return HeadLine(
            base_currency=config.base_currency,
            mode=config.enforcement.mode,
            config_hash=self._enforcer.config_hash,
            model_version=self._enforcer.model_version,
            shard=self._shard,
            limits=tuple(self._terms(limit) for limit in config.enforcement.limits),
            scenarios=tuple(
                ScenarioTerms(scenario.id, scenario.name, float(state.arrays.scenario_limit[k]))
                for k, scenario in enumerate(state.scenarios)
            ),
            metrics=METRICS,
        )  # fmt: skip

    def _terms(self, limit: Limit) -> LimitTerms:
        facts = self._catalogue.known.sensor(limit.sensor)
        metrics = () if facts is None else facts.metrics
        metric = next((each for each in metrics if each.name == limit.metric), None)
        return LimitTerms(
            id=limit.id,
            scope=limit.scope,
            sensor=limit.sensor,
            metric=limit.metric,
            title=limit.metric if metric is None else metric.title,
            unit="count" if metric is None else metric.unit,
            is_watched=self._catalogue.named(limit.sensor) is not None,
            hard=limit.hard,
            mode=limit.mode or "",
            levels=tuple(LevelTerms(level.name, level.at, level.clear_at, level.action) for level in limit.levels),
        )

    def _scope(self, p: int) -> ScopeLine:
        state, path, count = self._state, self._state.scopes[p], len(self._state.terms)
        arrays = state.arrays
        records = metric_records(state, p, METRICS)
        blind = is_blind(state, p)
        has_nav = arrays.has_nav[p] == 1
        has_index = has_nav and arrays.value_base[p] != 0.0
        index = float(arrays.index_base[p] * (arrays.value[p] / arrays.value_base[p])) if has_index else math.nan
        gross = float(arrays.metrics[p, METRIC_INDEX["gross"]])
        held = np.flatnonzero(arrays.exposure[p, :count])
        parts = np.zeros(count)
        components = parametric_components(arrays.exposure[p, held], arrays.sigma_x[p, held], _MULTIPLIER_99)
        parts[held] = components.values
        states = self._enforcer.limit_states(path, measures_of(state, p))
        scenarios = range(len(state.scenarios))
        return ScopeLine(
            scope=path,
            known=bool(arrays.known[p]),
            trust=scope_trust(state, p),
            status=Status(int(arrays.data_status[p])).name,
            nav=number(float(arrays.value[p])) if has_nav else None,
            index=number(index),
            loss=number(state.backtest.last_loss(p)),
            metrics=tuple(cast(Number, records[name]["value"]) for name in METRICS),
            statuses="".join(str(int(status)) for status in arrays.statuses[p].tolist()),
            stress=tuple(None if blind else number(float(arrays.stress[p, k])) for k in scenarios),
            coverage=tuple(
                number(float(arrays.covered_gross[p, k]) / gross if gross > 0.0 else math.nan) for k in scenarios
            ),
            exposure=tuple(arrays.exposure[p, :count].tolist()),
            component=tuple(number(value) for value in parts.tolist()),
            counts=state.backtest.counts(p),
            limits=tuple(
                LevelUse(use.limit, use.level, number(use.at), number(use.utilisation), use.life.value)
                for use in states
            ),
        )
