"""A record on its way out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish; `partition` is given, never left to a hash."""

    topic: str
    partition: int
    key: bytes
    value: bytes
