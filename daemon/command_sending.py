"""From a command line to a record on the control topic: made, checked against the configuration, signed, sent."""

import getpass
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from config.schema import Config


@dataclass(frozen=True, slots=True)
class Said:
    """Who says what in which way: the options that every command has.

    actor  : None is the user's name; key: file of the actor's private key, None leaves the command unsigned
    is_dry : print the command and send nothing
    """

    config: Path
    actor: str | None
    key: Path | None
    reason: str
    is_dry: bool


def say(said: Said, kind: str, fields: dict[str, object], *, scope: str | None, takes_two: bool = False) -> str:
    """Send a command, or print it where that is all that is asked; return its id, under which it can be approved.

    scope     : key of the record
    takes_two : it waits for another person, which is told to the one who asks
    Raises BadParameter where the daemon of this configuration would refuse who says it or what is said,
    KafkaError where no broker takes it.
    """
    from audit.signing import read_signing_key
    from config.loader import load_config
    from feeds.control_sender import command_payload, send_command
    from sensors.catalogue import SHIPPED

    config = load_config(said.config, SHIPPED.known)
    actor, command_id = said.actor or getpass.getuser(), uuid.uuid4().hex
    key = None if said.key is None else read_signing_key(said.key)
    public = None if key is None else key.public_key().public_bytes_raw().hex()
    if not said.is_dry:
        _check_sender(config, actor, public, takes_two=takes_two or kind == "approve")
    command = {
        "type": kind, "ts": time.time_ns(), "actor": actor, "reason": said.reason, "command_id": command_id,
        "deployment": config.control.deployment, **fields,
    }  # fmt: skip
    try:
        payload = command_payload(command, key)
    except UnicodeEncodeError as error:
        raise typer.BadParameter(f"a command must be text, got {error.object!r}") from error
    _check_record(config, payload)
    if said.is_dry:
        typer.echo(payload.decode())
        return command_id
    partition, offset = send_command(config.kafka, payload, scope=scope)
    typer.echo(f"{config.kafka.topics.control}[{partition}] {offset}: {kind} by {actor}, command {command_id}")
    if takes_two:
        typer.echo(f"it waits for another person: riskd approve {command_id} -c {said.config} --reason TEXT --key FILE")
    return command_id


def _check_sender(config: "Config", actor: str, public: str | None, *, takes_two: bool) -> None:
    """Say at once what the daemon would only say in its dead letters."""
    control = config.control
    if public is None:
        if not control.allow_unsigned:
            raise typer.BadParameter(
                "the daemon takes signed commands only (control.allow_unsigned)", param_hint="--key"
            )
        if takes_two:
            raise typer.BadParameter("what takes two people must be signed by both", param_hint="--key")
        return
    known = control.keys.get(actor)
    if known is None or known.lower() != public:
        why = "no key" if known is None else "another key"
        raise typer.BadParameter(f"control.keys has {why} of actor {actor!r}, got {public}", param_hint="--actor")


def _check_record(config: "Config", payload: bytes) -> None:
    """Say at once what the daemon's decoder would refuse: nobody may take a halt for sent that never is one."""
    from feeds.decode import decode
    from feeds.record import Rejection

    event = decode(config.kafka.topics.control, payload, config.kafka.topics)
    if isinstance(event, Rejection):
        raise typer.BadParameter(f"the daemon would refuse the command: {event.detail}")


def duration_ns(text: str, hint: str) -> int:
    """Return a duration such as 4h in ns; raises BadParameter where it is none or not above 0."""
    from pydantic import TypeAdapter, ValidationError

    from config.durations import DurationNs

    try:
        found: int = TypeAdapter(DurationNs).validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"].removeprefix("Value error, "), param_hint=hint) from error
    if found < 1:
        raise typer.BadParameter(f"duration must be above 0, got {text}", param_hint=hint)
    return found
