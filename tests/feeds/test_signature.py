"""Signatures of control commands."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.control import ControlConfig
from feeds.signature import canonical_command, refuse_signature

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CONTROL = ControlConfig(keys={"ana": KEY.public_key().public_bytes_raw().hex()})
COMMAND = {"type": "halt", "ts": 1, "scope": "firm", "actor": "ana", "reason": "überprüft", "command_id": "c-1"}


def payload(**changes: object) -> bytes:
    return json.dumps({**COMMAND, **changes}).encode()


def signature() -> str:
    return KEY.sign(canonical_command(payload())).hex()


def test_the_actors_signature_passes_whatever_the_order_of_the_keys() -> None:
    turned = json.dumps(dict(reversed({**COMMAND, "sig": signature()}.items()))).encode()
    assert refuse_signature(CONTROL, actor="ana", sig=signature(), payload=turned) is None


@pytest.mark.parametrize("change", [{"scope": "firm/eq"}, {"ts": 2}, {"reason": "x"}, {"command_id": "c-2"}])
def test_a_changed_command_is_refused(change: dict[str, object]) -> None:
    why = refuse_signature(CONTROL, actor="ana", sig=signature(), payload=payload(**change))
    assert why == "the signature is not that of actor 'ana' over this command"


@pytest.mark.parametrize("sig", ["", "zz", "00", "00" * 64])
def test_what_is_no_signature_is_refused(sig: str) -> None:
    assert refuse_signature(CONTROL, actor="ana", sig=sig, payload=payload()) is not None


def test_an_actor_without_a_key_is_refused_by_name() -> None:
    why = refuse_signature(CONTROL, actor="bob", sig=signature(), payload=payload(actor="bob"))
    assert why == "control.keys has no key of actor 'bob'"


def test_an_unsigned_command_passes_only_where_the_configuration_says_so() -> None:
    assert refuse_signature(CONTROL, actor="ana", sig=None, payload=payload()) is not None
    assert refuse_signature(ControlConfig(allow_unsigned=True), actor="ana", sig=None, payload=payload()) is None
