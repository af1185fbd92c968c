"""Guards of what a limit may do: shadow tells and never acts, hard limits always act."""

from tests.mutants.failures import SHADOW
from tests.mutants.mutant import Mutant

_EFFECTS = "tests/enforcement/test_effects.py"
_E2E = "tests/daemon/test_failures_end_to_end.py::test_"

STANDINGS: tuple[Mutant, ...] = (
    Mutant(
        "monitoring enforces",
        SHADOW,
        "enforcement/effects.py",
        'if limit.pinned_shadow or mode == "monitoring":',
        "if limit.pinned_shadow:",
        (
            f"{_EFFECTS}",
            f"{_E2E}shadow_tells_everything_and_does_nothing",
            "tests/enforcement/test_modes.py",
        ),
    ),
    Mutant(
        "a pin is passed over",
        SHADOW,
        "enforcement/effects.py",
        'if limit.pinned_shadow or mode == "monitoring":',
        'if mode == "monitoring":',
        (f"{_EFFECTS}",),
    ),
    Mutant(
        "shadow says nothing",
        SHADOW,
        "enforcement/publisher.py",
        "        if shadow != holder.shadow or is_loud:\n",
        "        if False:\n",
        (f"{_E2E}shadow_tells_everything_and_does_nothing",),
    ),
    Mutant(
        "shadow limits are merged into what is enforced",
        SHADOW,
        "enforcement/merging.py",
        "        if standing.effect is Effect.ENFORCED:\n",
        "        if standing.effect is not None:\n",
        (
            "tests/enforcement/test_modes.py",
            f"{_E2E}shadow_tells_everything_and_does_nothing",
        ),
    ),
    Mutant(
        "a hard limit waits for evidence",
        SHADOW,
        "enforcement/effects.py",
        "    if limit.hard:\n        return Standing",
        '    if limit.hard and mode == "full":\n        return Standing',
        (f"{_EFFECTS}",),
    ),
    Mutant(
        "SOFT halts",
        SHADOW,
        "enforcement/effects.py",
        'return "throttle" if stage is Stage.SOFT and severity(decided) > severity("throttle") else decided',
        "return decided",
        (f"{_EFFECTS}",),
    ),
    Mutant(
        "gradual begins in full",
        SHADOW,
        "enforcement/effects.py",
        "return stages.get((limit, scope), Stage.SHADOW)",
        "return stages.get((limit, scope), Stage.FULL)",
        (
            f"{_EFFECTS}",
            "tests/enforcement/test_modes.py",
        ),
    ),
    Mutant(
        "a stage holds in every scope",
        SHADOW,
        "enforcement/effects.py",
        "return stages.get((limit, scope), Stage.SHADOW)",
        "return max((stage for (name, _), stage in stages.items() if name == limit), "
        "key=list(Stage).index, default=Stage.SHADOW)",
        (f"{_EFFECTS}",),
    ),
    Mutant(
        "a reader obeys shadow records",
        SHADOW,
        "feeds/action_partition.py",
        "        if not record.is_enforced:\n",
        "        if False:\n",
        (f"{_E2E}shadow_tells_everything_and_does_nothing",),
    ),
)
