"""What every limit says to an order, put into words when somebody reads an answer, of the moment that it was given."""

from dataclasses import replace

from daemon.order_path import HeldTo
from enforcement.order_limits import Numbers, OrderLimits, Verdict
from risk.measures import METRICS
from risk.preview import Fitted


def no_verdicts() -> tuple[Verdict, ...]:
    """Explain an order that all limits are content with."""
    return ()


def explain(
    limits: OrderLimits, held: HeldTo, fitted: Fitted, own: list[Verdict], known: list[int], *, is_spared: bool
) -> tuple[Verdict, ...]:
    """Return every verdict, scope by scope, those of sensors' own numbers last; all given is of the answer's moment.

    known     : by place on the path: 0 where nobody knows the book
    is_spared : the order only reduces a position, so that nothing stops it
    """
    found: list[Verdict] = []
    before, whole = fitted.before, fitted.whole
    for place, levels in enumerate(held.levels if fitted.is_loud else ()):
        numbers = Numbers(
            before.values[place].tolist(), before.statuses[place].tolist(), whole.values[place].tolist(),
            whole.statuses[place].tolist(), held.ceilings.apart[place].tolist(),
        )  # fmt: skip
        loud = fitted.loud[place].tolist() if known[place] else [1] * len(METRICS)
        found += limits.verdicts(levels, numbers if known[place] else numbers.unknown(), loud)
    found += own
    if is_spared:
        found = [replace(each, says="spared") if each.says == "stops" else each for each in found]
    return tuple(found)
