"""In which order files of tests are handed to workers, and to how many: only time depends on it.

A file goes to a worker whole. One that is long and comes last would be waited for alone; and tests on Kafka wait for
time more than they compute, so they run beside those that compute.
"""

import os
from collections.abc import Sequence

import pytest

WORKERS_MAX = 4  # each holds most of a GB, and a broker where it has tests on Kafka
WORKERS_BEYOND_CORES = 2

# Seconds that files take on two cores; those of under eight seconds come after them, in the order of their names.
SECONDS = {
    "tests/kafka/test_chaos.py": 260,
    "tests/kafka/test_faults.py": 150,
    "tests/daemon/test_explain_demo.py": 130,
    "tests/replay/test_evidence.py": 130,
    "tests/kafka/test_run_equals_replay.py": 100,
    "tests/replay/test_claims.py": 90,
    "tests/kafka/test_edited_file.py": 70,
    "tests/kafka/test_shards.py": 60,
    "tests/kafka/test_sink.py": 60,
    "tests/mutants/test_mutants.py": 60,
    "tests/replay/test_batches.py": 60,
    "tests/kafka/test_security.py": 55,
    "tests/daemon/test_plan.py": 45,
    "tests/enforcement/test_false_promotion.py": 45,
    "tests/kafka/test_record.py": 45,
    "tests/kafka/test_crypto.py": 40,
    "tests/kafka/test_local_broker.py": 35,
    "tests/replay/test_oracle.py": 35,
    "tests/risk/test_kernels_filled.py": 35,
    "tests/kafka/test_commands.py": 30,
    "tests/risk/test_kernels_liquidity.py": 30,
    "tests/risk/test_kernels_prices.py": 30,
    "tests/daemon/test_demo.py": 28,
    "tests/kafka/test_second_start.py": 27,
    "tests/kafka/test_backlog.py": 25,
    "tests/kafka/test_explain.py": 25,
    "tests/kafka/test_selftest.py": 25,
    "tests/replay/test_replay.py": 25,
    "tests/daemon/test_cli_explain.py": 20,
    "tests/daemon/test_cli_plan.py": 20,
    "tests/deploy/test_prometheus.py": 20,
    "tests/risk/test_preview.py": 20,
    "tests/kafka/test_demo_on_kafka.py": 18,
    "tests/kafka/test_action_reader_of_daemon.py": 16,
    "tests/risk/test_kernels_bounding.py": 16,
    "tests/enforcement/test_evidence.py": 15,
    "tests/replay/test_modes.py": 25,
    "tests/daemon/test_ladder_in_core.py": 14,
    "tests/enforcement/test_targets_judged.py": 14,
    "tests/feeds/test_action_state_of_core.py": 12,
    "tests/risk/test_scope_book.py": 12,
    "tests/daemon/test_cli_report.py": 10,
    "tests/daemon/test_order_check_by_fills.py": 10,
    "tests/replay/test_ack_batches.py": 9,
    "tests/replay/test_crypto_values.py": 9,
    "tests/replay/test_dozing.py": 9,
    "tests/replay/test_malformed.py": 9,
    "tests/replay/test_wake.py": 9,
    "tests/enforcement/test_ladder_histories.py": 8,
}


def workers() -> int:
    """Return how many workers `--numprocesses auto` means."""
    return min(WORKERS_MAX, (os.cpu_count() or 1) + WORKERS_BEYOND_CORES)


def ordered(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests with the longest files first, each file's tests in their own order."""
    return sorted(items, key=lambda item: -SECONDS.get(item.nodeid.split("::")[0], 0))
