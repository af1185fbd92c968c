"""The timer of a breach life: when it must be looked at again without any event."""

from enforcement.life import Life, timer_due_ns
from risk.timers import Timers


def arm(timers: Timers, name: str, life: Life, now_ns: int) -> None:
    """Arm or cancel the timer of a life, at core time `now_ns`.

    What is due already waits for something else than time: another price, or rows of a book without prices.
    """
    due_ns = timer_due_ns(life)
    if due_ns is not None and due_ns > now_ns:
        timers.arm(name, due_ns)
    else:
        timers.cancel(name)
