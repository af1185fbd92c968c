"""Guards against single prices, false peaks and missing numbers."""

from tests.mutants.failures import BAD_PRICE, MISSING_IS_ZERO, WRONG_BASIS, WRONG_SCOPE
from tests.mutants.mutant import Mutant

_LIFE = "tests/enforcement/test_life.py"
_E2E = "tests/daemon/test_failures_end_to_end.py::test_"
_MARKS = "tests/risk/test_marks.py"

CONFIRMATIONS: tuple[Mutant, ...] = (
    Mutant(
        "one price confirms",
        BAD_PRICE,
        "enforcement/life.py",
        "if confirmed >= rule.confirm and",
        "if confirmed >= 1 and",
        (
            f"{_LIFE}::test_a_breach_by_a_price_waits_for_a_second_price",
            f"{_E2E}one_bad_price_halts_nothing",
        ),
    ),
    Mutant(
        "a suspect price confirms",
        BAD_PRICE,
        "enforcement/life.py",
        "after = seeing if clock.moment.suspect else _compare(",
        "after = _compare(",
        (f"{_LIFE}::test_a_suspect_price_neither_advances_nor_resets_anything",),
    ),
    Mutant(
        "time confirms",
        BAD_PRICE,
        "enforcement/life.py",
        'elif clock.moment.cause == "price" and n != life.confirmed_n:',
        'elif clock.moment.cause in ("price", "time") and n != life.confirmed_n:',
        (
            f"{_LIFE}::test_time_confirms_nothing_that_one_price_began",
            "tests/daemon/test_confirmation.py",
        ),
    ),
    Mutant(
        "one input confirms twice",
        BAD_PRICE,
        "enforcement/life.py",
        'elif clock.moment.cause == "price" and n != life.confirmed_n:',
        'elif clock.moment.cause == "price":',
        (f"{_LIFE}::test_the_same_input_seen_twice_confirms_once",),
    ),
    Mutant(
        "a price back under the level leaves the confirmation",
        BAD_PRICE,
        "enforcement/life.py",
        "since_ns=clock.moment.ts, confirmed=0, confirmed_n=0, due_ns=0)\n        case LifeState.FIRING",
        "since_ns=clock.moment.ts, due_ns=0)\n        case LifeState.FIRING",
        (f"{_LIFE}::test_a_price_back_at_the_level_resets_the_confirmation",),
    ),
    Mutant(
        "`for` is not waited for",
        BAD_PRICE,
        "enforcement/life.py",
        "if confirmed >= rule.confirm and life.due_ns <= clock.moment.ts:",
        "if confirmed >= rule.confirm:",
        (f"{_LIFE}::test_for_is_counted_in_open_time",),
    ),
    Mutant(
        "one price far out is the new level",
        BAD_PRICE,
        "risk/quarantine.py",
        "_CONFIRMATIONS = 3",
        "_CONFIRMATIONS = 1",
        (
            f"{_MARKS}::test_three_prices_within_one_per_cent_are_the_new_level",
            f"{_E2E}a_synthetic_peak_of_the_equity_halts_nothing",
        ),
    ),
    Mutant(
        "three prices far apart are the new level",
        BAD_PRICE,
        "risk/quarantine.py",
        "while max(held) - min(held) > band *",
        "while max(held) - min(held) > 1e9 * band *",
        (f"{_MARKS}::test_three_prices_within_one_per_cent_are_the_new_level",),
    ),
    Mutant(
        "closes move their marks one by one",
        BAD_PRICE,
        "risk/window.py",
        "if news and (state.terms[i].closes_mark or row_is_done):",
        "if news:",
        (
            f"{_E2E}a_synthetic_peak_of_the_equity_halts_nothing",
            f"{_MARKS}::test_closes_move_all_marks_together",
        ),
    ),
    Mutant(
        "a missing number is zero",
        MISSING_IS_ZERO,
        "sensors/metric_reading.py",
        "        statistic = nan\n    if isnan",
        "        statistic = 0.0\n    if isnan",
        (f"{_E2E}missing_data_is_never_zero_and_clears_no_alert",),
    ),
    Mutant(
        "missing data ends a breach",
        MISSING_IS_ZERO,
        "enforcement/life.py",
        "after = replace(after, state=state, held=life.state, since_ns=ts, no_data_since_ns=ts)",
        "after = replace(after, state=state, since_ns=ts, no_data_since_ns=ts)",
        (
            f"{_LIFE}::test_missing_data_holds_the_state_and_gives_it_back",
            f"{_E2E}missing_data_is_never_zero_and_clears_no_alert",
        ),
    ),
    Mutant(
        "a held breach asks for nothing",
        MISSING_IS_ZERO,
        "enforcement/life.py",
        "return life.state in _ACTING or (life.state in _BLIND and life.held in _ACTING)",
        "return life.state in _ACTING",
        (f"{_E2E}missing_data_is_never_zero_and_clears_no_alert",),
    ),
    Mutant(
        "a recovery goes on while data is missing",
        MISSING_IS_ZERO,
        "enforcement/life.py",
        "return _begin_recovery(found, rule, clock) if found.state is LifeState.RECOVERING else found",
        "return found",
        (f"{_LIFE}::test_a_recovery_starts_anew_when_data_is_back",),
    ),
    Mutant(
        "missing data never escalates",
        MISSING_IS_ZERO,
        "enforcement/life.py",
        "if severity(policy) > severity(after.escalated):",
        "if severity(policy) < severity(after.escalated):",
        (f"{_LIFE}::test_data_missing_for_fifteen_minutes_asks_what_the_policy_says",),
    ),
    Mutant(
        "no look while data is missing",
        MISSING_IS_ZERO,
        "enforcement/attention.py",
        "return known and status <= Status.DEGRADED and value <= bound.wake_at",
        "return value <= bound.wake_at or value != value",
        (
            "tests/enforcement/test_attention.py",
            "tests/enforcement/test_failures_seen.py",
        ),
    ),
    Mutant(
        "a flow is performance",
        WRONG_BASIS,
        "risk/nav.py",
        "arrays.index_base[p] = index * ((nav - flow) / before)",
        "arrays.index_base[p] = index * (nav / before)",
        (f"{_E2E}money_that_leaves_is_no_drawdown_and_money_that_comes_hides_none",),
    ),
    Mutant(
        "a nav starts the index anew",
        WRONG_BASIS,
        "risk/nav.py",
        "if math.isnan(before) or arrays.index_base[p] == 0.0:",
        "if True:",
        ("tests/risk/test_nav.py",),
    ),
    Mutant(
        "a broken index heals by itself",
        WRONG_BASIS,
        "risk/nav.py",
        "    elif before <= 0.0 or not arrays.value_base[p] > 0.0:\n        arrays.index_valid[p] = 0\n",
        "    elif before <= 0.0 or not arrays.value_base[p] > 0.0:\n"
        "        arrays.index_base[p] = arrays.high_water[p] = 1.0\n",
        ("tests/risk/test_nav.py::test_a_value_that_prices_took_under_zero_breaks_the_index_too",),
    ),
    Mutant(
        "a flow of a child stays with it",
        WRONG_BASIS,
        "risk/nav.py",
        "_rebase(state, above, (0.0 if math.isnan(old) else old) + gain, into_parents)",
        "_rebase(state, above, (0.0 if math.isnan(old) else old) + gain, 0.0)",
        ("tests/risk/test_nav.py",),
    ),
    Mutant(
        "a limit of the firm is bound to every book",
        WRONG_SCOPE,
        "enforcement/limits.py",
        "for limit in limits if matches(limit.scope, scope))",
        'for limit in limits if matches(limit.scope.split("/")[0], scope.split("/")[0]))',
        (
            "tests/enforcement/test_failures_seen.py::test_a_limit_on_the_firm_looks_at_the_firm_and_not_at_one_book",
            f"{_E2E}a_limit_on_the_firm_is_held_against_the_firm_and_not_against_one_book",
        ),
    ),
    Mutant(
        "a star reaches into children",
        WRONG_SCOPE,
        "enforcement/limits.py",
        "    at = taken = 0\n",
        '    return fnmatchcase("/".join(elements), "/".join(patterns))\n    at = taken = 0\n',
        ("tests/enforcement/test_limits.py",),
    ),
    Mutant(
        "a child is freer than its parent",
        WRONG_SCOPE,
        "enforcement/standings.py",
        "TradingStates(enforced[-1], most_severe(enforced),",
        "TradingStates(enforced[-1], enforced[-1],",
        ("tests/enforcement/test_enforcer.py",),
    ),
    Mutant(
        "the reader looks at its own scope alone",
        WRONG_SCOPE,
        "feeds/action_state.py",
        "        for path in paths_to(scope):\n"
        "            for partition in self._partitions.values():\n"
        "                held",
        "        for path in (scope,):\n            for partition in self._partitions.values():\n                held",
        (f"{_E2E}a_limit_on_the_firm_is_held_against_the_firm_and_not_against_one_book",),
    ),
)
