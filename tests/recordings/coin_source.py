"""Reads the real quotes and trades, cuts whole seconds out of them, and leaves out what repeats a price."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import zstandard

SOURCE_SHA256 = "ae0273bba04d38d78fdd4d17d760688ed29d88e48898cc8b54794e678cc6eea1"
BEGIN_S = 1_723_161_255  # 2024-08-08T23:54:15Z, the first whole second of the source
END_S = 1_723_161_904  # 2024-08-09T00:05:04Z, exclusive
SECOND_NS = 1_000_000_000
REPEAT_AGE_NS = SECOND_NS  # a price that repeats itself is kept once a second, so that it stays fresh


class Market(msgspec.Struct, frozen=True, omit_defaults=True):
    """One quote (bid, ask and their sizes) or trade (price and size) of the source, in its own order of fields."""

    type: str
    ts: int
    instrument: str
    bid: float | None = None
    ask: float | None = None
    bid_size: float | None = None
    ask_size: float | None = None
    price: float | None = None
    size: float | None = None

    @property
    def prices(self) -> tuple[float | None, float | None, float | None]:
        """What the event says of the price, whatever its sizes."""
        return self.bid, self.ask, self.price

    @property
    def mid(self) -> float:
        """Mid of a quote, price of a trade."""
        if self.price is not None:
            return self.price
        assert self.bid is not None
        assert self.ask is not None
        return 0.5 * (self.bid + self.ask)


def read_source(path: Path) -> Iterator[Market]:
    """Every quote and trade of the source file, in its order."""
    decoder = msgspec.json.Decoder(Market)
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        for line in io.BufferedReader(stream):
            yield decoder.decode(line)


def cut(events: Iterator[Market]) -> Iterator[Market]:
    """The events of the seconds [BEGIN_S, END_S), thinned, with strictly increasing `ts`.

    Left out is a quote or trade whose prices are those of the last one kept of its kind and instrument, less than a
    second before: only sizes changed. Every change of a price is kept, so marks are at every moment what the whole
    source would give. Of events at one nanosecond the later ones are moved up by single nanoseconds. Doing it twice
    changes nothing.
    """
    kept: dict[tuple[str, str], Market] = {}
    last_ts = 0
    for event in events:
        if not BEGIN_S <= event.ts // SECOND_NS < END_S:
            continue
        key = (event.type, event.instrument)
        before = kept.get(key)
        if before is not None and before.prices == event.prices and event.ts - before.ts < REPEAT_AGE_NS:
            continue
        moved = event if event.ts > last_ts else msgspec.structs.replace(event, ts=last_ts + 1)
        kept[key], last_ts = moved, moved.ts
        yield moved


@dataclass(slots=True)
class Prices:
    """What a desk sees: the last mid and the last trade of each instrument, and the mids of earlier seconds.

    mids   : quote currency per unit, by instrument
    trades : price of the last trade, by instrument
    """

    mids: dict[str, float] = field(default_factory=dict)
    trades: dict[str, float] = field(default_factory=dict)
    _past: dict[int, dict[str, float]] = field(default_factory=dict)

    def take(self, event: Market) -> None:
        """Take in the next event."""
        (self.trades if event.type == "trade" else self.mids)[event.instrument] = event.mid

    def end_second(self, second: int) -> None:
        """Remember the mids with which `second` begins."""
        self._past[second] = dict(self.mids)

    def move_bp(self, name: str, second: int, span_s: int) -> float:
        """How far the mid of `name` has moved in the last `span_s` seconds, in basis points; 0 before that is known."""
        before = self._past.get(second - span_s, {}).get(name)
        return 0.0 if before is None else 1e4 * (self.mids[name] / before - 1.0)
