"""Between bytes and the core: records become inputs, inputs become journal records, and those become inputs again."""

import math
from collections.abc import Iterable, Sequence

import msgspec

from config.calendars import UnknownCalendarError, build_calendar
from config.schema import Config
from config.setup import Setup
from feeds.configured import Configured, configured_payload, read_configured
from feeds.decode import decode_accepted, decode_all
from feeds.events import (
    Assignment,
    CalendarAdded,
    CatchUpEnd,
    Foreign,
    Instrument,
    MadeEvent,
    Outage,
    RootHome,
    SlowResult,
    Stop,
    Tick,
)
from feeds.journal_frames import JournalError, JournalRecord, Kind
from feeds.journal_packing import JournalEntries
from feeds.prices import Item, Prices, expanded, segments
from feeds.record import Input, Record, Rejection, RejectReason

_KINDS: dict[type[msgspec.Struct], Kind] = {
    Rejection: Kind.REJECTION,
    Tick: Kind.TICK,
    CalendarAdded: Kind.CALENDAR,
    Assignment: Kind.ASSIGNMENT,
    SlowResult: Kind.RESULT,
    CatchUpEnd: Kind.CATCH_UP_END,
    Foreign: Kind.FOREIGN,
    RootHome: Kind.ROOT_HOME,
    Outage: Kind.OUTAGE,
    Stop: Kind.STOP,
    Configured: Kind.CONFIG,
}
_MADE_EVENTS = msgspec.json.Decoder(MadeEvent)
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def decode_inputs(records: Sequence[Record], known: set[str], config: Config) -> list[Input]:
    """Decode records in order, with the calendars that they need; the result is the same for any cut into batches.

    known : codes of the calendars that the core has, changed in place
    """
    events = decode_all(records, config.kafka.topics)
    return expanded(with_calendars(list(map(Input, records, events)), known, config))


def with_calendars(items: Sequence[Item], known: set[str], config: Config) -> list[Item]:
    """Return items where a calendar that is not known comes as an input before the instrument that names it.

    known : codes of the calendars that the core has, changed in place
    """
    if Instrument not in {type(item.event) for item in items if isinstance(item, Input)}:
        return list(items)
    completed: list[Item] = []
    for item in items:
        if isinstance(item, Prices) or not isinstance(event := item.event, Instrument) or event.calendar in known:
            completed.append(item)
            continue
        added = _calendar(event, config)
        if isinstance(added, Rejection):
            completed.append(Input(item.record, added))
            continue
        completed += [made_input(added, ts_in=item.record.ts_in), item]
        known.add(event.calendar)
    return completed


def made_input(event: MadeEvent, *, ts_in: int = 0) -> Input:
    """Return the input of an event that riskd makes itself: n 0, no topic, its own JSON as payload."""
    return Input(made_record(_encode(event), ts_in=ts_in), event)


def configured_input(setup: Setup, model_version: str, *, ts_in: int = 0) -> Input:
    """Return the input of a configuration that the core goes on with, or was built from."""
    payload = configured_payload(setup, model_version)
    return Input(made_record(payload, ts_in=ts_in), Configured(setup, model_version))


def made_record(payload: bytes, *, ts_in: int = 0) -> Record:
    """Return a record without source, such as that of a configuration or a stop."""
    return Record(0, "", -1, -1, payload, ts_in)


def journal_entries(items: Sequence[Item]) -> JournalEntries:
    """Return what the journal holds of these inputs, in order."""
    return JournalEntries.joined([_entries_of(part) for part in segments(items)])


def _entries_of(inputs: Sequence[Input]) -> JournalEntries:
    if isinstance(inputs, Prices):
        return JournalEntries.of_one_place(
            inputs.first_n, inputs.topic, inputs.partition, inputs.ts_in, inputs.offsets, inputs.columns.text,
            inputs.columns.ends,
        )  # fmt: skip
    kinds = bytes([_KINDS.get(type(item.event), Kind.INPUT) for item in inputs])
    rejections: list[Rejection] = []
    if Kind.REJECTION in kinds:
        rejections = [item.event for item in inputs if isinstance(item.event, Rejection)]
    return JournalEntries.of_records([item.record for item in inputs], kinds, rejections)


def journal_inputs(entries: Iterable[JournalRecord]) -> list[Input]:
    """Return the inputs that the core had, in order: rejections, ticks, calendars and results as they were.

    What was accepted is decoded without checking it again, so that a stricter decoder changes no replay.
    Raises JournalError where a payload is not readable at all.
    """
    inputs: list[Input] = []
    for entry in entries:
        record = entry.record
        try:
            match entry.kind:
                case Kind.INPUT:
                    inputs.append(Input(record, decode_accepted(record.payload)))
                case Kind.REJECTION:
                    assert entry.rejection is not None
                    inputs.append(Input(record, entry.rejection))
                case Kind.FOREIGN:
                    inputs.append(Input(record, Foreign()))
                case (
                    Kind.TICK | Kind.CALENDAR | Kind.ASSIGNMENT | Kind.RESULT | Kind.CATCH_UP_END | Kind.ROOT_HOME
                    | Kind.OUTAGE
                ):  # fmt: skip
                    inputs.append(Input(record, _decode(record.payload)))
                case Kind.STOP:
                    inputs.append(Input(record, Stop()))
                case Kind.CONFIG:
                    inputs.append(Input(record, _read_configured(record.payload)))
        except msgspec.DecodeError as error:
            raise JournalError(f"journaled {entry.kind.label} with n {record.n} is not readable: {error}") from error
    return inputs


def _read_configured(payload: bytes) -> Configured:
    try:
        return read_configured(payload)
    except ValueError as error:
        why = str(error).splitlines()[0]
        raise JournalError(f"a journaled configuration is not readable by this release: {why}") from error


def _calendar(event: Instrument, config: Config) -> CalendarAdded | Rejection:
    try:
        built = build_calendar(event.calendar, config.calendar.start, config.calendar.end)
    except UnknownCalendarError as error:
        return Rejection(RejectReason.UNKNOWN_CALENDAR, str(error), event.instrument)
    return CalendarAdded(
        code=event.calendar,
        dates=tuple(built.dates.tolist()),
        opens=tuple(built.opens.tolist()),
        closes=tuple(built.closes.tolist()),
    )


def _encode(event: MadeEvent) -> bytes:
    """Encode as JSON; a result's numbers that are not finite become the strings that JSON has for them."""
    if isinstance(event, SlowResult):
        values = {
            name: _name_of(value) if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in event.values.items()
        }
        event = msgspec.structs.replace(event, values=values)
    return msgspec.json.encode(event)


def _decode(payload: bytes) -> MadeEvent:
    event: MadeEvent = _MADE_EVENTS.decode(payload)
    if isinstance(event, SlowResult):
        values = {
            name: _NOT_FINITE.get(value, value) if isinstance(value, str) else value
            for name, value in event.values.items()
        }
        event = msgspec.structs.replace(event, values=values)
    return event


def _name_of(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
