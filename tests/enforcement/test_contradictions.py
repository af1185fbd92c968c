"""What contradicts an applied action, held for any history of a book against a plain model of it."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from enforcement.contradictions import Moved, Ordered, Watch
from enforcement.records import Target

GRACE = 30
NAMES = ("A", "B")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), st.sampled_from(NAMES), st.integers(-6, 6), st.integers(-40, 5)),
        st.tuples(st.just("order"), st.sampled_from(("o1", "o2")), st.integers(0, 4), st.just(0)),
    ),
    max_size=30,
)


@dataclass
class Held:
    """A book of two names, and the increasing parts of its orders."""

    quantities: dict[str, float] = field(default_factory=lambda: {"A": 5.0, "B": -3.0})
    orders: dict[str, float] = field(default_factory=dict)

    def quantity(self, _scope: str, instrument: str) -> float:
        return self.quantities[instrument]

    def pending_reduction(self, _scope: str, _instrument: str) -> float:
        return 0.0

    def increasing(self, _root: str, order_id: str) -> float:
        return self.orders.get(order_id, 0.0)


@settings(max_examples=300)
@given(STEPS)
def test_for_any_history_it_holds_what_a_plain_model_says(steps) -> None:
    """The model: of each name the quantity before its first growth; over when the book is within it, on its side."""
    watch, books = Watch(100, 100 + GRACE, "id"), Held()
    allowed: dict[str, float] = {}
    now = 100
    for kind, name, amount, lag in steps:
        now += 7
        ts = now + min(lag, 0)
        is_judged = now >= 100 + GRACE and ts > 100
        if kind == "order":
            was = books.orders.get(name, 0.0)
            books.orders[name] = float(amount)
            if amount > was:
                watch.judge(Ordered("b", "A", name, float(amount), ts), now)
                if is_judged:
                    allowed[name] = 0.0
        else:
            before = books.quantities[name]
            after = books.quantities[name] = before + amount
            watch.judge(Moved("b", name, before, after, ts), now)
            if is_judged and (abs(after) > abs(before) or before * after < 0) and name not in allowed:
                allowed[name] = before
        watch.conform("b", books)
        for each in list(allowed):
            held = books.orders[each] if each in books.orders else books.quantities[each]
            lower, upper = sorted((0.0, allowed[each]))
            if lower <= held <= upper:
                del allowed[each]
        found = {each.order_id or each.subject: each.allowed for each in watch.found.values()}
        assert found == allowed


def test_targets_that_are_asked_for_less_or_no_more_are_forgiven() -> None:
    books = Held()
    watch = Watch(0, 0, "id", targets=(Target("A", 3.0, "sell"), Target("B", 1.0, "buy")))
    assert watch.meet("b", books)
    assert {each.subject: each.allowed for each in watch.found.values()} == {"A": 3.0, "B": -1.0}
    assert not watch.meet("b", books), "what was found before is not new"
    watch.forgive_targets({"A": 4.0, "B": 0.5})
    assert {each.subject: each.allowed for each in watch.found.values()} == {"A": 4.0, "B": -1.0}
    watch.forgive_targets({"A": 6.0})
    watch.conform("b", books)
    assert watch.found == {}
