"""All numbers of one scope as a plain dict, shaped like the contract's state record."""

import math
from dataclasses import dataclass

import numpy as np

from config.setup import Setup
from tests.oracle import measures
from tests.oracle.books import Books, root_of
from tests.oracle.exposure import Holdings, data_status, holdings, leans_on_proxies, unmodelled
from tests.oracle.facts import Status
from tests.oracle.market import Market
from tests.oracle.measures import HISTORICAL_LEVELS, LEVELS_PPM, Vector
from tests.oracle.money import Money
from tests.oracle.rows import Rows
from tests.oracle.stress import loss_and_coverage
from tests.oracle.window import Matrix, Window, covariance, rows_that_count, window

_NAMES_MIN = 8  # under it, concentration is max|x| / NAV
_COVERAGE_MIN = 0.80

Number = dict[str, object]  # {"value": float | None, "status": str}


@dataclass(frozen=True, slots=True)
class View:
    """What the numbers of one scope are computed from, at one moment."""

    setup: Setup
    market: Market
    money: Money
    scope: str
    holding: Holdings
    window: Window
    recent: Window
    matrix: Matrix  # Σ_d over all names of `recent`
    total_rows: int
    data: Status
    modelling: Status  # data, and DEGRADED where a held name leans on proxies

    @property
    def is_empty(self) -> bool:
        """A known book without positions and orders; an unknown book is not an empty one."""
        return not self.holding.trust and self.data != Status.INVALID


def numbers_of(
    setup: Setup, market: Market, books: Books, money: Money, rows: Rows, scope: str, now: int
) -> dict[str, object]:
    """Return every number of `scope`; a value of None is missing, ∞ is math.inf."""
    view = _view(setup, market, books, money, rows, scope, now)
    book = view.holding.exposures["none"]
    result: dict[str, object] = {
        "ts": now,
        "scope": scope,
        "known": root_of(scope) in books.known_roots,
        "data_status": view.data.name,
        "trust": view.holding.trust,
        "unvalued": view.holding.unvalued,
        "exposures": {"by_instrument": book, "gross": _gross(book), "net": math.fsum(book.values())},
        "rows": len(view.window.dates),
        "row_dates": view.window.dates,
        "losses": _losses(view.window, book),
    }
    result |= _risk(view) | _account(view) | {"stress": _stress(view)}
    metrics = _exposure_metrics(view) | _risk_metrics(result) | _stress_metrics(view) | {"drawdown": _drawdown(view)}
    return result | {"metrics": metrics}


def _view(setup: Setup, market: Market, books: Books, money: Money, rows: Rows, scope: str, now: int) -> View:
    config = setup.config
    holding = holdings(market, books, money, scope, now)
    full = window(market, rows, config.window.rows)
    names = list(holding.exposures["none"])
    data = data_status(holding, unmodelled(full, names), config.data.stale_gross_max)
    if root_of(scope) not in books.known_roots:
        data = Status.INVALID
    modelling = max(data, Status.DEGRADED) if leans_on_proxies(full, names) else data
    recent = window(market, rows, rows_that_count(config.covariance.decay))
    matrix = np.zeros((len(recent.names), len(recent.names)))
    if rows.rows:
        matrix = covariance(recent.returns, config.covariance.decay, len(rows.rows))
    return View(setup, market, money, scope, holding, full, recent, matrix, len(rows.rows), data, modelling)


def number(value: float | None, *statuses: Status) -> Number:
    return {"value": value, "status": max(statuses).name}


def _gross(book: dict[str, float]) -> float:
    return math.fsum(abs(exposure) for exposure in book.values())


def _columns(source: Window, book: dict[str, float]) -> tuple[Matrix, Vector, list[str]]:
    """Return returns and exposures of the modelled names of a book."""
    position = {name: column for column, name in enumerate(source.names)}
    names = [name for name in book if name in position and not np.isnan(source.returns[:, position[name]]).any()]
    returns = source.returns[:, [position[name] for name in names]]
    return returns, np.array([book[name] for name in names], dtype=np.float64), names


def _losses(source: Window, book: dict[str, float]) -> Vector:
    returns, exposures, _names = _columns(source, book)
    return np.array([-math.fsum((row * exposures).tolist()) for row in returns], dtype=np.float64)


# --- value at risk, expected shortfall, components


def _risk(view: View) -> dict[str, object]:
    nu = view.setup.config.student_t_nu
    var: dict[str, dict[str, Number]] = {"historical": {}, "normal": {}, "student_t": {}}
    es: dict[str, dict[str, Number]] = {"historical": {}, "normal": {}, "student_t": {}}
    samples = [_losses(view.window, book) for book in view.holding.exposures.values()]
    rows = len(view.window.dates)
    for level in HISTORICAL_LEVELS:
        ppm = LEVELS_PPM[level]
        status = Status.OK if view.is_empty else max(measures.historical_status(rows, ppm), view.modelling)
        has_value = view.is_empty or measures.historical_status(rows, ppm) != Status.INSUFFICIENT
        for table, estimate in ((var, measures.value_at_risk), (es, measures.expected_shortfall)):
            value = max(estimate(losses, ppm) for losses in samples) if has_value and rows else None
            table["historical"][level] = number(0.0 if view.is_empty else value, status)
    sigmas = [_sigma(view, book) for book in view.holding.exposures.values()]
    for level, ppm in LEVELS_PPM.items():
        status = Status.OK if view.is_empty else max(measures.parametric_status(view.total_rows), view.modelling)
        has_value = view.is_empty or measures.parametric_status(view.total_rows) != Status.INSUFFICIENT
        for method, pair in (
            ("normal", measures.normal_multipliers(ppm)),
            ("student_t", measures.student_multipliers(ppm, nu)),
        ):
            for table, multiplier in zip((var, es), pair, strict=True):
                table[method][level] = number(multiplier * max(sigmas) if has_value else None, status)
    components = {level: _components(view, view.holding.exposures["none"], ppm) for level, ppm in LEVELS_PPM.items()}
    matrix, _exposures, names = _modelled(view, view.holding.exposures["none"])
    return {
        "var": var,
        "es": es,
        "sigma": sigmas[0],
        "covariance": {"instruments": names, "matrix": matrix},
        # Bars within the day are left out: the covariance is whole only where no instrument has ticks.
        "covariance_is_daily": not any(view.market.instruments[name].has_ticks for name in names),
        "component_var": components["99"],
        "component_var_by_level": components,
    }


def _modelled(view: View, book: dict[str, float]) -> tuple[Matrix, Vector, list[str]]:
    """Return Σ_d and exposures of the modelled names of a book."""
    _returns, exposures, names = _columns(view.recent, book)
    chosen = [view.recent.names.index(name) for name in names]
    return view.matrix[np.ix_(chosen, chosen)], exposures, names


def _sigma(view: View, book: dict[str, float]) -> float:
    """Return √(xᵀΣx); 0 for no exposure."""
    matrix, exposures, _names = _modelled(view, book)
    return math.sqrt(max(0.0, float(exposures @ matrix @ exposures)))


def _components(view: View, book: dict[str, float], level_ppm: int) -> dict[str, float]:
    """Return z x_i (Σx)_i / σ by instrument; 0 where σ is 0 (models.md 10)."""
    matrix, exposures, names = _modelled(view, book)
    sigma = _sigma(view, book)
    if sigma == 0.0:
        return dict.fromkeys(names, 0.0)
    quantile, _tail = measures.normal_multipliers(level_ppm)
    parts = quantile * exposures * (matrix @ exposures) / sigma
    return dict(zip(names, parts.tolist(), strict=True))


# --- stress


def _stress(view: View) -> dict[str, Number]:
    stress: dict[str, Number] = {}
    for scenario in view.setup.scenarios:
        books = [*view.holding.exposures.values(), *view.holding.suspect.values()]
        results = [loss_and_coverage(view.market, scenario, book) for book in books]
        coverage = results[0][1]
        limit = scenario.limit if scenario.limit is not None else view.setup.config.enforcement.max_stress_loss
        is_sufficient = coverage is None or coverage >= _COVERAGE_MIN
        status = max(Status.OK if is_sufficient else Status.INSUFFICIENT, view.data)
        loss = max(result[0] for result in results)
        stress[scenario.id] = {"loss": loss, "coverage": coverage, "limit": limit, "status": status.name}
        stress[scenario.id]["is_sufficient"] = is_sufficient
    return stress


def _stress_metrics(view: View) -> dict[str, Number]:
    """Return the worst loss and the count of losses over their limits, of scenarios that cover the book."""
    stress = _stress(view)
    sufficient = [
        (float(str(one["loss"])), float(str(one["limit"]))) for one in stress.values() if one["is_sufficient"]
    ]
    status = Status.OK
    if len(sufficient) < len(stress):
        status = Status.DEGRADED if sufficient else Status.INSUFFICIENT
    failures = float(sum(loss > limit for loss, limit in sufficient)) if sufficient else None
    return {
        "worst_loss": number(max((loss for loss, _limit in sufficient), default=None), status, view.data),
        "failures": number(failures, status, view.data),
    }


# --- money


def _nav(view: View) -> tuple[float | None, Status]:
    nav = view.money.nav(view.scope)
    if nav is None or not view.money.is_complete(view.scope):
        return nav, Status.INSUFFICIENT
    return nav, Status.OK


def _account(view: View) -> dict[str, object]:
    nav, status = _nav(view)
    index = view.money.indexes.get(view.scope)
    return {
        "nav": nav,
        "nav_status": status.name,
        "index": view.money.index(view.scope),
        "hwm": None if index is None else index.high,
    }


def _drawdown(view: View) -> Number:
    _value, status = _nav(view)
    index = view.money.indexes.get(view.scope)
    if index is not None and not index.is_valid:
        status = Status.INVALID
    return number(view.money.drawdown(view.scope), status, view.data)


def _over_nav(view: View, amount: float) -> Number:
    nav, status = _nav(view)
    if nav is None or status != Status.OK:
        return number(None, Status.INSUFFICIENT, view.data)
    if nav <= 0.0:
        return number(math.inf if amount else 0.0, view.data)
    return number(amount / nav, view.data)


def _exposure_metrics(view: View) -> dict[str, Number]:
    book = view.holding.exposures["none"]
    worst = view.holding.exposures.get("larger", book)
    net = math.fsum(book.values())
    largest = max((abs(exposure) for exposure in worst.values()), default=0.0)
    names = sum(1 for exposure in worst.values() if exposure != 0.0)
    gross = _gross(worst)
    if names == 0:
        top = number(None, view.data)
    elif names < _NAMES_MIN:
        top = _over_nav(view, largest)
    else:
        top = number(largest / gross, view.data)
    return {
        "gross": number(gross, view.data),
        "net": number(net, view.data),
        "gross_leverage": _over_nav(view, gross),
        "net_leverage": _over_nav(view, abs(net)),
        "top_share": top,
        "hhi": _hhi(view, worst),
    }


def _hhi(view: View, book: dict[str, float]) -> Number:
    """Return the Herfindahl index of |component VaR|; the level cancels."""
    sizes = [abs(part) for part in _components(view, book, LEVELS_PPM["99"]).values()]
    total = math.fsum(sizes)
    status = Status.OK if view.is_empty else max(measures.parametric_status(view.total_rows), view.modelling)
    if total == 0.0 or status == Status.INSUFFICIENT:
        return number(None, status)
    return number(math.fsum((size / total) ** 2 for size in sizes), status)


def _risk_metrics(result: dict[str, object]) -> dict[str, Number]:
    metrics: dict[str, Number] = {}
    for kind in ("var", "es"):
        table = result[kind]
        assert isinstance(table, dict)
        for level in HISTORICAL_LEVELS:
            metrics[f"{kind}_{level}"] = table["historical"][level]
    return metrics
