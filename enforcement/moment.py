"""The moment at which the enforcer looks: core time, what woke it, and how open time passes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Wake = Literal["price", "other", "time"]


@dataclass(frozen=True, slots=True)
class Moment:
    """When and why a scope is looked at.

    n            : count of the core's inputs
    ts           : core time, ns
    cause        : "price" for a quote or trade on a held instrument or an FX pair it needs; "time" for a timer
                   or a heartbeat, which is no news of the book and confirms nothing; anything else, such as a fill, an
                   order, a nav, a row or a result, is "other" and confirms at once
    suspect      : the price is quarantined: it neither advances nor resets a confirmation, fires and clears nothing
    ask_quoted   : says whether the scope has had a quote or trade within three sessions; otherwise recovery counts rows
    rows         : completed rows so far
    new_row      : this event completed a row
    session      : index of the base session
    offsets      : (partition, offset) pairs in a fixed order
    ask_digest   : gives the digest of everything the measures were computed from; both are asked only where needed
    ts_event     : event time where it differs from core time (clock: wall); None: the same
    """

    n: int
    ts: int
    cause: Wake
    suspect: bool
    ask_quoted: Callable[[], bool]
    rows: int
    new_row: bool
    session: int
    offsets: tuple[tuple[str, int], ...]
    ask_digest: Callable[[], str]
    ts_event: int | None = None

    @property
    def quoted(self) -> bool:
        """Say whether the scope has had a quote or trade within three sessions."""
        return self.ask_quoted()

    @property
    def input_digest(self) -> str:
        """Return the digest of everything the measures were computed from."""
        return self.ask_digest()


class OpenTime(Protocol):
    """Open time of a scope: any calendar it holds is open."""

    def advance(self, scope: str, start_ns: int, open_ns: int) -> int:
        """Return the core time at which `open_ns` of the scope's open time has passed since `start_ns`.

        It must not depend on anything but its arguments and the calendars; `advance(s, t, 0) == t`.
        """
        ...
