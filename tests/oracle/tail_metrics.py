"""The numbers of the last tail fit: 99.9 % scaled to today's book, and the ratio that the scale leaves alone."""

import math

from tests.oracle.facts import Status
from tests.oracle.gpd import TailFit
from tests.oracle.tails import Fitted
from tests.oracle.view import Number, View, number, sigma_of

_RATIO_ALPHA = 0.99
_FAR_ALPHA = 0.999


def tail_metrics(view: View) -> dict[str, Number]:
    """Return var_999, es_999 and tail_ratio; None without a fit, ∞ for an ES of ξ >= 1."""
    fitted = view.state.tails.fits.get(view.scope)
    fit = None if fitted is None else fitted.result()
    if fitted is None or fit is None or view.is_empty:
        zero = 0.0 if view.is_empty else None
        status = Status.OK if view.is_empty else max(Status.INSUFFICIENT, view.data)
        far = number(zero, status)
        return {"var_999": far, "es_999": far, "tail_ratio": number(None, status)}
    scale = _scale(view, fitted)
    quantile, beyond = fit.value_at_risk(_FAR_ALPHA), fit.expected_shortfall(_FAR_ALPHA)
    return {
        "var_999": number(None if scale is None else scale * quantile, fit.status, view.modelling),
        "es_999": number(None if scale is None else scale * beyond, fit.status, view.modelling),
        "tail_ratio": _ratio(view, fit),
    }


def _ratio(view: View, fit: TailFit) -> Number:
    ratio = fit.ratio(_RATIO_ALPHA)
    if ratio is None:
        return number(None, Status.INSUFFICIENT, view.modelling)
    return number(ratio, fit.status, view.modelling)


def _scale(view: View, fitted: Fitted) -> float | None:
    """Return √(xᵀΣx / x_fᵀΣx_f), both with today's Σ."""
    seen = sigma_of(view, fitted.book)
    return sigma_of(view, view.book) / seen if seen > 0.0 else None


def fit_record(view: View) -> dict[str, float | None] | None:
    """Return the parameters of the last fit, None without one."""
    fitted = view.state.tails.fits.get(view.scope)
    fit = None if fitted is None else fitted.result()
    if fit is None or not math.isfinite(fit.shape):
        return None
    return {"xi": fit.shape, "beta": fit.scale, "threshold": fit.threshold, "exceedances": fit.count, "rows": fit.rows}
