"""How far each partition has been read: what a decision says of where in its inputs the core stood."""

from collections.abc import Mapping, Sequence

from daemon.price_runs import PriceRun
from feeds.prices import Prices
from feeds.record import Input, Record


class InputOffsets:
    """Offset of the last record of each partition, by "topic-partition"."""

    def __init__(self) -> None:
        self._by_place: dict[str, int] = {}
        self._sorted: tuple[tuple[str, int], ...] | None = ()

    @property
    def by_place(self) -> Mapping[str, int]:
        """The offsets as they are now."""
        return self._by_place

    @property
    def sorted(self) -> tuple[tuple[str, int], ...]:
        """The offsets in the order of their places."""
        if self._sorted is None:
            self._sorted = tuple(sorted(self._by_place.items()))
        return self._sorted

    def note(self, record: Record) -> None:
        """Remember how far a partition has been read."""
        if record.n and record.partition >= 0:
            self._by_place[f"{record.topic}-{record.partition}"] = record.offset
            self._sorted = None

    def note_run(self, inputs: Sequence[Input]) -> None:
        """Remember how far a run of prices has been read: the last record of each partition tells."""
        seen: set[tuple[str, int]] = set()
        for item in reversed(inputs):
            record = item.record
            place = (record.topic, record.partition)
            if place not in seen:
                seen.add(place)
                self.note(record)

    def note_part(self, inputs: Sequence[Input], run: PriceRun, start: int, stop: int) -> int:
        """Remember how far a part of a run has come; return its last n, 0 where it has none: ticks have no n, and come
        from nowhere.
        """
        for at in range(stop - 1, start - 1, -1):
            record = inputs.record(at) if isinstance(inputs, Prices) else inputs[at].record
            if record.n:
                if run.has_one_source:
                    self.note(record)
                else:
                    self.note_run(inputs[start : at + 1])
                return record.n
        return 0
