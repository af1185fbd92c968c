"""Which shard of the process holds a root: what keeps a command from being refused, or applied, by all of them."""

from collections.abc import Iterable, Mapping

from feeds.events import (
    Ack,
    Approve,
    Command,
    Fill,
    FillCancel,
    Foreign,
    Halt,
    Label,
    LimitsCommand,
    ModeCommand,
    Nav,
    Order,
    Override,
    OverrideEnd,
    Position,
    PositionsSnapshot,
    Reinstate,
    ResetHwm,
)
from feeds.prices import Item, Prices
from feeds.record import Input, Rejection, RejectReason
from risk.portfolios import root_of

FIRST_SHARD = 0  # answers for what nobody has seen


class Homes:
    """Positions partition by root, as the cores of this process saw it first.

    Routing is decided before the journal, which holds its outcome: a replay asks nobody.
    several : the process has more than one shard; a single one keeps everything
    known   : homes that the configuration tells
    leaving : roots that the first shard may still hold as unknown, and their homes
    """

    def __init__(self, known: Mapping[str, int], *, several: bool) -> None:
        self.several = several
        self._home = dict(known)
        self.leaving: dict[str, int] = {}

    def learn(self, known: Iterable[Mapping[str, int]]) -> None:
        """Take in what every core knows, in the order of the shards: the first to see a root keeps it."""
        new: dict[str, int] = {}
        for homes in known:
            new = {root: home for root, home in homes.items() if root not in self._home} | new
        self._home |= new
        self.leaving |= {root: home for root, home in new.items() if home != FIRST_SHARD}

    def route(self, items: list[Item], shard: int) -> list[Item]:
        """Return a shard's inputs: refused where the root lives elsewhere, foreign where a command's root does."""
        if not self.several:
            return items
        return [item if isinstance(item, Prices) else self._routed(item, shard) for item in items]

    def _routed(self, item: Input, shard: int) -> Input:
        match item.event:
            case Position() | PositionsSnapshot() | Fill() | FillCancel() | Order() | Nav():
                root = root_of(item.event.portfolio)
                home = self._home.get(root, shard)
                if home == shard:
                    return item
                detail = f"root {root} belongs to partition {home}, got {shard}"
                return Input(item.record, Rejection(RejectReason.WRONG_PARTITION, detail))
            case ModeCommand(scope=None) | OverrideEnd(scope=None) | Approve(scope=None) | LimitsCommand():
                return item  # every core has limits, and only the one that made a request knows it
            case Halt() | Reinstate() | ResetHwm() | Override() | ModeCommand() | Label() | OverrideEnd() | Approve():
                # A root that nobody has seen yet may turn out to be anybody's, as may a glob: each core hears of it.
                scope = item.event.scope
                home = FIRST_SHARD if scope is None else self._home.get(root_of(scope), shard)
                return item if home == shard else Input(item.record, Foreign())
            case Ack() if item.event.scope is not None:
                home = self._home.get(root_of(item.event.scope), shard)
                return item if home == shard else Input(item.record, Foreign())
            case Command():
                return item if shard == FIRST_SHARD else Input(item.record, Foreign())
            case _:
                return item
