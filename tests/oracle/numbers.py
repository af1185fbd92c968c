"""All numbers of one scope as a plain dict, shaped like the contract's state record."""

import math

from tests.oracle import measures
from tests.oracle.books import root_of
from tests.oracle.facts import Status
from tests.oracle.liquidity import costs_by_state, liquidity_metrics
from tests.oracle.measures import HISTORICAL_LEVELS, LEVELS_PPM
from tests.oracle.ratios import mean_correlation_change, ratio_metrics
from tests.oracle.state import State
from tests.oracle.stress import loss_and_coverage
from tests.oracle.tail_metrics import fit_record, tail_metrics
from tests.oracle.turnover_metric import turnover_metric
from tests.oracle.view import (
    Number,
    View,
    block,
    gross_of,
    losses_of,
    nav_of,
    number,
    over_nav,
    sigma_of,
    views_of,
)
from tests.oracle.worst import book_at_worst, worst, worst_metrics

_NAMES_MIN = 8  # under it, concentration is max|x| / NAV
_COVERAGE_MIN = 0.80

Risk = dict[str, dict[str, dict[str, Number]]]  # var or es, method, level


def numbers_of(state: State, scope: str) -> dict[str, object]:
    """Return every number of `scope`; a value of None is missing, ∞ is math.inf.

    Metrics, VaR, ES, stress and net are the worst of the books that working orders could make.
    """
    views = views_of(state, scope)
    view = views["none"]
    net = max((math.fsum(each.book.values()) for each in views.values()), key=abs)
    matrix, _exposures, names = block(view, view.covariances.fast, view.book)
    result: dict[str, object] = {
        "ts": state.now,
        "scope": scope,
        "known": root_of(scope) in state.books.known_roots,
        "data_status": max(each.data for each in views.values()).name,
        "trust": view.holding.trust,
        "unvalued": view.holding.unvalued,
        "exposures": {"by_instrument": view.book, "gross": gross_of(view.book), "net": net},
        "rows": len(view.window.dates),
        "row_dates": view.window.dates,
        "losses": losses_of(view, view.book),
        "covariance": {"instruments": names, "matrix": matrix},
        "sigma": sigma_of(view, view.book),
        "tail_fit": fit_record(view),
        "mean_correlation_change": mean_correlation_change(view),
        "component_var": _components(views.get("larger", view), LEVELS_PPM["99"]),
        "stress": _worst_stress([_stress(each) for each in views.values()]),
    }
    risks = {book: _risk(each) for book, each in views.items()}
    metrics = {book: _metrics(each, risks[book]) for book, each in views.items()}
    counts = {book: sum(1 for exposure in each.book.values() if exposure != 0.0) for book, each in views.items()}
    found = worst_metrics(metrics, counts) | {"failures": _failures(list(views.values()))}
    costs = costs_by_state(views[book_at_worst(metrics, "liquidity_cost")])
    return result | _worst_tables(risks) | _account(view) | {"metrics": found, "liquidity_costs": costs}


def _metrics(view: View, risk: Risk) -> dict[str, Number]:
    found = {f"{kind}_{level}": risk[kind]["historical"][level] for kind in risk for level in HISTORICAL_LEVELS}
    found |= _exposure_metrics(view) | {"worst_loss": _worst_loss(view), "failures": _failures([view])}
    found |= ratio_metrics(view) | tail_metrics(view) | liquidity_metrics(view, found["var_99"])
    return found | {"drawdown": _drawdown(view), "turnover": turnover_metric(view)}


def _worst_tables(risks: dict[str, Risk]) -> dict[str, object]:
    first = risks["none"]
    return {
        kind: {
            method: {
                level: worst([risk[kind][method][level] for risk in risks.values()]) for level in first[kind][method]
            }
            for method in first[kind]
        }
        for kind in first
    }


# --- value at risk, expected shortfall, components


def _risk(view: View) -> Risk:
    """Return VaR and ES of one book by method and level."""
    var: dict[str, dict[str, Number]] = {"historical": {}, "normal": {}, "student_t": {}}
    es: dict[str, dict[str, Number]] = {"historical": {}, "normal": {}, "student_t": {}}
    losses, sigma, rows = losses_of(view, view.book), sigma_of(view, view.book), len(view.window.dates)
    for level in HISTORICAL_LEVELS:
        ppm = LEVELS_PPM[level]
        status = Status.OK if view.is_empty else max(measures.historical_status(rows, ppm), view.modelling)
        has_value = rows and measures.historical_status(rows, ppm) != Status.INSUFFICIENT
        for table, estimate in ((var, measures.value_at_risk), (es, measures.expected_shortfall)):
            value = estimate(losses, ppm) if has_value else None
            table["historical"][level] = number(0.0 if view.is_empty else value, status)
    for level, ppm in LEVELS_PPM.items():
        has_value = view.is_empty or measures.parametric_status(view.total_rows) != Status.INSUFFICIENT
        student = measures.student_multipliers(ppm, view.state.setup.config.student_t_nu)
        for method, pair in (("normal", measures.normal_multipliers(ppm)), ("student_t", student)):
            for table, multiplier in zip((var, es), pair, strict=True):
                table[method][level] = number(multiplier * sigma if has_value else None, view.parametric_status)
    return {"var": var, "es": es}


def _components(view: View, level_ppm: int) -> dict[str, float]:
    """Return z x_i (Σx)_i / σ by instrument; 0 where σ is 0 (models.md 10)."""
    matrix, exposures, names = block(view, view.covariances.fast, view.book)
    sigma = sigma_of(view, view.book)
    if sigma == 0.0:
        return dict.fromkeys(names, 0.0)
    quantile, _tail = measures.normal_multipliers(level_ppm)
    parts = quantile * exposures * (matrix @ exposures) / sigma
    return dict(zip(names, parts.tolist(), strict=True))


# --- stress


def _stress(view: View) -> dict[str, Number]:
    """Return loss and coverage of every scenario; `worst` is the loss at a price in quarantine where that is larger."""
    stress: dict[str, Number] = {}
    for scenario in view.state.setup.scenarios:
        loss, coverage = loss_and_coverage(view.state.market, scenario, view.book)
        doubted = view.holding.suspect or view.book
        worse = max(loss, loss_and_coverage(view.state.market, scenario, doubted)[0])
        limit = scenario.limit if scenario.limit is not None else view.state.setup.config.enforcement.max_stress_loss
        is_sufficient = coverage is None or coverage >= _COVERAGE_MIN
        status = max(Status.OK if is_sufficient else Status.INSUFFICIENT, view.data)
        stress[scenario.id] = {"loss": loss, "coverage": coverage, "limit": limit, "status": status.name}
        stress[scenario.id] |= {"is_sufficient": is_sufficient, "worst": worse}
    return stress


def _worst_stress(books: list[dict[str, Number]]) -> dict[str, Number]:
    """Return of each scenario the largest loss and the smallest coverage."""
    found: dict[str, Number] = {}
    for scenario in books[0]:
        losses = [float(str(book[scenario]["loss"])) for book in books]
        told = [book[scenario]["coverage"] for book in books]
        coverages = [one for one in told if isinstance(one, float)]
        found[scenario] = {"loss": max(losses), "coverage": min(coverages, default=None)}
    return found


def _stress_status(stress: dict[str, Number]) -> Status:
    sufficient = sum(1 for one in stress.values() if one["is_sufficient"])
    if sufficient == len(stress):
        return Status.OK
    return Status.DEGRADED if sufficient else Status.INSUFFICIENT


def _worst_loss(view: View) -> Number:
    """Return the worst loss of the scenarios that cover the book."""
    stress = _stress(view)
    losses = [float(str(one["worst"])) for one in stress.values() if one["is_sufficient"]]
    return number(max(losses, default=None), _stress_status(stress), view.data)


def _failures(views: list[View]) -> Number:
    """Count the scenarios, of those that cover the book, that cost any of the books more than their limits."""
    stresses = [_stress(view) for view in views]
    failed = {
        scenario
        for stress in stresses
        for scenario, one in stress.items()
        if one["is_sufficient"] and float(str(one["worst"])) > float(str(one["limit"]))
    }
    status = max(_stress_status(stress) for stress in stresses)
    return number(None if status == Status.INSUFFICIENT else float(len(failed)), status, *(view.data for view in views))


# --- money


def _account(view: View) -> dict[str, object]:
    nav, status = nav_of(view)
    index = view.state.money.indexes.get(view.scope)
    return {
        "nav": nav,
        "nav_status": status.name,
        "index": view.state.money.index(view.scope),
        "hwm": None if index is None else index.high,
    }


def _drawdown(view: View) -> Number:
    _value, status = nav_of(view)
    index = view.state.money.indexes.get(view.scope)
    if index is not None and not index.is_valid:
        status = Status.INVALID
    return number(view.state.money.drawdown(view.scope), status, view.data)


def _exposure_metrics(view: View) -> dict[str, Number]:
    book = view.book
    net = math.fsum(book.values())
    largest = max((abs(exposure) for exposure in book.values()), default=0.0)
    names = sum(1 for exposure in book.values() if exposure != 0.0)
    gross = gross_of(book)
    if names == 0:
        top = number(None, view.data)
    elif names < _NAMES_MIN:
        top = over_nav(view, largest)
    else:
        top = number(largest / gross, view.data)
    return {
        "gross": number(gross, view.data),
        "net": number(net, view.data),
        "gross_leverage": over_nav(view, gross),
        "net_leverage": over_nav(view, abs(net)),
        "top_share": top,
        "hhi": _hhi(view),
    }


def _hhi(view: View) -> Number:
    """Return the Herfindahl index of |component VaR|; the level cancels."""
    sizes = [abs(part) for part in _components(view, LEVELS_PPM["99"]).values()]
    total = math.fsum(sizes)
    status = view.parametric_status
    if total == 0.0 or status == Status.INSUFFICIENT:
        return number(None, status)
    return number(math.fsum((size / total) ** 2 for size in sizes), status)
