"""One good record of every type, as the objects they are on the wire, and ways to change and decode them."""

import json

from feeds.decode import decode, topic_of_type

COMMAND = {"ts": 1, "actor": "ana", "reason": "test of the path", "command_id": "c-1"}
BOOKED = {"ts": 1, "portfolio": "firm/eq", "instrument": "AAPL"}

GOOD: dict[str, dict[str, object]] = {
    "quote": {"ts": 1, "instrument": "AAPL", "bid": 1.5, "ask": 1.5, "bid_size": 0, "ask_size": None},
    "trade": {"ts": 1, "instrument": "AAPL", "price": -3, "size": 2},
    "close": {"ts": 1, "instrument": "AAPL", "date": "2024-02-29", "price": 1.25},
    "indicator": {"ts": 1, "name": "VIX", "value": 12.5},
    "position": {**BOOKED, "quantity": -5, "as_of": 0},
    "positions_snapshot": {
        "ts": 1, "portfolio": "firm", "snapshot_id": "s", "as_of": 1,
        "items": [{"portfolio": "firm/eq", "instrument": "AAPL", "quantity": 1},
                  {"portfolio": "firm", "instrument": "AAPL", "quantity": 2}],
    },
    "fill": {**BOOKED, "side": "buy", "quantity": 1, "price": 1, "fill_id": "f", "order_id": "o"},
    "fill_cancel": {"ts": 1, "portfolio": "firm/eq", "fill_id": "f"},
    "order": {**BOOKED, "order_id": "o", "side": "sell", "open_quantity": 0},
    "nav": {"ts": 1, "portfolio": "firm/eq", "nav": -1.5, "currency": "USD", "flow": 0.5},
    "instrument": {
        "ts": 1, "instrument": "AAPL", "kind": "equity", "currency": "USD", "min_price": None, "lot": 1,
        "proxy": {"instrument": "SPY", "beta": 1.1}, "expiry": "2030-01-01", "max_age": 5,
    },
    "adjustment": {"ts": 1, "instrument": "AAPL", "ex_ts": 2, "price_factor": 0.5, "cash": 0.1},
    "label": {**COMMAND, "episode_id": "e", "verdict": "false", "cause": "data_error", "confidence": 1},
    "mode": {**COMMAND, "mode": "gradual", "scope": "firm/*"},
    "override": {**COMMAND, "kind": "pin_state", "scope": "firm/_self", "expires_at": 9, "state": "HALTED"},
    "override_end": {**COMMAND, "override_id": "o"},
    "halt": {**COMMAND, "scope": "firm", "sig": "ab" * 64},
    "reinstate": {**COMMAND, "scope": "firm", "limit": "var_99"},
    "reset_hwm": {**COMMAND, "scope": "firm"},
    "approve": {**COMMAND, "approves": "c-0"},
    "limits": {**COMMAND, "limits": [{"id": "var_99", "levels": [{"at": 1.5}]}]},
    "heartbeat": {"ts": 1, "source": "feed", "end": True},
    "ack": {"ts": 1, "action_id": "a", "consumer": "oms", "result": "partial", "residual": 0.5, "scope": "firm"},
}  # fmt: skip


def on_its_topic(payload: bytes, name: str) -> object:
    topic = topic_of_type(name)
    assert topic is not None
    return decode(topic, payload)


def changed(name: str, /, **fields: object) -> tuple[str, bytes]:
    """Return a good record with some fields replaced; Ellipsis takes one away."""
    members = {"type": name, **GOOD[name], **fields}
    return name, json.dumps({key: value for key, value in members.items() if value is not ...}).encode()
