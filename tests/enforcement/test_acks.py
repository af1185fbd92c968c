"""Who owes an acknowledgement, held against a plain model that keeps every word of every history."""

from hypothesis import given, settings
from hypothesis import strategies as st

from enforcement.acks import AWAITED_MAX, Result, Said, ScopeAcks, Standing

WITHIN, PARTIAL = 50, 70
CONSUMERS = ("a", "b", "c")
RESULTS: tuple[Result, ...] = ("applied", "rejected", "partial", "superseded", "expired")
NAMES = st.sampled_from([(), ("a",), ("a", "b")])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.booleans()),
        st.tuples(st.just("say"), st.integers(0, 12), st.sampled_from(CONSUMERS), st.sampled_from(RESULTS)),
    ),
    max_size=40,
)


class Model:
    """All actions and all words that counted, nothing forgotten."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.actions: list[tuple[str, int | None]] = []
        self.words: list[tuple[int, str, Result, int]] = []  # place of the action, who, what, until when

    @property
    def first(self) -> int:
        """Place of the first action that may still be awaited: everything up to one that asks for nothing is over."""
        return max((place + 1 for place, (_, due) in enumerate(self.actions) if due is None), default=0)

    def said(self, place: int) -> dict[str, tuple[Result, int]]:
        found: dict[str, tuple[Result, int]] = {}
        for at, who, result, until in self.words:
            if at == place:
                before = found.get(who)
                goes_on = before is not None and before[0] == result == "partial"
                found[who] = (result, before[1] if before is not None and goes_on else until)
        return found

    def due_of(self, words: list[dict[str, int]], is_any: bool, places: range) -> int | None:
        """When somebody is late whose words, by place of the action, are these: {name: until}, 0 is for good."""
        settled = [place for place, word in zip(places, words, strict=True) if word]
        for place in places:
            if place > max(settled, default=-1):
                return self.actions[place][1]
        untils = list(words[-1].values())
        if is_any and 0 in untils:
            return None
        return max(untils, default=0) or None

    def owed(self) -> tuple[int | None, tuple[str, ...], bool]:
        places = range(self.first, len(self.actions))
        if not places:
            return None, (), True
        everything = [self.said(place) for place in places]
        newest = everything[-1]
        refusers = tuple(sorted(who for who, (result, _) in newest.items() if result in ("rejected", "expired")))
        if self.names:
            dues = [
                self.due_of([{who: word[who][1]} if who in word else {} for word in everything], False, places)
                for who in self.names
            ]
            is_met = all(who in newest for who in self.names)
        else:
            untils = [{who: until for who, (result, until) in word.items()} for word in everything]
            applied = [any(result == "applied" for result, _ in word.values()) for word in everything]
            if applied[-1]:
                untils[-1] = {"somebody": 0}
            elif newest:
                untils[-1] = {"last": max(until for _, until in newest.values())}
            dues = [self.due_of(untils, True, places)]
            is_met = bool(newest)
        waiting = [due for due in dues if due is not None]
        return min(waiting, default=None), refusers, is_met and not refusers


@settings(max_examples=400)
@given(NAMES, STEPS)
def test_any_history_leaves_owed_what_a_model_that_forgets_nothing_says(names, steps) -> None:
    acks, model, now = ScopeAcks(), Model(names), 0
    for step in steps:
        now += 7
        if step[0] == "publish":
            due = now + WITHIN if step[1] else None
            model.actions.append((f"n{len(model.actions)}", due))
            acks.publish(model.actions[-1][0], asked_ns=now, due_ns=due)
        elif model.actions:
            _, back, who, result = step
            place = max(0, len(model.actions) - 1 - back)
            said = Said(result, None, now + PARTIAL if result == "partial" else 0)
            standing = acks.take(model.actions[place][0], who, said, names)
            is_newest = place == len(model.actions) - 1
            if names and who not in names:
                assert standing is Standing.STRANGER
                continue
            if standing is Standing.COUNTS:
                assert is_newest
            if place >= model.first and not (is_newest and result == "superseded"):
                model.words.append((place, who, result, said.due_ns))
        owed = acks.owed(names)
        assert (owed.due_ns, owed.refusers, owed.is_met) == model.owed()


def test_only_so_many_unacknowledged_actions_are_kept_and_the_first_keeps_its_deadline() -> None:
    acks = ScopeAcks()
    for number in range(3 * AWAITED_MAX):
        acks.publish(f"n{number}", asked_ns=number, due_ns=number + WITHIN)
    assert len(acks.awaited) == AWAITED_MAX
    assert acks.owed(()).due_ns == WITHIN
    assert acks.take(f"n{3 * AWAITED_MAX - 1}", "a", Said("applied", None), ()) is Standing.COUNTS
    assert acks.owed(()).due_ns is None
