"""Where an input came from, and the typed rejection it may become."""

from enum import StrEnum

import msgspec

from feeds.configured import Configured
from feeds.events import Foreign, InputEvent, MadeEvent


class RejectReason(StrEnum):
    """Why an input was refused; the closed set behind the dead letters and the metric."""

    NOT_JSON = "NOT_JSON"
    NOT_OBJECT = "NOT_OBJECT"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    WRONG_TOPIC = "WRONG_TOPIC"
    MISSING_FIELD = "MISSING_FIELD"
    WRONG_FIELD_TYPE = "WRONG_FIELD_TYPE"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    NOT_FINITE = "NOT_FINITE"
    BAD_TIMESTAMP = "BAD_TIMESTAMP"
    BAD_PATH = "BAD_PATH"
    BAD_DATE = "BAD_DATE"
    OUT_OF_BOUNDS = "OUT_OF_BOUNDS"
    CROSSED_QUOTE = "CROSSED_QUOTE"
    TOO_LARGE = "TOO_LARGE"
    # from here on only the core can tell, because they depend on its state
    PRICE_OUT_OF_BOUNDS = "PRICE_OUT_OF_BOUNDS"
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    UNKNOWN_PORTFOLIO = "UNKNOWN_PORTFOLIO"
    UNKNOWN_CALENDAR = "UNKNOWN_CALENDAR"
    UNKNOWN_FILL = "UNKNOWN_FILL"
    UNKNOWN_EPISODE = "UNKNOWN_EPISODE"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    LATE = "LATE"
    LATE_FILL = "LATE_FILL"
    TOO_FAR_AHEAD = "TOO_FAR_AHEAD"
    DUPLICATE_FILL_ID = "DUPLICATE_FILL_ID"
    DUPLICATE_COMMAND = "DUPLICATE_COMMAND"
    WRONG_PARTITION = "WRONG_PARTITION"
    REFERENCE_CONFLICT = "REFERENCE_CONFLICT"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    WRONG_DEPLOYMENT = "WRONG_DEPLOYMENT"
    STALE_COMMAND = "STALE_COMMAND"
    SAME_ACTOR = "SAME_ACTOR"
    UNKNOWN_COMMAND = "UNKNOWN_COMMAND"
    UNKNOWN_LIMIT = "UNKNOWN_LIMIT"
    BAD_LIMITS = "BAD_LIMITS"


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """An input that was refused: a value, never an exception. `instrument` is set where the record names one."""

    reason: RejectReason
    detail: str
    instrument: str | None = None


class Record(msgspec.Struct, frozen=True, gc=False):
    """One input as it arrived. `n` is 1-based over a core's inputs; offset -1 where the source has none."""

    n: int
    topic: str
    partition: int
    offset: int
    payload: bytes
    ts_in: int = 0  # wall time of arrival, ns; never read by the core


class Input(msgspec.Struct, frozen=True, gc=False):
    """A record and what it was decoded to; the core's input. Records the core makes itself have n = 0."""

    record: Record
    event: InputEvent | MadeEvent | Foreign | Configured | Rejection
