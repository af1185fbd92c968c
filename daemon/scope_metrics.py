"""The metrics of portfolios: which scope has a label of its own, and every number of its state record."""

from collections.abc import Iterable, Sequence
from math import inf, nan

from config.reserved import is_selftest
from config.schema import Config
from daemon.metric_families import Families, FamilySpec, smallest, total
from daemon.state_views import NightlyView, NumberView, ScopeView, as_float
from risk.measures import Status
from sensors.catalogue import SHIPPED

OTHER = "other"
NS_PER_S = 1e9

# Codes are stable: dashboards and alert rules compare with them.
LIFE_CODES = {"ok": 0, "pending": 1, "recovering": 2, "no_data": 3, "error": 4, "firing": 5, "latched": 6}
STAGE_CODES = {"SHADOW": 0, "SOFT": 1, "FULL": 2}
TRADING_STATE_CODES = {"ACTIVE": 0, "THROTTLED": 1, "REDUCING": 2, "HALTED": 3}
TRUST_CODES = {"fresh": 0, "stale": 1, "suspect": 2, "missing": 3}

_TAIL = ("portfolio", "method", "confidence")
_SCENARIO = ("portfolio", "scenario")
_CORRELATION = ("portfolio", "correlation")
_CRISIS = ("portfolio", "crisis")
_METRIC = ("portfolio", "sensor", "metric")
_LEVEL = ("portfolio", "limit", "level")
_CONFIDENCE = ("portfolio", "confidence")

SCOPE_FAMILIES = (
    FamilySpec("value_at_risk", "One-day value at risk, base currency", _TAIL),
    FamilySpec("expected_shortfall", "One-day expected shortfall, base currency", _TAIL),
    FamilySpec("stress_loss", "Loss of one scenario, base currency", _SCENARIO),
    FamilySpec("stress_coverage_ratio", "Shocked gross over gross", _SCENARIO, combine=smallest),
    FamilySpec(
        "reverse_stress_multiplier", "Times that a scenario must come for the configured loss; +Inf: not within five",
        _SCENARIO, combine=smallest,
    ),
    FamilySpec(
        "plausible_stress_distance", "Standard deviations to the most plausible move that costs the configured share",
        ("portfolio",), combine=smallest,
    ),
    FamilySpec("correlation_stress_var", "VaR 99 under correlation stress, base currency", _CORRELATION),
    FamilySpec("crisis_replay_loss", "Worst loss of the untouched book in a past crisis, base currency", _CRISIS),
    FamilySpec(
        "nightly_stress_time_seconds", "Core time of the book that it speaks of, since the epoch", ("portfolio",),
        combine=smallest,
    ),
    FamilySpec("sensor_statistic", "Every metric of every sensor, in the metric's unit", _METRIC),
    FamilySpec("sensor_status", "0 OK, 1 DEGRADED, 2 INSUFFICIENT, 3 INVALID", _METRIC),
    FamilySpec("nav", "Net asset value, base currency", ("portfolio",), combine=smallest),
    FamilySpec("limit_threshold", "The limit itself, in the metric's unit", _LEVEL, combine=smallest),
    FamilySpec("limit_utilisation_ratio", "Statistic over limit", _LEVEL),
    FamilySpec(
        "limit_life", "0 ok, 1 pending, 2 recovering, 3 no_data, 4 error, 5 firing, 6 latched", _LEVEL
    ),
    FamilySpec("limit_stage", "0 SHADOW, 1 SOFT, 2 FULL", ("portfolio", "limit")),
    FamilySpec("trading_state", "0 ACTIVE, 1 THROTTLED, 2 REDUCING, 3 HALTED", ("portfolio", "topic")),
    FamilySpec("known", "1 where a positions snapshot made the root known", ("portfolio",), combine=smallest),
    FamilySpec("data_trust", "Worst of what it holds: 0 fresh, 1 stale, 2 suspect, 3 missing", ("portfolio",)),
    FamilySpec(
        "backtest_exceptions", "Completed rows whose loss passed the VaR of the row before", _CONFIDENCE, "counter",
        total,
    ),
    FamilySpec("backtest_observations", "Completed rows that were compared", _CONFIDENCE, "counter", total),
)  # fmt: skip


class PortfolioLabels:
    """Which scopes have a label of their own: at most `metrics.portfolios_max`, for as long as the process lives."""

    def __init__(self, config: Config) -> None:
        self._which = config.metrics.portfolios
        self._labels_max = config.metrics.portfolios_max
        self._listed = config.portfolios
        self._own: dict[str, None] = {}
        if self._which != "none":
            self._admit(self._listed)

    def take(self, scopes: Iterable[str]) -> None:
        """Give labels to scopes that are new, in the order in which they come, as long as there are any."""
        if self._which == "all":
            self._admit(scope for scope in scopes if not is_selftest(scope))
        elif self._which == "roots" and not self._listed:  # nobody said which roots there are: those that come
            self._admit(scope for scope in scopes if "/" not in scope and not is_selftest(scope))

    def of(self, scope: str) -> str:
        """Return the scope's own label, or `other`."""
        return scope if scope in self._own else OTHER

    def _admit(self, scopes: Iterable[str]) -> None:
        for scope in scopes:
            if len(self._own) < self._labels_max:
                self._own.setdefault(scope)


def add_scopes(families: Families, scopes: Sequence[ScopeView], labels: PortfolioLabels) -> None:
    """Add every number of these scopes to the families of SCOPE_FAMILIES."""
    for scope in scopes:
        if is_selftest(scope.scope):
            continue
        portfolio = labels.of(scope.scope)
        _add_tails(families, portfolio, scope)
        _add_nightly(families, portfolio, scope.nightly_stress)
        _add_sensors(families, portfolio, scope)
        _add_limits(families, portfolio, scope)
        families["nav"].add(as_float(scope.nav), portfolio)
        families["known"].add(float(scope.known), portfolio)
        families["data_trust"].add(TRUST_CODES[scope.trust], portfolio)
        trading = scope.trading_state
        families["trading_state"].add(TRADING_STATE_CODES[trading.effective], portfolio, "actions")
        families["trading_state"].add(TRADING_STATE_CODES[trading.shadow_effective], portfolio, "shadow")
        for confidence, backtest in scope.backtest.items():
            families["backtest_exceptions"].add(backtest.exceptions, portfolio, confidence)
            families["backtest_observations"].add(backtest.observations, portfolio, confidence)


def _add_tails(families: Families, portfolio: str, scope: ScopeView) -> None:
    for name, methods in (("value_at_risk", scope.var), ("expected_shortfall", scope.es)):
        for method, levels in methods.items():
            for confidence, number in levels.items():
                families[name].add(as_float(number.value), portfolio, method, confidence)
    for scenario, stress in scope.stress.items():
        families["stress_loss"].add(as_float(stress.loss), portfolio, scenario)
        families["stress_coverage_ratio"].add(as_float(stress.coverage), portfolio, scenario)


def _add_nightly(families: Families, portfolio: str, nightly: NightlyView) -> None:
    for scenario, reverse in nightly.reverse.items():
        out_of_reach = reverse.multiplier is None and reverse.status in ("OK", "DEGRADED")
        multiplier = inf if out_of_reach else as_float(reverse.multiplier)
        families["reverse_stress_multiplier"].add(multiplier, portfolio, scenario)
    for level, figure in nightly.correlation.var_99.items():
        families["correlation_stress_var"].add(as_float(figure.worst), portfolio, level)
    for name, crisis in nightly.crises.items():
        families["crisis_replay_loss"].add(0.0 - as_float(crisis.worst), portfolio, name)
    families["plausible_stress_distance"].add(as_float(nightly.plausible.distance), portfolio)
    as_of_s = nan if nightly.as_of is None else nightly.as_of / NS_PER_S
    families["nightly_stress_time_seconds"].add(as_of_s, portfolio)


def _add_sensors(families: Families, portfolio: str, scope: ScopeView) -> None:
    for facts in SHIPPED.known.facts:
        for metric in facts.metric_names:
            number: NumberView = scope.metrics[metric]
            families["sensor_statistic"].add(as_float(number.value), portfolio, facts.name, metric)
            families["sensor_status"].add(Status[number.status], portfolio, facts.name, metric)


def _add_limits(families: Families, portfolio: str, scope: ScopeView) -> None:
    for limit in scope.limits:
        place = (portfolio, limit.limit, limit.level)
        families["limit_threshold"].add(as_float(limit.at), *place)
        families["limit_utilisation_ratio"].add(as_float(limit.utilisation), *place)
        families["limit_life"].add(LIFE_CODES[limit.life], *place)
        families["limit_stage"].add(STAGE_CODES[limit.stage], portfolio, limit.limit)
