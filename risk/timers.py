"""Timers of the core: due times in event time, fired in the order (due, id)."""

import heapq


class Timers:
    """A queue of named timers; arming a name again moves it, and core time alone decides what is due."""

    __slots__ = ("_due", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}

    def arm(self, name: str, due_ns: int) -> None:
        """Set the timer `name` to fire at `due_ns`."""
        if self._due.get(name) != due_ns:
            self._due[name] = due_ns
            heapq.heappush(self._heap, (due_ns, name))

    def cancel(self, name: str) -> None:
        """Forget the timer `name`; nothing happens where it is not armed."""
        self._due.pop(name, None)

    def armed(self, name: str) -> bool:
        """Say whether the timer `name` waits."""
        return name in self._due

    def next_due_ns(self) -> int | None:
        """Return the earliest due time, or None where nothing waits."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ns: int) -> tuple[int, str] | None:
        """Remove and return the first timer with due <= now_ns as (due, name), or None."""
        due = self.next_due_ns()
        if due is None or due > now_ns:
            return None
        _, name = heapq.heappop(self._heap)
        del self._due[name]
        return due, name
