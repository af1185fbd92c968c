"""Guards of promotion and demotion."""

from tests.mutants.failures import NO_EVIDENCE, STUCK_GATE
from tests.mutants.mutant import Mutant

_LADDER = "tests/enforcement/test_ladder.py"
_GATES = "tests/enforcement/test_gates_seen.py"
_E2E = "tests/daemon/test_failures_end_to_end.py::test_"
_HISTORIES = "tests/enforcement/test_ladder_histories.py"

EVIDENCE: tuple[Mutant, ...] = (
    Mutant(
        "an episode that nobody labelled is true",
        NO_EVIDENCE,
        "enforcement/episodes.py",
        'return self.label is not None and self.label.verdict == "true"',
        'return self.label is None or self.label.verdict == "true"',
        (
            f"{_GATES}",
            f"{_E2E}no_reports_of_false_positives_promote_nothing",
        ),
    ),
    Mutant(
        "labels are not asked for",
        NO_EVIDENCE,
        "enforcement/ladder.py",
        '"labels": self._is_labelled(),',
        '"labels": True,',
        (
            f"{_LADDER}",
            f"{_GATES}",
        ),
    ),
    Mutant(
        "firing time is live time",
        NO_EVIDENCE,
        "enforcement/scopes.py",
        "is_live=self.quiet[index], is_up=is_up",
        "is_live=is_up, is_up=is_up",
        (
            "tests/enforcement/test_evidence.py",
            "tests/enforcement/test_ladder_histories.py",
            "tests/daemon/test_ladder_in_core.py",
        ),
    ),
    Mutant(
        "time without a number counts for nothing",
        NO_EVIDENCE,
        "enforcement/ladder.py",
        '"uptime": figures.uptime >= settings.uptime_min,',
        '"uptime": True,',
        (f"{_LADDER}::test_uptime_counts_from_the_first_number_on",),
    ),
    Mutant(
        "no look asks for sensitivity",
        NO_EVIDENCE,
        "enforcement/ladder.py",
        '"sensitivity": circumstances.is_sensitive,',
        '"sensitivity": True,',
        (f"{_LADDER}::test_one_that_never_fires_waits_for_proof_that_it_sees",),
    ),
    Mutant(
        "a red model is promoted",
        NO_EVIDENCE,
        "enforcement/ladder.py",
        '"backtest": not circumstances.is_model_red,',
        '"backtest": True,',
        (f"{_LADDER}",),
    ),
    Mutant(
        "a breach under way is promoted",
        NO_EVIDENCE,
        "enforcement/ladder.py",
        '"quiet": circumstances.is_quiet,',
        '"quiet": True,',
        (f"{_LADDER}::test_a_promotion_waits_for_quiet_and_for_a_model_that_is_not_red",),
    ),
    Mutant(
        "evidence of one stage serves the next",
        NO_EVIDENCE,
        "enforcement/ladder.py",
        "self.entered_live_ns, self.entered_up_ns = self.live.until(now_ns), self.up.until(now_ns)",
        "self.entered_up_ns = self.up.until(now_ns)",
        (f"{_LADDER}::test_six_quiet_weeks_earn_each_stage_and_evidence_starts_anew_in_it",),
    ),
    Mutant(
        "a stage begun anew buries its unlabelled episodes",
        NO_EVIDENCE,
        "enforcement/ladder.py",
        "for first in {self.first, self.first_of_rules}:",
        "for first in {self.first}:",
        (f"{_LADDER}::test_a_stage_that_is_lost_and_begun_anew_does_not_bury_what_nobody_labelled",),
    ),
    Mutant(
        "five per cent at each look",
        NO_EVIDENCE,
        "enforcement/readiness.py",
        "return log_e_value(false, weeks, threshold) >= log(READY_AT * family)",
        "return rate_upper_bound(false, weeks) < threshold",
        (
            "tests/enforcement/test_readiness.py",
            f"{_HISTORIES}",
        ),
    ),
    Mutant(
        "a family of limits is one",
        NO_EVIDENCE,
        "enforcement/readiness.py",
        ">= log(READY_AT * family)",
        ">= log(READY_AT)",
        ("tests/enforcement/test_readiness.py",),
    ),
    Mutant(
        "duplicates vanish without what they repeat",
        NO_EVIDENCE,
        "enforcement/episodes.py",
        "if not (episode.is_duplicate and kept):",
        "if not episode.is_duplicate:",
        (f"{_LADDER}::test_a_duplicate_merges_and_the_first_of_a_stage_has_nothing_to_merge_into",),
    ),
    Mutant(
        "labels that come late demote nobody",
        NO_EVIDENCE,
        "enforcement/cusum.py",
        "level = max(0.0, level - threshold * (began - at)) + JUMP",
        "level = max(0.0, level - threshold * (weeks - at)) + JUMP",
        (
            "tests/enforcement/test_cusum.py",
            f"{_LADDER}",
        ),
    ),
    Mutant(
        "data errors in pairs cost nothing",
        NO_EVIDENCE,
        "enforcement/ladder.py",
        "if self._has_data_errors(now_ns):",
        "if False:",
        (f"{_LADDER}::test_two_data_errors_within_a_day_cost_a_stage_at_once",),
    ),
    Mutant(
        "what nobody labels in time demotes nobody",
        NO_EVIDENCE,
        "enforcement/episodes.py",
        'return "unresolved" if now_ns - self.began_ns >= resolve_within_ns else None',
        "return None",
        (f"{_LADDER}::test_what_nobody_labels_in_time_counts_as_false_in_the_cusum_too",),
    ),
    Mutant(
        "a false episode costs two weeks for each in the past",
        STUCK_GATE,
        "enforcement/readiness.py",
        "return 0.5 * threshold * weeks - false * log(2.0)",
        "return 0.5 * threshold * weeks - false * (1.0 + 0.1 * false) * log(2.0)",
        (f"{_GATES}::test_a_gate_does_not_stay_closed_because_its_threshold_outruns_the_exposure",),
    ),
    Mutant(
        "a false episode of an earlier stage counts for ever",
        STUCK_GATE,
        "enforcement/ladder.py",
        "self.first, self.labels = len(self.episodes), []",
        "self.labels = []",
        (
            f"{_LADDER}",
            f"{_HISTORIES}",
        ),
    ),
    Mutant(
        "exposure ends with the first episode",
        STUCK_GATE,
        "enforcement/figures.py",
        "        self.since_ns = now_ns if is_live else 0",
        "        self.since_ns = now_ns if is_live and not self.passed_ns else 0",
        (
            f"{_GATES}",
            f"{_LADDER}",
            f"{_E2E}a_gate_opens_for_a_limit_that_is_good_enough_and_does_not_stay_stuck",
        ),
    ),
    Mutant(
        "a true episode costs time for ever",
        STUCK_GATE,
        "enforcement/tally.py",
        "doubted=tuple(weeks_at(each) for each in stage if not each.is_true)",
        "doubted=tuple(weeks_at(each) for each in stage)",
        (f"{_LADDER}::test_a_true_episode_costs_its_own_time_and_nothing_else",),
    ),
)
