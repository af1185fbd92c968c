"""From an instrument event to the terms that the risk state keeps."""

import math

from msgspec import UNSET

from feeds.events import Instrument
from risk.instruments import Terms

_WHOLE_LOT_KINDS = frozenset({"equity", "future", "bond", "option", "index"})
_FINE_LOT = 1e-8  # coins and currencies without a stated lot
ALWAYS_OPEN = "24/7"


def terms_of(event: Instrument) -> Terms:
    """Return the terms; a price must be above zero unless `min_price` says otherwise (null: any price)."""
    if event.min_price is UNSET:
        floor = 0.0
    elif event.min_price is None:
        floor = -math.inf
    else:
        floor = math.nextafter(float(event.min_price), -math.inf)  # a price may equal min_price
    if event.kind == "fx" or event.contract == "inverse":
        floor = max(floor, 0.0)  # such a price is divided by, whatever its terms say
    lot = event.lot if event.lot is not None else (1.0 if event.kind in _WHOLE_LOT_KINDS else _FINE_LOT)
    by_mark = event.calendar == ALWAYS_OPEN or event.kind == "fx"
    return Terms(
        name=event.instrument,
        kind=event.kind,
        currency=event.currency,
        calendar=event.calendar,
        multiplier=event.multiplier,
        active=event.status == "active",
        base=event.base,
        quote=event.quote,
        inverse=event.contract == "inverse",
        settle_currency=event.settle_currency,
        lot=lot,
        floor=floor,
        sector=event.sector,
        adv=event.adv,
        spread=event.spread,
        proxy=None if event.proxy is None else (event.proxy.instrument, event.proxy.beta),
        closes_mark=by_mark if event.closes is None else event.closes == "mark",
        max_age_ns=event.max_age,
        duration=event.duration,
        underlying=event.underlying,
        told_ns=event.ts,
    )
