"""The answer to "may this order go?", as a value and as the JSON of the HTTP page, the topic and the command line."""

from collections.abc import Callable
from enum import StrEnum
from math import isfinite, isnan
from typing import Annotated, Literal

import msgspec
import numpy as np

from audit.line import canonical_json
from enforcement.order_limits import Verdict
from enforcement.records import number
from enforcement.standings import TradingStates
from feeds.order_verdict import Outcome, units
from risk.measures import METRICS, Status
from risk.preview import Fitted, Numbers

SCHEMA, SCHEMA_VERSION = "risk.order_check", 1
TEXT_MAX = 1_024  # characters of a name
ASSUMES = "the order filled whole at the mark, all working orders at their worst"

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]


class OrderQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """May this order go, and if not, how much of it? quantity: units, above 0; request_id comes back as it was."""

    portfolio: _Text
    instrument: _Text
    side: Literal["buy", "sell"]
    quantity: float
    request_id: Annotated[str, msgspec.Meta(max_length=TEXT_MAX)] | None = None


class RefusalCode(StrEnum):
    """Why a question has no answer; an order without one is treated as in REDUCING."""

    BAD_REQUEST = "BAD_REQUEST"
    UNKNOWN_PORTFOLIO = "UNKNOWN_PORTFOLIO"
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    EXPIRED_INSTRUMENT = "EXPIRED_INSTRUMENT"
    LOT = "LOT"
    NOT_READY = "NOT_READY"


class OrderRefusedError(ValueError):
    """The question cannot be answered; the message names the thing, the value and the bound."""

    def __init__(self, code: RefusalCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Seen(msgspec.Struct, frozen=True):
    """The state that an answer speaks of: n counts the inputs of the shard, d its decisions, ts is core time, ns."""

    shard: int
    epoch: int
    n: int
    d: int
    ts: int


class OrderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the order.

    quantity : units that may go now: all for GO, some for REDUCED, 0 for NO
    reducing : units that go in any trading state, because they reduce the position of the order's own portfolio
    allowed_by_state : units that the trading state of the path lets through
    by_state : why the trading state lets no more through; empty where it lets all through
    states   : trading states of the order's portfolio; trust: the worst of its root's data
    explain  : returns what each level of a limit says that is not content with the whole order; asked for when somebody
               reads it, it speaks of the moment of the answer all the same
    scopes   : the path, from the portfolio that holds the order to its root; numbers are in this order
    fitted   : the numbers before, with all of it and with `quantity` filled, and what was seen to stop one lot more
    """

    question: OrderQuestion
    outcome: Outcome
    quantity: float
    reducing: float
    allowed_by_state: float
    by_state: str
    states: TradingStates
    trust: str
    explain: Callable[[], tuple[Verdict, ...]]
    scopes: tuple[str, ...]
    fitted: Fitted
    seen: Seen

    @property
    def before(self) -> Numbers:
        """The numbers as they are."""
        return self.fitted.before

    @property
    def whole(self) -> Numbers:
        """The numbers with all of the order filled."""
        return self.fitted.whole

    @property
    def after(self) -> Numbers:
        """The numbers with `quantity` filled."""
        return self.fitted.after

    @property
    def asks_fit(self) -> tuple[str, ...]:
        """Scopes whose 99.9 % tail a fill would have fitted anew: until then its numbers are the old fit's, scaled."""
        return tuple(self.scopes[place] for place in self.fitted.asks_fit)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What each level of a limit says that is not content with the whole order, in evaluation order."""
        return self.explain()

    @property
    def binding(self) -> tuple[tuple[str, str], ...]:
        """(scope, metric) that were seen to stop one lot more, in one scope at least; empty where the state does."""
        if self.outcome is Outcome.GO:
            return ()
        places = zip(*(each.tolist() for each in np.nonzero(self.fitted.binding)), strict=True)
        return tuple((self.scopes[place], METRICS[metric]) for place, metric in places)

    @property
    def reason(self) -> str:
        """The answer in words."""
        asked = self.question.quantity
        if self.reducing >= asked:
            return "it reduces a position, which always passes"
        verdicts = self.verdicts
        unknown = sorted({f"{each.line.limit} of {each.line.scope}" for each in verdicts if isnan(each.whole)})
        blind = f"; nobody can tell what it does to {', '.join(unknown)}" if unknown else ""
        if self.quantity >= asked:
            return f"no limit stops it{blind}"
        stops = [each for each in verdicts if each.says == "stops" and (self.binds(each) or each.told)]
        causes = [] if self.binding or not self.by_state else [self.by_state]
        causes += [f"{each.line.limit} of {each.line.scope}: {each.reason} with all of it" for each in stops[:3]]
        told = "; ".join(causes) or "a limit stops the rest"
        return f"{units(self.quantity)} of {units(asked)} may go: {told}{blind}"

    def binds(self, verdict: Verdict) -> bool:
        """Say whether the number that a verdict speaks of stops one lot more than the answer."""
        return (verdict.line.scope, verdict.line.metric) in self.binding


def decode_question(content: bytes) -> OrderQuestion:
    """Return the question in UTF-8 JSON; raises OrderRefusedError with BAD_REQUEST for anything else."""
    try:
        question = msgspec.json.decode(content, type=OrderQuestion)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OrderRefusedError(RefusalCode.BAD_REQUEST, str(error)) from error
    check_question(question)
    return question


def check_question(question: OrderQuestion) -> None:
    """Raise OrderRefusedError where a value is out of bounds: whoever makes a question, the type checks nothing."""
    if question.side not in ("buy", "sell"):
        raise OrderRefusedError(RefusalCode.BAD_REQUEST, f"side must be buy or sell, got {question.side!r}")
    if not (isfinite(question.quantity) and question.quantity > 0.0):
        told = f"quantity must be finite and above 0, got {question.quantity}"
        raise OrderRefusedError(RefusalCode.BAD_REQUEST, told)


def answer_json(answer: OrderAnswer) -> bytes:
    """Return the answer as canonical JSON; a number that is missing is null, with its status."""
    question = answer.question
    return canonical_json({
        "schema": SCHEMA, "schema_version": SCHEMA_VERSION, "request_id": question.request_id,
        "portfolio": question.portfolio, "instrument": question.instrument, "side": question.side,
        "asked": question.quantity, "outcome": answer.outcome.value, "quantity": answer.quantity,
        "reducing": answer.reducing, "allowed_by_state": answer.allowed_by_state, "reason": answer.reason,
        "trading_state": {
            "own": answer.states.own.value, "effective": answer.states.effective.value,
            "shadow_own": answer.states.shadow_own.value, "shadow_effective": answer.states.shadow_effective.value,
        },
        "trust": answer.trust,
        "limits": [_verdict(each, binds=answer.binds(each)) for each in answer.verdicts],
        "scopes": [_scope(answer, place) for place in range(len(answer.scopes))],
        "assumes": ASSUMES,
        "seen": {"shard": answer.seen.shard, "epoch": answer.seen.epoch, "n": answer.seen.n, "d": answer.seen.d,
                 "ts": answer.seen.ts},
    })  # fmt: skip


def refusal_json(code: RefusalCode, detail: str, request_id: str | None) -> bytes:
    """Return why there is no answer as canonical JSON; who reads it acts as in REDUCING."""
    return canonical_json({
        "schema": SCHEMA, "schema_version": SCHEMA_VERSION, "request_id": request_id, "error": code.value,
        "detail": detail,
    })  # fmt: skip


def _verdict(verdict: Verdict, *, binds: bool) -> dict[str, object]:
    line, standing = verdict.line, verdict.line.standing
    return {
        "scope": line.scope, "limit": line.limit, "level": line.level, "metric": line.metric, "unit": line.unit,
        "says": verdict.says, "binds": binds, "at": number(line.at), "before": number(verdict.before),
        "whole": number(verdict.whole), "status": verdict.status.name, "takes_number": verdict.takes_number,
        "published_type": verdict.published, "effect": standing.effect.value, "mode": standing.mode,
        "stage": standing.stage.value, "reason_code": line.code, "reason": verdict.reason,
    }  # fmt: skip


def _scope(answer: OrderAnswer, place: int) -> dict[str, object]:
    scope = answer.scopes[place]
    metrics = {
        name: {
            "before": _number(answer.before, place, at), "after": _number(answer.after, place, at),
            "whole": _number(answer.whole, place, at),
        }
        for at, name in enumerate(METRICS)
    }  # fmt: skip
    return {"scope": scope, "refit_due": scope in answer.asks_fit, "metrics": metrics}


def _number(numbers: Numbers, place: int, at: int) -> dict[str, object]:
    value, status = float(numbers.values[place, at]), Status(int(numbers.statuses[place, at]))
    is_told = status < Status.INSUFFICIENT or value == float("inf")
    return {"value": number(value) if is_told else None, "status": status.name}
