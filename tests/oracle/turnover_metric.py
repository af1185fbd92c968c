"""The turnover of a scope."""

import math

from tests.oracle.books import is_under
from tests.oracle.facts import Status
from tests.oracle.view import Number, View, nav_of, number


def turnover_metric(view: View) -> Number:
    """Return Σ|fill| of the last session over the mean of the NAV now and at the last completed row."""
    turnover, now = view.state.turnover, view.state.now
    inside = [
        one
        for one in turnover.traded
        if one.expires > now and one.fill.cancelled_ts is None and _is_in(one.fill.event.portfolio, view.scope)
    ]
    nav, status = nav_of(view)
    if nav is None or status != Status.OK or any(one.value is None for one in inside):
        return number(None, Status.INSUFFICIENT, view.data)
    mean = 0.5 * (nav + turnover.navs.get(view.scope, nav))
    if mean <= 0.0:
        return number(None, Status.INVALID)
    return number(math.fsum(one.value for one in inside if one.value is not None) / mean, view.data)


def _is_in(path: str, scope: str) -> bool:
    return path == scope.removesuffix("/_self") if scope.endswith("/_self") else is_under(path, scope)
