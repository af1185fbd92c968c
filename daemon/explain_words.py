"""An explanation's sentences: what was asked of a book and why, what the bytes say, and what an input was."""

from collections.abc import Sequence

import msgspec

from daemon.explain_command import Explanation
from daemon.explain_pass import Recomputed
from daemon.summary import iso_time
from enforcement.builtin import OPERATOR_HALT
from enforcement.records import Action, ReduceParams, ThrottleParams
from feeds.events import CatchUpEnd, Tick
from feeds.record import Input, Rejection

_PAYLOAD_SHOWN_MAX = 300


def headline(recomputed: Recomputed) -> str:
    """Return in one sentence what the action asked of which book, when, and why."""
    action = recomputed.action
    is_shadow = recomputed.topic == "shadow"
    is_own = action.type == action.cause.published_type and action.cause.published_type != "none"
    verb = _would_have_been(action) if is_shadow else _was(action)
    if not is_own and action.type != "none":  # one limit has cleared or moved, and others still ask for more
        held = ", ".join(dict.fromkeys(each.limit for each in action.active if each.type == action.type))
        return (
            f"{action.scope} {verb}, still because of {held}, at {iso_time(action.ts_decided)}: "
            f"{action.cause.limit} {action.cause.transition.replace('>', ' to ')}: {action.reason}"
        )
    return f"{action.scope} {verb} at {iso_time(action.ts_decided)}: {action.reason} ({who(action)})"


def headlines(found: Sequence[Recomputed]) -> list[str]:
    """Return the sentence of each topic, or one where both say the same."""
    first = found[0]
    if len(found) > 1 and all(_is_alike(each.action, first.action) for each in found):
        return [headline(first)]
    return [headline(each) for each in found]


def is_timer(recomputed: Recomputed) -> bool:
    """Say whether a timer that fell due decided, before the input that brought the time was applied."""
    decision, ts = recomputed.scene.decision, getattr(recomputed.woke.event, "ts", None)
    return ts is not None and decision.ts_event == decision.ts_decided != ts


def _is_alike(one: Action, other: Action) -> bool:
    return (one.type, one.params, one.trading_state, one.active) == (
        other.type, other.params, other.trading_state, other.active,
    )  # fmt: skip


def who(action: Action) -> str:
    """Return whose decision it was: a limit and its level, or an operator."""
    if action.cause.limit == OPERATOR_HALT.id:
        return "by an operator's command"
    return f"limit {action.cause.limit}, level {action.cause.level}"


def verdict_line(explanation: Explanation) -> str:
    """Return whether the bytes match, in one line."""
    if explanation.is_match:
        count = sum(each.verdict == "match" for each in explanation.comparisons)
        kinds = sorted({_SOURCES[each.source] for each in explanation.comparisons if each.verdict == "match"})
        return f"MATCH: recomputed from its inputs, byte for byte as in {' and '.join(kinds)} ({count} records)"
    if not explanation.found:
        return "NO MATCH: its inputs do not give this action"
    if explanation.differs_by_origin_alone:
        return "OTHER BYTES, SAME DECISION: only what a recording cannot tell differs; its journal would tell it"
    if not any(each.verdict != "superseded" for each in explanation.comparisons) and not explanation.troubles:
        return "NOT COMPARED: recomputed, and no record of it was given: --audit, --actions, --from-topic"
    return "NO MATCH: its records are not what its inputs give"


def input_words(item: Input) -> str:
    """Return what an input was, in a line: its topic and place, and the event or why it was refused."""
    record, event = item.record, item.event
    if record.n == 0:
        if isinstance(event, (Tick, CatchUpEnd)):
            name = "clock tick" if isinstance(event, Tick) else "end of the catch-up"
            return f"{name} of {iso_time(event.ts)} (made by riskd)"
        return f"{type(event).__name__} (made by riskd)"
    place = f"{record.topic}[{record.partition}]" + (f" offset {record.offset}" if record.offset >= 0 else "")
    raw = record.payload[:_PAYLOAD_SHOWN_MAX].decode(errors="replace")
    text = "".join(each if each.isprintable() else "�" for each in raw)  # a terminal must not obey a record
    more = f"… ({len(record.payload):,} bytes)" if len(record.payload) > _PAYLOAD_SHOWN_MAX else ""
    refused = f"refused, {event.reason.value}: {event.detail}; " if isinstance(event, Rejection) else ""
    return f"{place}: {refused}{text}{more}"


def params_words(action: Action) -> str:
    """Return what the action asks for beyond its type; empty where it is nothing."""
    match action.params:
        case ThrottleParams(orders, interval_ms, notional):
            ceiling = "of any size" if notional is None else f"each of at most {notional:,.0f}"
            return f"at most {orders} orders in {interval_ms:,} ms, {ceiling}"
        case ReduceParams(targets) if not targets:
            return "reduce only; no size is asked"
        case _:
            plain = msgspec.to_builtins(action.params)
            rest = {key: value for key, value in plain.items() if key != "targets"}
            return ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in rest.items())


def _was(action: Action) -> str:
    return {
        "none": "was set free: nothing restricts it any more",
        "warn": "was warned",
        "throttle": "was THROTTLED",
        "reduce_position": "was told to REDUCE",
        "halt": "was HALTED",
    }[action.type]


def _would_have_been(action: Action) -> str:
    return {
        "none": "would have been free again",
        "warn": "would have been warned",
        "throttle": "would have been THROTTLED",
        "reduce_position": "would have been told to REDUCE",
        "halt": "would have been HALTED",
    }[action.type]


_SOURCES = {"audit": "the audit log", "file": "the file", "topic": "the topic"}
