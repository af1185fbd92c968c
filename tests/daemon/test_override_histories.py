"""Histories of commands against a plain model: which level, which pin, who is kept back, minute by minute."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.daemon.command_desk import LEVERAGE, at, desk_setup, override, played, priced, said, sent, trades
from tests.helpers import EventDict

LEVEL = 2.2  # between two steps of the leverage
# It fires and clears at once, so that the plain model needs no memory of its own.
PLAIN: dict[str, object] = {
    **LEVERAGE, "scope": "firm/a", "keep_firing_for": "0s",
    "levels": [{"at": LEVEL, "clear_at": LEVEL - 0.001, "action": "halt"}],
}  # fmt: skip
SEVERITY = ("ACTIVE", "THROTTLED", "REDUCING", "HALTED")
MINUTES = 40

VALUES = st.sampled_from([1.25, 1.75, 2.25, 2.75, 3.25])
SCOPES = st.sampled_from(["firm/a", "firm/*", "**", "firm/b", "firm"])
LENGTHS = st.integers(1, 25)
STEPS = st.one_of(
    st.tuples(st.just("trade"), st.sampled_from([-1.0, -0.5, 0.5, 1.0]), st.just("")),
    st.tuples(st.just("level"), VALUES, st.tuples(SCOPES, LENGTHS, st.sampled_from(["bob", "ana", ""]))),
    st.tuples(st.just("suppress"), st.just(0.0), st.tuples(SCOPES, LENGTHS, st.just(""))),
    st.tuples(st.just("pin"), st.sampled_from(SEVERITY), st.tuples(SCOPES, LENGTHS, st.sampled_from(["bob", "ana"]))),
    st.tuples(st.just("end"), st.integers(0, 5), st.just("")),
)


@dataclass
class Plain:
    """The model: leverage by minute, and exceptions as (name, kind, value, from, to) in seconds after noon."""

    events: list[EventDict] = field(default_factory=list)
    leverage: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 1.0)])
    exceptions: list[list[object]] = field(default_factory=list)

    def take(self, minute: int, step: tuple[str, float | str, object]) -> None:
        """Turn a step into events, and into what they mean."""
        kind, value, more = step
        if kind == "trade":
            now = self.leverage[-1][1] + float(value)
            if 0.25 <= now <= 4.0:
                self.events.append(trades(minute, 100.0 * float(value)))
                self.leverage.append((60.0 * minute, now))
        elif kind == "end":
            if int(value) < len(self.exceptions):
                name = str(self.exceptions[int(value)][0])
                self.events.append(said("override_end", minute, f"e{minute}", override_id=name))
                self.exceptions[int(value)][4] = min(float(str(self.exceptions[int(value)][4])), 60.0 * minute)
        else:
            assert isinstance(more, tuple)
            self.make(minute, kind, value, *more)

    def make(self, minute: int, kind: str, value: float | str, scope: str, minutes: int, approver: str) -> None:
        """Ask for an exception, and have it approved, by whom it may be or not."""
        name, until = f"o{minute}", minute + minutes + 0.5
        covers = scope in ("firm/a", "firm/*", "**")
        if kind == "level" and not covers:
            return  # refused: the limit is on firm/a alone
        if kind == "suppress" and not covers:
            return
        fields: dict[str, object] = {
            "level": {"kind": "limit_increase", "limit": "lev", "value": value},
            "suppress": {"kind": "suppress", "limit": "lev"},
            "pin": {"kind": "pin_state", "state": value},
        }[kind]
        self.events.append(override(minute, name, until, scope=scope, **fields))
        begins = 60.0 * minute
        if value == "ACTIVE" or (kind == "level" and float(value) > LEVEL):
            if approver:
                self.events.append(said("approve", minute + 0.25, f"{name}+", by=approver, approves=name))
            begins = 60.0 * (minute + 0.25) if approver == "bob" else 1e9
        if covers or scope == "firm":
            effect = kind if covers else f"{kind} above"
            self.exceptions.append([name, effect, value, begins, 60.0 * until])

    def state_at(self, second: float) -> str:
        """Return what firm/a itself is held to."""
        on = [each for each in self.exceptions if float(str(each[3])) <= second < float(str(each[4]))]
        levels = [
            float(str(each[2])) for each in sorted(on, key=lambda each: float(str(each[3]))) if each[1] == "level"
        ]
        tighter = [level for level in levels if level < LEVEL]
        level = min(tighter) if tighter else (levels[-1] if levels else LEVEL)
        kept_back = any(each[1] == "suppress" or each[1:3] == ["pin", "ACTIVE"] for each in on)
        leverage = [value for since, value in self.leverage if since <= second][-1]
        own = "HALTED" if leverage > level and not kept_back else "ACTIVE"
        pins = [str(each[2]) for each in on if each[1] == "pin"]
        return max([own, *pins], key=SEVERITY.index)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=12))
def test_any_history_leaves_the_book_as_a_plain_model_says(steps: list[tuple[str, float | str, object]]) -> None:
    plain = Plain()
    for place, step in enumerate(steps):
        plain.take(1 + 3 * place, step)
    run = played(plain.events, [priced(MINUTES + 30)], setup=desk_setup(PLAIN))
    actions = sent(run.outputs.actions)
    for half_minutes in range(2 * (MINUTES + 29)):
        second = 30.0 * half_minutes + 20.0
        told = [action.trading_state.value for action in actions if action.ts_decided <= at(second / 60.0)]
        assert (told or ["ACTIVE"])[-1] == plain.state_at(second), f"{second} s after noon"
