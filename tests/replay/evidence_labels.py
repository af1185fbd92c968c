"""The shipped closes with scripted labels: gradual mode, and what a person would have said of each episode."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from config.promotion import PromotionConfig, Sensitivity, SensorTrial
from config.schema import Level, Limit
from config.setup import Setup
from daemon.core import MODEL_VERSION
from daemon.shipped import EQUITIES
from daemon.wiring import build_setup
from enforcement.records import Decision
from feeds.record import Record
from feeds.recording import read_records
from sensors.catalogue import SHIPPED
from tests.helpers import DAY_NS, EventDict, command

UNTIL_NS = 978_307_200 * 10**9  # the end of 2000: eleven years
FALSE_FROM_NS = 788_918_400 * 10**9  # 1995: two limits are cried down from here on
THRESHOLD_PER_WEEK = 0.05  # so that the closes of some years can tell
# Tight on purpose: limits that speak often enough to be judged.
TIGHT = (
    ("vol_09", "volatility", "vol_ratio", 0.9, 0.88), ("vol_13", "volatility", "vol_ratio", 1.3, 1.2),
    ("vol_20", "volatility", "vol_ratio", 2.0, 1.6), ("k_102", "correlation", "k_ratio", 1.02, 1.01),
    ("k_125", "correlation", "k_ratio", 1.25, 1.15), ("lev_105", "leverage", "gross_leverage", 1.05, 1.0),
    ("top_08", "concentration", "top_share", 0.08, 0.075), ("dd_05", "drawdown", "drawdown", 0.05, 0.04),
)  # fmt: skip
UNPROVEN = "leverage"  # its limit never fires, and nobody has shown that it would


def gradual_setup() -> Setup:
    """Return the shipped setup with the tight limits on the long-only fund, in gradual mode."""
    setup = build_setup(EQUITIES.config)
    limits = tuple(
        Limit(
            id=id_, scope="firm/long-only", sensor=sensor, metric=metric, small_book_at=0.2,
            levels=(Level(at=at, clear_at=clear_at, action="halt"),),
        )
        for id_, sensor, metric, at, clear_at in TIGHT
    )  # fmt: skip
    proven = {facts.name: SensorTrial(crises=facts.claims, faults=True) for facts in SHIPPED.known.facts}
    del proven[UNPROVEN]
    enforcement = setup.config.enforcement.model_copy(
        update={
            "mode": "gradual", "limits": limits, "promotion": PromotionConfig(),
            "false_positive_threshold_per_week": THRESHOLD_PER_WEEK,
            "sensitivity": Sensitivity(model_version=MODEL_VERSION, sensors=proven),
        }
    )  # fmt: skip
    stress = setup.config.stress.model_copy(update={"nightly": False})
    control = setup.config.control.model_copy(update={"allow_unsigned": True})
    config = setup.config.model_copy(update={"enforcement": enforcement, "stress": stress, "control": control})
    return replace(setup, config=config)


@cache
def shipped_records() -> tuple[Record, ...]:
    """Return the records of the shipped closes up to the end of 2000."""
    records = (record for batch in read_records(EQUITIES.recording) for record in batch)
    kept = []
    for record in records:
        if ts_of(record) > UNTIL_NS:
            break
        kept.append(record)
    return tuple(kept)


def ts_of(record: Record) -> int:
    """Return the event time of a record of the shipped closes."""
    at = record.payload.index(b'"ts":') + 5
    return int(record.payload[at : at + 24].split(b",")[0].split(b"}")[0])


def scripted(decisions: Iterable[Decision]) -> list[EventDict]:
    """Return a label of every episode but each eleventh, 3 to 30 days after it began, by a fixed pattern.

    From 1995 on all of two limits are false, for one cause or the other; of the others, and before, all are true.
    Some people change their minds.
    """
    begun: dict[str, Decision] = {}
    for decision in decisions:
        if decision.life == "firing" and decision.limit not in ("model_available", "data_fresh", "operator_halt"):
            begun.setdefault(decision.episode_id, decision)
    labels: list[EventDict] = []
    for at, decision in enumerate(begun.values()):
        if at % 11 == 10:
            continue
        is_false = decision.limit in ("vol_09", "k_102") and decision.ts_decided >= FALSE_FROM_NS
        verdict, cause = ("false", ("data_error", "model_error")[at % 2]) if is_false else ("true", None)
        when = decision.ts_decided + (3 + at * 7 % 28) * DAY_NS
        labels.append(said(decision, when, verdict, cause))
        if at % 13 == 5:
            labels.append(said(decision, when + 20 * DAY_NS, "true", None))
    return labels


def said(decision: Decision, ts: int, verdict: str, cause: str | None) -> EventDict:
    id_ = f"{decision.episode_id}-{ts}"
    event = command("label", ts, id_, episode_id=decision.episode_id, verdict=verdict)
    return event if cause is None else event | {"cause": cause}


def merged(labels: Iterable[EventDict]) -> list[Record | EventDict]:
    """Return the closes with the labels in their places."""
    waiting = sorted(
        (each for each in labels if int(str(each["ts"])) < UNTIL_NS), key=lambda each: int(str(each["ts"]))
    )
    found: list[Record | EventDict] = []
    for record in shipped_records():
        while waiting and int(str(waiting[0]["ts"])) <= ts_of(record):
            found.append(waiting.pop(0))
        found.append(record)
    return found
