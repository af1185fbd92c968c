"""What one look at the topics gave."""

from collections import Counter
from dataclasses import dataclass

from feeds.merge import Partition
from feeds.prices import Item, Prices, count_of, expanded
from feeds.record import Record


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look gave: inputs whose records have n = 0, and the partitions that were read to their end just then."""

    items: list[Item]
    ends: list[Partition]

    @property
    def records(self) -> list[Record]:
        """The records alone, as they came."""
        return [item.record for item in expanded(self.items)]

    def counts(self) -> dict[str, int]:
        """Return how many inputs came, by topic."""
        counts: Counter[str] = Counter()
        for item in self.items:
            counts[item.topic if isinstance(item, Prices) else item.record.topic] += count_of(item)
        return counts
