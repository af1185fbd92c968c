"""What an action would have saved, against loops over positions and days."""

import math

import numpy as np
import pytest

from daemon.report_html.episodes import Episode
from daemon.report_html.run_data import RunData
from daemon.report_html.savings import reduced_share, saving


def slow_profits(run: RunData, episode: Episode, kept: dict[str, float]) -> list[float]:
    """Return the P&L of the trip's book after each session to the clearing, one position and one day at a time."""
    book = run.books[episode.first.d]
    end_ns = run.ts[-1] if episode.end_ns is None else episode.end_ns
    profits = []
    for last in range(len(run.dates)):
        if not episode.start_ns < run.ts[last] <= end_ns:
            continue
        total = 0.0
        for i, name in enumerate(run.instruments[: len(book.quantity)]):
            price = 1.0 / (1.0 + book.since[i])
            for row in range(last + 1):
                if run.ts[row] > episode.start_ns:
                    price *= 1.0 + run.returns[row, i]
            total += kept.get(name, 1.0) * book.quantity[i] * book.unit[i] * (price - 1.0)
        profits.append(total)
    return profits


def asked(run: RunData, episode: Episode) -> dict[str, float]:
    book = run.books[episode.first.d]
    held = dict(zip(run.instruments, book.quantity, strict=False))
    return {t.instrument: min(1.0, t.max_abs_qty / abs(held[t.instrument])) for t in episode.first.params.targets or ()}


def risk_episodes(run: RunData) -> list[Episode]:
    return [episode for episode in run.episodes if not episode.is_built_in]


def test_every_episode_is_what_a_slow_count_says(run: RunData) -> None:
    kinds = set()
    for episode in risk_episodes(run):
        found = saving(run, episode)
        assert found is not None
        frozen, lighter = slow_profits(run, episode, {}), slow_profits(run, episode, asked(run, episode))
        assert found.rows == len(frozen)
        kinds.add(episode.first.decided_type)
        if not frozen:
            continue
        assert found.at_end == pytest.approx(frozen[-1], rel=1e-9, abs=1e-6)
        assert found.saved_end == pytest.approx(lighter[-1] - frozen[-1], rel=1e-9, abs=1e-6)
        low = min(frozen)
        assert found.to_low == pytest.approx(min(low, 0.0), rel=1e-9, abs=1e-6)
        if low < 0.0:
            place = frozen.index(low)
            assert found.saved_low == pytest.approx(lighter[place] - low, rel=1e-9, abs=1e-6)
            assert found.low is not None
    assert {"reduce_position", "throttle", "halt", "warn"} <= kinds, "the made run must hold every kind of action"


def test_an_action_that_names_no_target_saves_nothing_and_says_what_a_tenth_would_do(run: RunData) -> None:
    episode = next(each for each in risk_episodes(run) if each.first.decided_type == "throttle")
    found = saving(run, episode)
    assert found is not None
    assert (found.cut, found.saved_low, found.saved_end, found.refused) == (0.0, 0.0, 0.0, None)
    assert found.to_low < 0.0
    assert found.tenth_low == -0.1 * found.to_low > 0.0


def test_a_reduction_cuts_the_share_that_its_targets_name(run: RunData) -> None:
    episode = next(each for each in risk_episodes(run) if each.first.decided_type == "reduce_position")
    book, found = run.books[episode.first.d], saving(run, episode)
    assert found is not None
    kept = asked(run, episode)
    assert kept, "the action must name targets"
    assert all(0.0 <= share < 1.0 for share in kept.values())
    sizes = {n: abs(q * u) for n, q, u in zip(run.instruments, book.quantity, book.unit, strict=False)}
    cut = sum(size * (1.0 - kept.get(name, 1.0)) for name, size in sizes.items()) / sum(sizes.values())
    assert found.cut == pytest.approx(cut)
    quantity = np.array([*book.quantity, *[0.0] * (len(run.instruments) - len(book.quantity))])
    shares = reduced_share(episode, run.instruments, quantity)
    assert shares.tolist() == [kept.get(name, 1.0) for name in run.instruments]


def test_refused_increases_are_what_was_bought_after_a_halt(run: RunData) -> None:
    """The book buys 200 AA two days after the halt: what they made while it held, with the sign turned."""
    episode = next(each for each in risk_episodes(run) if each.first.decided_type == "halt")
    found, book = saving(run, episode), run.books[episode.first.d]
    assert found is not None
    assert found.refused is not None
    place = run.instruments.index("AA")
    exposure = run.scope("firm").exposure
    slow = 0.0
    for row in range(1, len(run.dates)):
        ended = episode.end_ns is not None and run.ts[row] > episode.end_ns
        if run.ts[row - 1] > episode.start_ns and not ended:
            price = math.prod(1.0 + run.returns[r, place] for r in range(row) if run.ts[r] > episode.start_ns)
            beyond = max(0.0, exposure[row - 1, place] - book.quantity[place] * book.unit[place] * price)
            slow -= beyond * run.returns[row, place]
    assert slow != 0.0
    assert found.refused == pytest.approx(slow, rel=1e-6, abs=1e-3)
