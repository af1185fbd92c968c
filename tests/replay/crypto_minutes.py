"""The shipped minutes of coins for tests that play them several times: a shorter history, one price a second."""

import functools
import itertools

import msgspec

from daemon.shipped import CRYPTO
from feeds.record import Record
from feeds.recording import read_records
from tests.helpers import DAY_NS, SECOND_NS

HISTORY_DAYS = 150  # enough rows for VaR 99 %


class _Head(msgspec.Struct, frozen=True):
    type: str
    ts: int
    instrument: str | None = None


@functools.cache
def crypto_minutes(*, history_days: int = HISTORY_DAYS, is_thinned: bool = True) -> tuple[Record, ...]:
    """Everything that the books do, after so many days, and the market.

    is_thinned : of each instrument only the first quote and the first trade of every second
    """
    begin_ns = CRYPTO.paced_from_ns - history_days * DAY_NS
    seen: set[tuple[str, str | None, int]] = set()
    kept: list[Record] = []
    for record in itertools.chain.from_iterable(read_records(CRYPTO.recording)):
        head = msgspec.json.decode(record.payload, type=_Head)
        key = (head.type, head.instrument, head.ts // SECOND_NS)
        if head.type == "close" and head.ts < begin_ns:
            continue
        if is_thinned and head.type in ("quote", "trade"):
            if key in seen:
                continue
            seen.add(key)
        kept.append(record)
    return tuple(kept)
