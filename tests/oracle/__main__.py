"""The engine against the oracle at random points of a recording: python -m tests.oracle [NAME|PATH] [POINTS]."""

import itertools
import json
import random
import sys
import time
from pathlib import Path

from daemon.numba_cache import use_numba_cache

_POINTS = 1_000
_LINES_SHOWN = 400


def main() -> int:
    """Print the differences and the count of points; 1 where there is a difference.

    The first argument names a shipped recording (equities, crypto) or is the path of one that runs under the
    configuration of the first.
    """
    use_numba_cache()
    from daemon.shipped import EQUITIES, shipped_by_name
    from daemon.wiring import build_setup
    from feeds.recording import read_records
    from tests.replay.test_oracle import compare_at

    named = sys.argv[1] if len(sys.argv) > 1 else EQUITIES.name
    shipped = shipped_by_name(named)
    recording, config = (Path(named), EQUITIES.config) if shipped is None else (shipped.recording, shipped.config)
    records = itertools.chain.from_iterable(read_records(recording))
    events = [json.loads(record.payload) for record in records]
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else _POINTS
    points = set(random.Random(7).sample(range(1, len(events) + 1), min(wanted, len(events))))
    begun = time.process_time()
    found = compare_at(events, build_setup(config), points)
    print("\n".join(found[:_LINES_SHOWN]))
    seconds = time.process_time() - begun
    print(
        f"{named}: {len(events)} events, {len(points)} points, {len(found)} differences, {seconds:.0f} s of processor"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
