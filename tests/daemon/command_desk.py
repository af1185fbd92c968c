"""A firm of two books whose leverage is moved by fills, and people who command it with keys of their own."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.limit_rules import resolve_limit
from config.setup import Setup
from enforcement.records import Action
from feeds.signature import canonical_command
from sensors.catalogue import SHIPPED
from tests.helpers import (
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    Played,
    command,
    fill,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

NOON = open_of(20) + 2 * HOUR_NS
_KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"-")) for name in ("ana", "bob", "eve")
}  # fmt: skip
CONTROL = {"keys": {name: key.public_key().public_bytes_raw().hex() for name, key in _KEYS.items()}}
LEVERAGE: dict[str, object] = {
    "id": "lev", "scope": "**", "sensor": "leverage", "metric": "gross_leverage",
    "levels": [{"at": 2.0, "clear_at": 1.8, "action": "halt"}],
}  # fmt: skip
CAP: dict[str, object] = {
    "id": "cap", "scope": "firm", "sensor": "exposure", "metric": "gross", "hard": True,
    "levels": [{"at": 100_000.0, "clear_at": 90_000.0, "action": "halt"}],
}  # fmt: skip


def desk_setup(*limits: Mapping[str, object], mode: str = "full", **control: object) -> Setup:
    """Return a setup with these limits (the leverage and a hard cap by default), in which commands must be signed."""
    setup = small_setup(limits or (LEVERAGE, CAP), mode=mode, portfolios=("firm",), control={**CONTROL, **control})
    enforcement = setup.config.enforcement
    resolved = tuple(resolve_limit(limit, SHIPPED.known) for limit in enforcement.limits)  # as a loaded file has them
    enforcement = enforcement.model_copy(update={"limits": resolved})
    return replace(setup, config=setup.config.model_copy(update={"enforcement": enforcement}))


def opening() -> list[EventDict]:
    """Return two books of 10,000 each against 10,000 of NAV each: leverage 1."""
    start = NOON - HOUR_NS
    return [
        stock("AA", max_age=30 * 24 * HOUR_NS),
        snapshot({("firm/a", "AA"): 100.0, ("firm/b", "AA"): 100.0}, start),
        nav("firm/a", 10_000.0, start),
        nav("firm/b", 10_000.0, start),
        quote("AA", 100.0, start + SECOND_NS),
        quote("AA", 100.0, start + 2 * SECOND_NS),
    ]


def trades(minute: float, units: float, book: str = "firm/a") -> EventDict:
    """Return a fill so many minutes after noon; 100 units more are a leverage of 1 more of the book."""
    return fill(book, "AA", units, 100.0, f"f{book}{minute}", at(minute))


def priced(minute: float) -> EventDict:
    """Return a quote that changes nothing but the time."""
    return quote("AA", 100.0, at(minute))


def at(minute: float) -> int:
    """Return so many minutes after noon."""
    return NOON + round(minute * MINUTE_NS)


def said(
    name: str, minute: float, command_id: str, *, by: str | None = "ana", actor: str = "", **fields: object
) -> EventDict:
    """Return a command, signed by the key of `by` (None: unsigned) in the name of `actor` (default: the signer's)."""
    event = {**command(name, at(minute), command_id), "actor": actor or by or "ana", **fields}
    if by is None:
        return event
    return event | {"sig": _KEYS[by].sign(canonical_command(json.dumps(event).encode())).hex()}


def override(minute: float, command_id: str, until: float, *, by: str | None = "ana", **fields: object) -> EventDict:
    """Return an override until a minute after noon."""
    return said("override", minute, command_id, by=by, expires_at=at(until), **fields)


def raised(minute: float, command_id: str, until: float, value: float, **fields: object) -> list[EventDict]:
    """Return an increase of the leverage limit of firm/a and its approval, a second later."""
    asked = {"kind": "limit_increase", "scope": "firm/a", "limit": "lev", "value": value} | fields
    return [
        override(minute, command_id, until, **asked),
        said("approve", minute + 1 / 60, f"{command_id}+", by="bob", approves=command_id),
    ]


def played(*parts: EventDict | Iterable[EventDict], setup: Setup | None = None, batch: int = 1_000) -> Played:
    """Play the opening and these events in the order of their times."""
    events: list[EventDict] = []
    for part in parts:
        events += [part] if isinstance(part, dict) else list(part)
    in_order = sorted(events, key=lambda event: int(str(event["ts"])))
    return play([*opening(), *in_order], desk_setup() if setup is None else setup, batch=batch)


def sent(actions: Iterable[Action], scope: str = "firm/a") -> list[Action]:
    """Return a scope's actions from noon on; nobody acknowledges here, and what follows from that is left out."""
    found = [action for action in actions if action.scope == scope and action.ts_decided >= NOON]
    return [action for action in found if action.reason_code != "ACK_MISSING"]


def told(actions: Iterable[Action], scope: str = "firm/a") -> list[tuple[float, str]]:
    """Return (minute after noon, type) of a scope's actions from noon on."""
    return [(round((action.ts_decided - NOON) / MINUTE_NS, 2), action.type) for action in sent(actions, scope)]


def records(run: Played, kind: str) -> list[dict[str, object]]:
    """Return the audit records of a kind."""
    return [each for each in run.outputs.audit if each["kind"] == kind]
