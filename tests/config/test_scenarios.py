"""The scenario library: what is shipped, and how a library of one's own can be wrong."""

from pathlib import Path

import pytest

from config.faults import ConfigError
from config.scenarios import KINDS, load_scenarios, parse_scenarios

GOOD = """scenarios:
  - id: mine
    name: Mine
    date: 2008-10-10
    horizon_days: 1
    probability_per_year: 0.1
    liquidity: crisis
    provenance: me
    shocks: {equity: -0.4, bond: 50, ESZ6: -0.5}
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_scenarios(text.encode(), "mine.yaml")
    return [str(fault) for fault in caught.value.faults]


def test_six_scenarios_are_shipped_each_with_an_equity_shock_and_its_source() -> None:
    shipped = load_scenarios(None)
    assert [scenario.id for scenario in shipped] == [
        "gfc_2008",
        "taper_tantrum_2013",
        "covid_2020",
        "rates_up_300",
        "br_fiscal_2015",
        "global_risk_off",
    ]
    for scenario in shipped:
        shocks = dict(scenario.shocks)
        assert shocks["equity"] < 0
        assert {kind for kind in KINDS if kind != "option"} <= set(shocks)
        assert len(scenario.provenance) > 100
        assert scenario.limit is None
        assert scenario.horizon_days >= 1
    assert sum(scenario.probability_per_year for scenario in shipped) < 1
    assert dict(shipped[3].shocks)["bond"] == 300


def test_one_of_ones_own_loads_in_the_order_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    (scenario,) = load_scenarios(path)
    assert scenario.shocks == (("equity", -0.4), ("bond", 50.0), ("ESZ6", -0.5))
    assert (scenario.date, scenario.liquidity, scenario.limit) == ("2008-10-10", "crisis", None)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("-0.4", "-1", "mine.yaml:9:14: scenarios[0].shocks.equity: shock of 'equity' must be relative, over -1"),
        ("-0.4", "-40", "shock of 'equity' must be relative"),
        ("bond: 50", "bond: 9000", "within 5000 basis points of yield, got 9000"),
        ("-0.4", ".nan", "equity must be a finite number"),
        ("{equity: -0.4, bond: 50, ESZ6: -0.5}", "{}", "shocks must have at least 1 item"),
        ("0.1", "2", "probability_per_year must be less than or equal to 1, got 2"),
        ("horizon_days: 1", "horizon_days: 0", "horizon_days must be greater than or equal to 1, got 0"),
        ("crisis", "dry", "liquidity must be 'normal', 'stressed' or 'crisis', got 'dry'"),
        ("2008-10-10", "yesterday", "date must match pattern"),
        ("    provenance: me\n", "", "provenance is required"),
        ("name: Mine", "nam: Mine", "name is required"),
        ("id: mine", "id: mine\n    limit: -5", "limit must be greater than 0, got -5"),
    ],
)
def test_each_fault_of_a_library_has_its_place(old: str, new: str, words: str) -> None:
    assert old in GOOD
    assert any(words in fault for fault in faults(GOOD.replace(old, new, 1)))


def test_two_scenarios_of_one_id_show_both_lines() -> None:
    twice = GOOD + GOOD.removeprefix("scenarios:\n")
    assert faults(twice) == ["mine.yaml:10:5: scenarios[1].id: duplicate scenario id 'mine': lines 2 and 10"]


@pytest.mark.parametrize("text", ["", "scenarios: []", "- a"])
def test_a_library_without_scenarios_is_a_fault(text: str) -> None:
    assert len(faults(text)) == 1


def test_a_missing_library_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_scenarios(tmp_path / "none.yaml")
