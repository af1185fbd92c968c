"""The engine against the oracle at 1,000 random points of a recording: python -m tests.oracle [RECORDING]."""

import itertools
import json
import random
import sys
from pathlib import Path

from daemon.numba_cache import use_numba_cache

_POINTS = 1_000


def main() -> int:
    """Print every difference and the count of points; 1 where there is a difference."""
    use_numba_cache()
    from daemon.shipped import demo_config, shipped_recording
    from daemon.wiring import build_setup
    from feeds.recording import read_records
    from tests.replay.test_oracle import compare_at

    recording = Path(sys.argv[1]) if len(sys.argv) > 1 else shipped_recording()
    records = itertools.chain.from_iterable(read_records(recording))
    events = [json.loads(record.payload) for record in records]
    points = set(random.Random(7).sample(range(1, len(events) + 1), min(_POINTS, len(events))))
    found = compare_at(events, build_setup(demo_config()), points)
    print("\n".join(found))
    print(f"{len(events)} events, {len(points)} points, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
