"""Tail fits as slow work: the request for one, its computation, and what its result does to a scope."""

import math
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from risk.arrays import Fit
from risk.kernels.evaluate import quadratic
from risk.measures import Status, Vector
from risk.pot import PotFit, fit_pot
from risk.state import RiskState
from risk.tail_bootstrap import RatioBootstrap, bootstrap_ratio
from risk.tail_result import TailResult
from risk.working import exposed_row

KIND = "pot"
ROWS_MIN = 250
_P_999 = 999_000


@dataclass(frozen=True, slots=True)
class TailRequest:
    """A wish for a fit of one scope's loss vector, as it was when the wish arose.

    losses   : (rows,) base currency; exposure : (N,) of that book
    """

    id: str
    digest: str
    scope: int
    losses: Vector
    exposure: Vector


def due_requests(state: RiskState) -> list[TailRequest]:
    """Return the fits that are wanted now, in scope order, and forget that they are."""
    arrays = state.arrays
    requests = []
    for p in range(len(state.scopes)):
        if arrays.refit[p] == 0:
            continue
        arrays.refit[p] = 0
        if state.rows >= ROWS_MIN:
            requests.append(_request(state, p))
    return requests


def request_all(state: RiskState) -> None:
    """Ask for a fit of every book that is not empty: the cadence of `refit` rows."""
    for p in range(len(state.scopes)):
        if np.any(state.arrays.exposure[_fitted_row(state, p), : len(state.terms)] != 0.0):
            state.arrays.refit[p] = 1


def compute(request: TailRequest) -> TailResult:
    """Fit the tail and resample it: a function of the request alone; about 3 ms for 756 rows."""
    fit = fit_pot(request.losses)
    return _result(request, fit, bootstrap_ratio(request.losses, fit, request.digest))


def apply_result(state: RiskState, result: TailResult) -> bool:
    """Make the result the scope's fit; False where no such request waits (a result that comes twice)."""
    exposure = state.tail_requests.pop(result.id, None)
    if exposure is None:
        return False
    p, arrays, count = result.scope, state.arrays, len(state.terms)
    arrays.fit_exposure[p, :] = 0.0
    arrays.fit_exposure[p, : exposure.size] = exposure
    arrays.moved[p] = np.inf
    fit = arrays.fit[p]
    fit[Fit.VAR_999], fit[Fit.ES_999] = result.var_999, result.es_999
    fit[Fit.VAR_STATUS] = result.status
    fit[Fit.ES_STATUS] = Status.OK if math.isinf(result.es_999) else result.status
    fit[Fit.RATIO], fit[Fit.RATIO_SURE] = result.ratio, result.ratio_sure
    fit[Fit.GROSS] = float(np.abs(exposure).sum())
    fit[Fit.REFERENCE_VARIANCE] = quadratic(arrays, arrays.fit_exposure[p], count)
    state.tail_results[p] = result
    state.tail_counts[p] = state.tail_counts.get(p, 0) + 1
    state.dirty.add(p)
    return True


def refresh_references(state: RiskState) -> None:
    """After the covariance has changed: the variance of each fit's book with today's covariance."""
    for p in sorted(state.tail_results):
        variance = quadratic(state.arrays, state.arrays.fit_exposure[p], len(state.terms))
        state.arrays.fit[p, Fit.REFERENCE_VARIANCE] = variance


def _request(state: RiskState, p: int) -> TailRequest:
    row = _fitted_row(state, p)
    losses = state.arrays.loss[row, : state.rows].copy()
    exposure = state.arrays.exposure[row, : len(state.terms)].copy()
    digest = blake2b(losses.tobytes() + exposure.tobytes(), digest_size=16).hexdigest()
    state.request_count += 1
    name = f"{KIND}|{state.scopes[p]}|{state.request_count}"
    request = TailRequest(blake2b(name.encode(), digest_size=16).hexdigest(), digest, p, losses, exposure)
    state.tail_requests[request.id] = exposure
    # asked for once: until the answer comes the book is compared with the one that was asked about
    state.arrays.fit_exposure[p, :] = 0.0
    state.arrays.fit_exposure[p, : exposure.size] = exposure
    state.arrays.moved[p] = np.inf
    state.arrays.fit[p, Fit.GROSS] = float(np.abs(exposure).sum())
    return request


def _fitted_row(state: RiskState, p: int) -> int:
    """Return the book whose tail is fitted: what is held, and where that bears no risk, the orders at their larger."""
    return exposed_row(state, p) if state.arrays.variance[p] == 0.0 else p


def _result(request: TailRequest, fit: PotFit, ratio: RatioBootstrap) -> TailResult:
    return TailResult(
        request.id, request.digest, request.scope, fit.var(_P_999), fit.es(_P_999), fit.var_999_low, fit.var_999_high,
        fit.xi, fit.beta, fit.u, fit.k, fit.n, fit.status, fit.reason,
        fit.tail_ratio(), ratio.sure, ratio.probability, ratio.low, ratio.high,
    )  # fmt: skip
