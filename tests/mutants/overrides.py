"""Guards of exceptions: honoured by all who judge, made by two people where they loosen, and over when they are."""

from tests.mutants.failures import EXCEPTION
from tests.mutants.mutant import Mutant

_ONE = "tests/daemon/test_one_evaluator.py"
_OVERRIDES = "tests/daemon/test_overrides.py"
_APPROVALS = "tests/daemon/test_approvals.py"

OVERRIDES: tuple[Mutant, ...] = (
    Mutant(
        "questions about orders keep the levels that they saw first",
        EXCEPTION,
        "enforcement/enforcer.py",
        "        return self.orders, self.stages.changes\n",
        "        return 0, self.stages.changes\n",
        (f"{_ONE}::test_a_checker_that_was_asked_before_hears_of_an_exception",),
    ),
    Mutant(
        "a suppression is seen by nobody who publishes",
        EXCEPTION,
        "enforcement/publisher.py",
        "        if self.overrides.suppression(limit, scope) is not None:\n",
        "        if False:\n",
        (f"{_ONE}", f"{_OVERRIDES}"),
    ),
    Mutant(
        "a suppression keeps hard limits back",
        EXCEPTION,
        "enforcement/overrides.py",
        "if limit.hard or limit.id in BUILTIN_IDS or not self.active:",
        "if not self.active:",
        (f"{_OVERRIDES}::test_pinned_active_lets_limits_go_but_no_hard_limit_and_no_operators_halt",),
    ),
    Mutant(
        "an exception outlives its end",
        EXCEPTION,
        "daemon/commands.py",
        'self._state.timers.arm(f"{EXPIRY}|{override.id}", event.expires_at)',
        "pass",
        (f"{_OVERRIDES}",),
    ),
    Mutant(
        "what an exception covered waits for its confirmation when it ends",
        EXCEPTION,
        "enforcement/overriding.py",
        "rule = replace(bound.rule, for_ns=0, confirm=0, by_fits=False)",
        "rule = bound.rule",
        (f"{_OVERRIDES}::test_what_breaches_at_the_end_of_an_increase_acts_at_that_moment",),
    ),
    Mutant(
        "an increase undoes a tightening",
        EXCEPTION,
        "enforcement/overrides.py",
        "        if tighter:\n",
        "        if False:\n",
        (f"{_OVERRIDES}::test_a_lower_level_needs_one_person_acts_at_once_and_beats_an_increase",),
    ),
    Mutant(
        "people approve what they asked for",
        EXCEPTION,
        "enforcement/approvals.py",
        "        if actor == request.actor:\n",
        "        if False:\n",
        (f"{_APPROVALS}",),
    ),
    Mutant(
        "an increase takes one person",
        EXCEPTION,
        "daemon/command_rules.py",
        "return event.value > level_of(limit, event.level).at",
        "return False",
        (f"{_APPROVALS}",),
    ),
    Mutant(
        "what takes two may be unsigned",
        EXCEPTION,
        "daemon/command_rules.py",
        "if event.sig is not None or not self.takes_two(event):",
        "if True:",
        (f"{_APPROVALS}",),
    ),
    Mutant(
        "a command of last week is obeyed",
        EXCEPTION,
        "daemon/refusals.py",
        "if event.ts < oldest_ns and not isinstance(event, Halt):",
        "if False:",
        (f"{_APPROVALS}::test_a_signed_command_is_no_use_a_second_time_or_a_day_later",),
    ),
)
