"""Each story of issue 3 ends as semantics.md says, as far as the oracle goes."""

import datetime

import numpy as np
import pytest

from tests.oracle.scenarios import STORIES
from tests.oracle.test_oracle import play, status, table, trust, value, walk


def test_a_base_holiday_is_no_row_and_the_next_row_compounds_the_other_market() -> None:
    oracle = play(STORIES["holiday"]())
    dates = [datetime.date.fromordinal(row.date).isoformat() for row in oracle.rows.rows]
    assert "2019-11-28" not in dates
    assert "2019-11-29" in dates
    facts = oracle.market.instruments["TOKYO"]
    row = oracle.rows.rows[dates.index("2019-11-29")]
    start, end = (facts.close_prices[datetime.date(2019, 11, day).toordinal()] for day in (27, 29))
    assert row.returns["TOKYO"] == pytest.approx(end / start - 1.0, rel=1e-12)


def test_a_closed_market_returns_zero_and_is_not_proxied() -> None:
    oracle = play(STORIES["holiday"]())
    row = next(row for row in oracle.rows.rows if row.date == datetime.date(2019, 11, 4).toordinal())
    assert row.cells["TOKYO"].kind == "closed"
    assert row.returns["TOKYO"] == 0.0


def test_a_missing_close_is_proxied_and_its_total_return_is_kept() -> None:
    stream = STORIES["missing_close"]()
    fund = walk(stream, "firm/fund")
    assert fund["cut_off"]["rows"] == int(str(fund["row_waits"]["rows"])) + 1
    assert fund["row_waits"]["nav"] != fund["cut_off"]["nav"]
    oracle = play(stream)
    facts = oracle.market.instruments["S2"]
    hole = next(place for place, row in enumerate(oracle.rows.rows) if row.cells["S2"].kind == "missing")
    before, row, after = oracle.rows.rows[hole - 1 : hole + 2]
    assert "S2" not in row.returns
    proxied = row.returns["S5"]  # the only other of its sector
    whole = facts.close_prices[after.date] / facts.close_prices[before.date]
    assert (1.0 + proxied) * (1.0 + after.returns["S2"]) == pytest.approx(whole, rel=1e-12)
    assert status(fund["cut_off"], "var_95") == "DEGRADED"


def test_a_late_close_moves_the_mark_at_once_and_no_old_row() -> None:
    fund = walk(STORIES["missing_close"](), "firm/fund")
    assert fund["late_close"]["nav"] != fund["before_late_close"]["nav"]
    assert fund["late_close"]["rows"] == fund["before_late_close"]["rows"]


def test_a_new_listing_joins_with_a_full_window_degraded() -> None:
    stream = STORIES["new_listing"]()
    fund = walk(stream, "firm/fund")
    assert fund["first_close"]["nav"] is not None
    assert fund["thirty_closes"]["rows"] == 99
    assert status(fund["thirty_closes"], "var_95") == "DEGRADED"
    oracle = play(stream)
    own = [row.returns["NEW"] for row in oracle.rows.rows if "NEW" in row.returns]
    assert len(own) == 29  # thirty closes make twenty-nine returns


def test_a_stale_feed_makes_the_book_invalid_and_a_close_heals_it() -> None:
    fund = walk(STORIES["stale_feed"](), "firm/fund")
    assert [fund[moment]["data_status"] for moment in ("both_fresh", "s0_quiet_and_fresh")] == ["OK", "OK"]
    assert fund["s0_stale"]["trust"] == table(fund["s0_quiet_and_fresh"], "trust") | {"S0": "stale"}
    assert trust(fund["feed_silent"], "S1") == "stale"
    assert status(fund["s0_stale"], "var_95") == "INVALID"
    assert fund["closed"]["data_status"] == "OK"
    assert [trust(fund[f"s7_missing_{day}"], "S7") for day in (2, 3)] == ["fresh", "stale"]
    assert fund["s7_back"]["data_status"] == "OK"


def test_an_outlier_that_proves_true_moves_the_mark_at_the_third_price() -> None:
    fund = walk(STORIES["outlier_proves_true"](), "firm/fund")
    held = [table(fund[moment], "exposures", "by_instrument")["S3"] for moment in ("before", "quote_1", "quote_2")]
    assert held[0] == held[1] == held[2]
    assert table(fund["quote_3"], "exposures", "by_instrument")["S3"] == pytest.approx(held[0] * 0.55 * 0.999, rel=1e-3)
    assert fund["quote_1"]["data_status"] == "DEGRADED"
    assert fund["quote_3"]["data_status"] == "OK"
    assert trust(fund["suspect_before_close"], "S4") == "suspect"
    assert trust(fund["close_settles"], "S4") == "fresh"
    assert float(str(fund["close_settles"]["nav"])) > float(str(fund["suspect_before_close"]["nav"]))


def test_an_outlier_that_proves_false_never_moves_the_mark_and_is_stressed_meanwhile() -> None:
    fund = walk(STORIES["outlier_proves_false"](), "firm/fund")
    assert {fund[moment]["nav"] for moment in ("before", "wild_1", "wild_2", "wild_3")} == {fund["before"]["nav"]}
    assert value(fund["wild_2"], "worst_loss") > value(fund["before"], "worst_loss")
    assert fund["settled"]["data_status"] == "OK"


def test_an_empty_book_has_no_risk_and_an_unknown_book_no_number() -> None:
    empty = play(STORIES["empty_book"]()).numbers("firm/empty")
    assert (value(empty, "var_95"), status(empty, "var_95")) == (0.0, "OK")
    assert value(empty, "top_share") is None
    unknown = walk(STORIES["unknown_book"](), "other")
    metrics = table(unknown["other_unknown"], "metrics")
    assert {status(unknown["other_unknown"], name) for name in metrics} == {"INVALID"}
    assert status(unknown["other_known"], "var_95") == "DEGRADED"


def test_a_position_without_a_rate_has_no_value_until_the_rate_comes_without_profit() -> None:
    stream = STORIES["currency_without_rate"]()
    fund = walk(stream, "firm/fund")
    assert fund["no_rate"]["unvalued"] == ["LONDON"]
    assert fund["no_rate"]["data_status"] == "INVALID"
    assert fund["rate"]["data_status"] == "OK"
    held = table(fund["rate"], "exposures", "by_instrument")
    jump = float(str(fund["rate"]["nav"])) - float(str(fund["pair_without_price"]["nav"]))
    assert held["LONDON"] > 10.0 * abs(jump)


def test_working_orders_count_at_the_worst() -> None:
    stream = STORIES["currencies_and_margin"]()
    fund = walk(stream, "firm/fund")["orders"]
    gross = table(fund, "exposures")["gross"]
    order = 5000.0 * table(fund, "exposures", "by_instrument")["S0"] / 1000.0
    assert value(fund, "gross") == pytest.approx(gross + order, rel=1e-12)
    assert value(fund, "worst_loss") == pytest.approx(table(fund, "stress", "crash")["loss"])
    before = table(walk(stream, "firm/fund")["order_filled_in_part"], "stress", "crash")["loss"]
    assert before == pytest.approx(table(fund, "stress", "crash")["loss"])  # nothing of this book was filled


def test_a_window_never_holds_a_half_row() -> None:
    """The dollar-neutral desk's value only changes where all marks of a row move together."""
    stream = STORIES["plain_days"]()
    oracle = play(stream, "cancelled")
    values = []
    for n, event in enumerate(stream.events[stream.moments["flow"] :], start=stream.moments["flow"] + 1):
        oracle.apply(event, n)
        values.append(oracle.money.nav("firm/desk"))
    changes = np.flatnonzero(np.diff(np.array(values, dtype=np.float64)))
    assert set(np.diff(changes).tolist()) == {8}
