"""One number as every record holds it: value and status, null where nothing is known."""

from collections.abc import Sequence

import numpy as np

from enforcement.records import number
from risk.measures import METRIC_INDEX, Status
from risk.state import RiskState
from risk.working import exposed_row

# Of an empty book they are undefined, and the sensors read 0.
_RATIOS = ("top_share", "hhi", "k_ratio", "vol_ratio", "tail_ratio", "tail_ratio_sure")


def is_blind(state: RiskState, p: int) -> bool:
    """Say whether nothing the scope may hold is valued: an unknown book without positions, or none with a price."""
    holds_nothing = not np.any(state.arrays.exposure[exposed_row(state, p), : len(state.terms)])
    is_missing = any(state.arrays.missing[book] > 0 for book in state.books_of(p))
    return holds_nothing and (is_missing or bool(state.arrays.known[p] == 0))


def number_record(value: float, status: Status, *, blind: bool) -> dict[str, object]:
    """Return {value, status}; a blind scope has no number, and zero would be a lie."""
    return {"value": None if blind else number(value), "status": status.name}


def metric_records(state: RiskState, p: int, names: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return these metrics of scope p by name."""
    blind = is_blind(state, p)
    is_empty = not np.any(state.arrays.exposure[exposed_row(state, p), : len(state.terms)])
    records = {}
    for name in names:
        index = METRIC_INDEX[name]
        status = Status(int(state.arrays.statuses[p, index]))
        void = blind or (is_empty and name in _RATIOS)
        records[name] = number_record(float(state.arrays.metrics[p, index]), status, blind=void)
    return records
