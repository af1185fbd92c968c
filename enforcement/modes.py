"""Which mode a limit is under in a scope: the configuration's, and what operators have said since."""

from collections.abc import Collection
from dataclasses import dataclass

from config.schema import Limit, Mode
from enforcement.limits import matches, may_match_below


@dataclass(frozen=True, slots=True)
class ModeOrder:
    """An operator's word on a mode: of one limit or of all (None), in the scopes of a path or glob or in all (None)."""

    mode: Mode
    limit: str | None
    scope: str | None
    command_id: str

    def covers(self, limit: str, scope: str) -> bool:
        """Say whether it speaks of the limit in the scope."""
        return self.limit in (None, limit) and (self.scope is None or matches(self.scope, scope))

    def reaches(self, other: "ModeOrder") -> bool:
        """Say whether it speaks of all that `other` speaks of, so that a later word of it takes the other's place."""
        return self.limit in (None, other.limit) and self.scope in (None, other.scope)


class Modes:
    """The orders in force, oldest first.

    An order that names no limit stands in for `enforcement.mode`, one that does for the limit's own `mode`, so that
    the second beats the first as in the configuration. Of two of a kind the later one counts. configured: the mode of
    the configuration.
    """

    def __init__(self, configured: Mode) -> None:
        self.configured = configured
        self.orders: tuple[ModeOrder, ...] = ()

    @property
    def general(self) -> Mode:
        """The mode of limits without one of their own, in scopes of which nobody has said anything."""
        said = [each.mode for each in self.orders if each.limit is None and each.scope is None]
        return said[-1] if said else self.configured

    def take(self, order: ModeOrder) -> tuple[ModeOrder, ...]:
        """Take in an order; return those whose place it takes."""
        replaced = tuple(each for each in self.orders if order.reaches(each))
        self.orders = (*(each for each in self.orders if each not in replaced), order)
        return replaced

    def configure(self, mode: Mode, limits: Collection[str]) -> tuple[ModeOrder, ...]:
        """Go on with another configuration; return the orders whose place it takes, as `replaced_by` has them."""
        replaced = self.replaced_by(mode, limits)
        self.configured = mode
        self.orders = tuple(each for each in self.orders if each not in replaced)
        return replaced

    def replaced_by(self, mode: Mode, limits: Collection[str]) -> tuple[ModeOrder, ...]:
        """Return the orders that stood in for a mode that a configuration has changed; those of scopes stay.

        mode : of the configuration; limits: ids of those whose own mode it has changed
        """
        is_other = mode != self.configured
        return tuple(
            each
            for each in self.orders
            if each.scope is None and (is_other if each.limit is None else each.limit in limits)
        )

    def of(self, limit: Limit, scope: str) -> Mode:
        """Return the mode that the limit is under in the scope; hard and pinned limits are judged elsewhere."""
        covering = [each for each in self.orders if each.covers(limit.id, scope)]
        named = [each.mode for each in covering if each.limit is not None]
        if named:
            return named[-1]
        general = [each.mode for each in covering]
        return limit.mode or (general[-1] if general else self.configured)

    def may_be_full_below(self, limit: Limit, root: str) -> bool:
        """Say whether an order may put the limit in full mode in some scope of the root, also one that is not there."""
        return any(
            each.mode == "full"
            and each.scope is not None
            and (each.limit == limit.id or (each.limit is None and limit.mode is None))
            and may_match_below(each.scope, root)
            for each in self.orders
        )
