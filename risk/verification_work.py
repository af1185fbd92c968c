"""Verification as slow work: the statistic of a trip again, from cleaned end-of-day data and the reference model."""

from dataclasses import dataclass
from hashlib import blake2b
from math import isnan, nan
from typing import Literal

import numpy as np

from risk.measures import Vector
from risk.reference_model import reference_statistic
from risk.state import RiskState
from risk.trip import Trip, cleaned_marks

KIND = "verification"
_ROUNDING = 1e-6  # the reference sums in another order: so near to a level it is over it


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """A wish for a trip's statistic; mark, rate: (m,) cleaned, nav: with what the cleaning moved."""

    id: str
    digest: str
    scope: int
    trip: Trip
    mark: Vector
    rate: Vector
    nav: float


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What came back: the statistic from cleaned data and from the data as they were; NaN: there is none."""

    id: str
    digest: str
    scope: int
    statistic: float
    uncleaned: float


def request(state: RiskState, trip: Trip) -> VerificationRequest:
    """Return the wish for a trip whose day has ended: its row is the last one completed."""
    close = np.array([state.window.level[i] for i in trip.columns.tolist()], dtype=np.float64)
    split = [any(ex_ts > trip.ts for ex_ts, _ in state.acted.get(int(i), ())) for i in trip.columns]
    close[split] = nan  # told in other units
    mark = cleaned_marks(trip, close)
    rate = _cleaned_rates(state, trip, mark)
    steps = np.array([each.multiplier if each.is_valued else 0.0 for each in trip.terms], dtype=np.float64)
    moved = float(np.nansum(trip.quantity * steps * trip.rate * (mark - trip.mark)))
    digest = blake2b(digest_size=16)
    for part in (trip.quantity, trip.buys, trip.sells, mark, rate, trip.returns, trip.shocks):
        digest.update(np.ascontiguousarray(part).tobytes())
    id_ = blake2b(f"{KIND}|{trip.cause.episode_id}".encode(), digest_size=16).hexdigest()
    return VerificationRequest(id_, digest.hexdigest(), trip.scope, trip, mark, rate, trip.nav + moved)


def compute(wish: VerificationRequest) -> VerificationResult:
    """Run the reference model: a function of the request alone."""
    trip = wish.trip
    cleaned = reference_statistic(trip, wish.mark, wish.rate, wish.nav)
    uncleaned = reference_statistic(trip, trip.mark, trip.rate, trip.nav)
    return VerificationResult(wish.id, wish.digest, wish.scope, cleaned, uncleaned)


def verdict(
    result: VerificationResult, level: float
) -> tuple[Literal["confirmed", "false", "unverifiable"], Literal["data_error", "model_error"] | None]:
    """Return what the result says of a trip over `level`, and of a false one, which side was wrong.

    Where the data as they were put the reference over the level too, their cleaning alone brought it down.
    """
    if isnan(result.statistic):
        return "unverifiable", None
    if result.statistic > level * (1.0 - _ROUNDING):
        return "confirmed", None
    return "false", "data_error" if result.uncleaned > level * (1.0 - _ROUNDING) else "model_error"


def _cleaned_rates(state: RiskState, trip: Trip, mark: Vector) -> Vector:
    """Return (m,) the rates of the trip with the cleaned marks of the pairs that they pass through."""
    place = {int(i): at for at, i in enumerate(trip.columns)}
    rates = trip.rate.copy()
    for at, terms in enumerate(trip.terms):
        for pair, is_inverted in state.paths.get(terms.currency, ()):
            if pair in place and trip.mark[place[pair]] > 0.0:
                factor = mark[place[pair]] / trip.mark[place[pair]]
                rates[at] *= 1.0 / factor if is_inverted else factor
    return rates
