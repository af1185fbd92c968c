"""One number of a scope out of the four books that working orders could make (docs/decisions/0027)."""

import math

from tests.oracle.facts import Status
from tests.oracle.view import Number

_NAMES_MIN = 8
_POSITIONS_ONLY = ("drawdown", "turnover")


def worst_metrics(books: dict[str, dict[str, Number]], names: dict[str, int]) -> dict[str, Number]:
    """Combine the metrics of each book.

    names : count of instruments with an exposure, by book
    """
    plain = books["none"]
    if len(books) == 1:
        return plain
    found = {}
    for name, number in plain.items():
        if name in _POSITIONS_ONLY:
            found[name] = number
        elif name in ("top_share", "hhi"):
            found[name] = worst([number, books["larger"][name]])
        else:
            found[name] = worst([metrics[name] for metrics in books.values()])
    if not names["none"]:
        found["tail_ratio"] = books["larger"]["tail_ratio"]  # the fit is of that book then
    if names["none"] < _NAMES_MIN <= names["larger"]:
        found |= {name: books["larger"][name] for name in ("top_share", "hhi")}
    return found


def worst(numbers: list[Number]) -> Number:
    """Return the largest value and the worst status; one that is missing hides the others, but for infinity.

    A ratio that an empty book does not have (None, OK) hides nothing.
    """
    status = max((Status[str(one["status"])] for one in numbers), default=Status.OK)
    values = [one["value"] for one in numbers if one["value"] is not None or one["status"] != "OK"]
    known = [value for value in values if isinstance(value, float)]
    if math.inf in known:
        return {"value": math.inf, "status": status.name}
    return {"value": max(known) if known and len(known) == len(values) else None, "status": status.name}


def book_at_worst(books: dict[str, dict[str, Number]], name: str) -> str:
    """Return the first book in which a metric is at its worst: infinite before missing before large."""

    def rank(book: str) -> tuple[int, float]:
        value = books[book][name]["value"]
        if not isinstance(value, float):
            return 1, 0.0
        return (2, 0.0) if value == math.inf else (0, value)

    return max(books, key=rank)
