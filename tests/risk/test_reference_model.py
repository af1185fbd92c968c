"""The reference model against hand-made formulas, and the cleaning of marks."""

from dataclasses import replace
from math import inf, isnan, nan

import numpy as np
import pytest

from risk.instruments import Terms
from risk.pot import fit_pot
from risk.reference_model import UNVERIFIABLE, VERIFIABLE, reference_statistic
from risk.trip import Trip, TripCause, cleaned_marks
from risk.verification_work import VerificationResult, verdict

ROWS = 600


def trip_of(metric: str, names: int = 9, **changes: object) -> Trip:
    draw = np.random.Generator(np.random.Philox(3))
    returns = draw.standard_t(4, (names, ROWS)) * 0.01
    quantity, mark = np.linspace(-300.0, 900.0, names), np.full(names, 50.0)
    made = Trip(
        cause=TripCause("e", "var_breach", metric, 1.0), scope=0, ts=0, row=ROWS, columns=np.arange(names),
        terms=tuple(Terms(f"S{i}", "equity", "USD", "XNYS") for i in range(names)), quantity=quantity,
        buys=np.zeros(names), sells=np.zeros(names), mark=mark, level=mark * 1.01, rate=np.ones(names), returns=returns,
        shocks=draw.uniform(-0.5, 0.1, (names, 3)), covered=np.ones((names, 3)), scenario_limits=np.full(3, 20_000.0),
        nav=1e5, value_at_risk=(nan, nan), worst_loss=nan, slow_sigma=nan, usual_sigma=nan, spread=np.full(names, nan),
        has_bars=False, decay=0.94, slow_decay=0.99,
    )  # fmt: skip
    return replace(made, **changes)


def statistic(trip: Trip) -> float:
    return reference_statistic(trip, trip.mark, trip.rate, trip.nav)


def test_var_and_shortfall_are_the_order_statistics() -> None:
    losses = np.sort(-(trip_of("var_99").exposure @ trip_of("var_99").returns))
    assert statistic(trip_of("var_99")) == losses[593]  # the 594th of 600
    assert statistic(trip_of("es_99")) == pytest.approx(losses[-6:].mean())
    assert statistic(trip_of("var_95")) == losses[569]
    assert isnan(statistic(trip_of("var_99", returns=trip_of("var_99").returns[:, :90])))


@pytest.mark.parametrize("metric", ["var_999", "es_999", "tail_ratio"])
def test_the_far_tail_is_near_the_products_own_fit(metric: str) -> None:
    """Two maximum likelihood fits by different codes: within a few per cent."""
    trip = trip_of(metric)
    fit = fit_pot(-(trip.exposure @ trip.returns))
    expected = {"var_999": fit.var(999_000), "es_999": fit.es(999_000), "tail_ratio": fit.tail_ratio()}[metric]
    assert statistic(trip) == pytest.approx(expected, rel=0.05)


def test_sums_and_shares() -> None:
    x = trip_of("gross").exposure
    assert statistic(trip_of("gross")) == pytest.approx(np.abs(x).sum())
    assert statistic(trip_of("net")) == pytest.approx(abs(x.sum()))
    assert statistic(trip_of("gross_leverage")) == pytest.approx(np.abs(x).sum() / 1e5)
    assert statistic(trip_of("net_leverage", nav=-1.0)) == inf
    assert statistic(trip_of("top_share")) == pytest.approx(np.abs(x).max() / np.abs(x).sum())
    assert statistic(trip_of("top_share", names=4)) == pytest.approx(
        np.abs(trip_of("gross", names=4).exposure).max() / 1e5
    )


def test_scenarios_count_where_they_cover_the_book() -> None:
    trip = trip_of("worst_loss")
    losses = -(trip.exposure @ trip.shocks)
    assert statistic(trip) == pytest.approx(losses.max())
    assert statistic(trip_of("failures")) == (losses > 20_000.0).sum()
    assert isnan(statistic(replace(trip, covered=np.zeros((9, 3)))))


def test_ratios_are_those_of_weighted_covariances() -> None:
    trip = trip_of("vol_ratio")
    weights = 0.06 * 0.94 ** np.arange(ROWS - 1, -1, -1) / (1 - 0.94**ROWS)
    pnl = trip.exposure @ trip.returns
    assert statistic(trip) == pytest.approx(np.sqrt((weights * pnl**2).sum() / (pnl**2).mean()))
    assert 0.3 < statistic(trip_of("k_ratio")) < 3.0
    assert statistic(trip_of("k_ratio", names=1)) == 1.0
    assert 1.0 / 9.0 < statistic(trip_of("hhi")) < 1.0
    assert isnan(statistic(replace(trip, has_bars=True)))


def test_working_orders_count_at_the_worst_book() -> None:
    trip = trip_of("gross", buys=np.full(9, 500.0))
    larger = np.maximum(np.abs(trip.quantity), np.abs(trip.quantity + 500.0))
    assert statistic(trip) == pytest.approx((larger * 50.0).sum())


def test_what_has_no_reference_has_no_number() -> None:
    assert not set(VERIFIABLE) & set(UNVERIFIABLE)
    assert all(isnan(statistic(trip_of(metric))) for metric in UNVERIFIABLE)


def test_a_mark_far_outside_the_days_closes_is_pulled_back_and_others_stay() -> None:
    trip = trip_of("gross", names=4, mark=np.array([50.0, 500.0, 5.0, 52.0]), level=np.full(4, 50.0))
    close = np.array([51.0, 51.0, 51.0, nan])
    cleaned = cleaned_marks(trip, close)
    assert cleaned[0] == 50.0
    assert 51.0 < cleaned[1] < 56.0
    assert 44.0 < cleaned[2] < 50.0
    assert cleaned[3] == 52.0


@pytest.mark.parametrize(
    ("cleaned", "uncleaned", "expected"),
    [
        (1.2, 1.2, ("confirmed", None)), (1.0, 1.0, ("confirmed", None)), (0.9, 1.2, ("false", "data_error")),
        (0.9, 0.9, ("false", "model_error")), (nan, 2.0, ("unverifiable", None)), (inf, inf, ("confirmed", None)),
    ],
)  # fmt: skip
def test_a_verdict_names_the_side_that_was_wrong(cleaned: float, uncleaned: float, expected: tuple) -> None:
    assert verdict(VerificationResult("i", "d", 0, cleaned, uncleaned), 1.0) == expected
