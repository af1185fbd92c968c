"""`make bench`: measure, print a table beside the goals of performance.md, and write JSON where asked."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from daemon.numba_cache import use_numba_cache

use_numba_cache()

# numba reads its cache's folder when it is imported
from tests.benchmarks import decisions, occasions, replays  # noqa: E402
from tests.benchmarks.figures import Figure, machine, show, write  # noqa: E402
from tests.benchmarks.kafka_daemon import kafka_daemon  # noqa: E402
from tests.benchmarks.kafka_echo import kafka_echo  # noqa: E402
from tests.benchmarks.kafka_sustained import kafka_sustained  # noqa: E402
from tests.benchmarks.market import Market, make_market  # noqa: E402
from tests.benchmarks.pretrade import pretrade  # noqa: E402
from tests.benchmarks.reductions import reductions  # noqa: E402

_INSTRUMENTS, _BOOKS, _ROWS = 500, 10, 757

# In this order: what moves the market's time to another session comes last.
_ON_MARKET: dict[str, Callable[[Market], Figure]] = {
    "json": replays.json_one_book,
    "journal": replays.journal_one_book,
    "decode": replays.bare_decode,
    "json-all": replays.json_all_books,
    "hot": decisions.hot,
    "hot-orders": decisions.hot_with_orders,
    "paced": decisions.paced,
    "rows": occasions.row_completion,
}
_ALONE: dict[str, Callable[[], Figure | list[Figure]]] = {
    "jitter": occasions.jitter,
    "json-firing": replays.json_firing,
    "fit": occasions.tail_fit,
    "start": occasions.start,
    "kafka-action": kafka_daemon,
    "kafka-echo": kafka_echo,
    "kafka-rate": kafka_sustained,
    "bars": decisions.bars,
    "pretrade": pretrade,
    "reductions": reductions,
    "growth": decisions.growth,
}
_ONLY_ASKED = ("growth",)  # takes minutes to build


def main() -> None:
    """Measure what is named, or everything but `growth`."""
    names = (*_ON_MARKET, *_ALONE)
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=main.__doc__)
    parser.add_argument("--json", type=Path, help="write every number to this file too")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in names]:
        parser.error(f"names must be of {', '.join(names)}, got {', '.join(unknown)}")
    chosen = [name for name in names if name in asked.names or (not asked.names and name not in _ONLY_ASKED)]
    before = machine()
    figures = [figure for name in chosen if name in _ALONE for figure in _timed(name, _ALONE[name])]
    if any(name in _ON_MARKET for name in chosen):
        begun = time.perf_counter()
        market = make_market(_INSTRUMENTS, _BOOKS, _ROWS)
        print(
            f"market of {_INSTRUMENTS} names and {_ROWS} rows made in {time.perf_counter() - begun:.0f} s", flush=True
        )
        if "json-all" not in chosen and {"hot", "hot-orders", "paced"} & set(chosen):
            market.hold(each_book_holds_all=True)
        for name in chosen:
            if name in _ON_MARKET:
                figures += _timed(name, _of(market, _ON_MARKET[name]))
    show(figures, before)
    if asked.json is not None:
        write(asked.json, figures, before)


def _of(market: Market, measure: Callable[[Market], Figure]) -> Callable[[], Figure]:
    return lambda: measure(market)


def _timed(name: str, measure: Callable[[], Figure | list[Figure]]) -> list[Figure]:
    begun = time.perf_counter()
    measured = measure()
    print(f"{name} measured in {time.perf_counter() - begun:.0f} s", flush=True)
    return measured if isinstance(measured, list) else [measured]


if __name__ == "__main__":
    main()
