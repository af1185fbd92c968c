"""What a limit may do in each mode and stage."""

import pickle

import pytest

from config.schema import Mode
from enforcement.effects import EarnedStages, Stage, Standing, published_type, stage_of, standing_of
from enforcement.records import Effect
from tests.enforcement.desk import limit_with

PLAIN = limit_with()
NOTHING: dict[tuple[str, str], Stage] = {}


@pytest.mark.parametrize(
    ("mode", "stage", "effect"),
    [
        ("monitoring", Stage.SHADOW, Effect.SHADOW),
        ("gradual", Stage.SHADOW, Effect.SHADOW),
        ("full", Stage.FULL, Effect.ENFORCED),
    ],
)
def test_without_evidence_only_full_enforces(mode: Mode, stage: Stage, effect: Effect) -> None:
    assert standing_of(PLAIN, "firm", mode, NOTHING) == Standing(mode, stage, effect)


def test_a_stage_belongs_to_a_limit_in_a_scope() -> None:
    earned = {("var_99", "firm"): Stage.SOFT}
    assert standing_of(PLAIN, "firm", "gradual", earned).effect is Effect.ENFORCED
    assert standing_of(PLAIN, "firm/eq", "gradual", earned).effect is Effect.SHADOW
    assert stage_of("var_95", "firm", earned) is Stage.SHADOW


def test_evidence_does_not_enforce_in_monitoring() -> None:
    assert standing_of(PLAIN, "firm", "monitoring", {("var_99", "firm"): Stage.FULL}).effect is Effect.SHADOW


def test_a_pinned_limit_stays_in_shadow() -> None:
    assert standing_of(limit_with(pinned_shadow=True), "firm", "full", NOTHING).effect is Effect.SHADOW


@pytest.mark.parametrize("mode", ["monitoring", "gradual", "full"])
def test_a_hard_limit_acts_in_every_mode(mode: Mode) -> None:
    hard = limit_with(sensor="exposure", metric="gross", hard=True, pinned_shadow=True)
    assert standing_of(hard, "firm", mode, NOTHING) == Standing(mode, Stage.FULL, Effect.ENFORCED)


def test_soft_publishes_a_throttle_at_most() -> None:
    assert [published_type(kind, Stage.SOFT) for kind in ("none", "warn", "throttle", "reduce_position", "halt")] == [
        "none", "warn", "throttle", "throttle", "throttle",
    ]  # fmt: skip
    assert published_type("halt", Stage.FULL) == "halt"


def test_earned_stages_count_how_often_they_were_set() -> None:
    """However they are set: who remembers what follows from them looks at the count alone."""
    stages = EarnedStages()
    assert (stages.changes, dict(stages)) == (0, {})
    stages["var", "firm"] = Stage.SOFT
    stages.update({("es", "firm"): Stage.FULL, ("var", "firm"): Stage.FULL})
    assert stages.changes == 3
    assert stage_of("var", "firm", stages) is Stage.FULL
    assert pickle.loads(pickle.dumps(stages)).changes == 3
