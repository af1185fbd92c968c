"""What contradicts an applied action, held for any history of a book against a plain model of it."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from enforcement.contradictions import Due, Moved, Ordered, Watch
from enforcement.records import BookTarget, Target

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

    def sellable_under(self, path: str) -> dict[tuple[str, str], float]:
        return {(path, name): quantity for name, quantity in self.quantities.items() if quantity}

    def increasing_under(self, path: str) -> dict[tuple[str, str, str], float]:
        return {(path, "A", name): part for name, part in self.orders.items() if part > 0.0}


@dataclass
class Firm(Held):
    """Two books under a parent: what each holds of A."""

    books: dict[str, float] = field(default_factory=lambda: {"firm/a": 70.0, "firm/b": 30.0})

    def quantity(self, scope: str, _instrument: str) -> float:
        return self.books.get(scope, sum(self.books.values()))


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
    watch = Watch(0, 0, "id", due=Due((Target("A", 3.0, "sell"), Target("B", 1.0, "buy"))))
    assert watch.meet("b", books)
    assert {each.subject: each.allowed for each in watch.found.values()} == {"A": 3.0, "B": -1.0}
    assert not watch.meet("b", books), "what was found before is not new"
    watch.forgive("b", Due((Target("A", 4.0, "sell"), Target("B", 0.5, "buy"))))
    assert {each.subject: each.allowed for each in watch.found.values()} == {"A": 4.0, "B": -1.0}
    watch.forgive("b", Due((Target("A", 6.0, "sell"),)))
    watch.conform("b", books)
    assert watch.found == {}


def shared(*, net: float = 60.0) -> Watch:
    """The firm may hold 60: 42 in a, 18 in b."""
    shares = (BookTarget("firm/a", "A", 42.0, "sell"), BookTarget("firm/b", "A", 18.0, "sell"))
    return Watch(0, 0, "id", due=Due((Target("A", net, "sell"),), shares))


def found(watch: Watch) -> dict[str, tuple[str, bool]]:
    return {each.book: (each.kind, each.is_grave) for each in watch.found.values()}


def test_a_book_that_ignores_its_share_is_named_and_the_one_that_did_its_own_is_not() -> None:
    watch = shared()
    assert watch.meet("firm", Firm(books={"firm/a": 42.0, "firm/b": 30.0}))
    assert found(watch) == {"firm/b": ("share", True)}
    assert next(iter(watch.found.values())).text == "firm/b A is 30, over its share 18"


def test_a_share_that_another_book_has_sold_instead_is_told_and_no_more() -> None:
    watch, firm = shared(), Firm(books={"firm/a": 30.0, "firm/b": 30.0})
    assert watch.meet("firm", firm)
    assert found(watch) == {"firm/b": ("share", False)}
    assert not watch.meet("firm", firm)
    firm.books["firm/a"] = 42.0
    assert watch.meet("firm", firm), "now the firm is over its target by it"
    assert found(watch) == {"firm/b": ("share", True)}
    firm.books["firm/b"] = 18.0
    watch.conform("firm", firm)
    assert watch.found == {}


def test_a_missed_share_that_grows_on_is_grave_and_conforms_under_the_share_alone() -> None:
    watch, firm = shared(), Firm(books={"firm/a": 20.0, "firm/b": 30.0})
    watch.meet("firm", firm)
    watch.judge(Moved("firm/b", "A", 30.0, 35.0, 9), 9)
    assert found(watch) == {"firm/b": ("share", True)}
    firm.books["firm/b"] = 30.0
    watch.conform("firm", firm)
    assert found(watch) == {"firm/b": ("share", True)}


def test_a_net_target_that_a_closed_hedge_has_put_out_of_reach_contradicts_nobody() -> None:
    """b was short 10 against a; closing that is always allowed, and what it makes of the firm is riskd's to see."""
    shares = (BookTarget("firm/a", "A", 42.0, "sell"),)
    watch = Watch(0, 0, "id", due=Due((Target("A", 32.0, "sell"),), shares))
    assert not watch.meet("firm", Firm(books={"firm/a": 42.0, "firm/b": 0.0}))


def test_what_was_to_be_flat_or_taken_back_and_is_not_is_a_contradiction_while_it_is_asked_for() -> None:
    books = Held(orders={"o1": 4.0, "o2": 0.0})
    watch = Watch(0, 0, "id", due=Due(cancels=True, flattens=True))
    assert watch.meet("b", books)
    assert sorted(each.text for each in watch.found.values()) == [
        "b A is 5, and was to be flat", "b B is -3, and was to be flat", "order o1 in b A still increases by 4",
    ]  # fmt: skip
    books.quantities["A"], books.orders["o1"] = 1e-13, 0.0
    watch.conform("b", books)
    assert [each.subject for each in watch.found.values()] == ["B"]
    watch.forgive("b", Due(cancels=True))
    assert watch.found == {}
