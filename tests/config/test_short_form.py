"""The short form of contracts.md: what it expands to, and how it can contradict itself."""

import pytest

from config.faults import ConfigError
from config.loader import load_shipped_config, parse_config
from config.schema import Config, Limit
from sensors.catalogue import SHIPPED

CONTRACT = """
enforcement:
  mode: monitoring                 # monitoring | gradual | full
  false_positive_threshold_per_week: 1.0
  var_limits:    {var_95_limit: 100000, var_99_limit: 200000, var_999_limit: 500000}
  stress_limits: {max_stress_loss: 1000000, max_scenario_failures: 3, max_tail_ratio: 1.5}
  rules:
    - {rule_id: var_95_limit, rule_name: "VaR 95% Limit", threshold: 100000, action: warn, monitoring_mode: true, enforcement_enabled: false}
    - {rule_id: var_99_limit, rule_name: "VaR 99% Limit", threshold: 200000, action: throttle}
  audit:   {enabled: true, log_directory: logs/risk_audit, async_logging: true}
  metrics: {enabled: true, namespace: risk, subsystem: management}
"""  # noqa: E501 - the contract's own text


def load(text: str) -> Config:
    return parse_config(text.encode(), "test.yaml", SHIPPED.known)


def limits(text: str) -> dict[str, Limit]:
    return {limit.id: limit for limit in load(text).enforcement.limits}


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return [str(fault) for fault in caught.value.faults]


def test_the_contracts_form_expands_to_fifteen_limits_on_each_root() -> None:
    expanded = load(CONTRACT).enforcement.limits
    rows = [(limit.id, limit.sensor, limit.metric, limit.levels[0].at, limit.levels[0].action) for limit in expanded]
    assert rows == [
        ("var_95", "var_breach", "var_95", 100_000, "warn"),
        ("var_99", "var_breach", "var_99", 200_000, "throttle"),
        ("var_999", "var_breach", "var_999", 500_000, "halt"),
        ("stress_loss", "stress_failure", "worst_loss", 1_000_000, "reduce_position"),
        ("scenario_failures", "stress_failure", "failures", 3, "warn"),
        ("tail_ratio", "tail_risk", "tail_ratio", 1.5, "throttle"),
        ("concentration_top", "concentration", "top_share", 0.25, "warn"),
        ("concentration_hhi", "concentration", "hhi", 0.18, "warn"),
        ("leverage_gross", "leverage", "gross_leverage", 4.0, "throttle"),
        ("liquidity_cost", "liquidity", "liquidity_cost", 0.25, "warn"),
        ("liquidity_days", "liquidity", "days_to_liquidate_share", 0.10, "warn"),
        ("correlation_k", "correlation", "k_ratio", 1.25, "warn"),
        ("volatility_ratio", "volatility", "vol_ratio", 2.0, "warn"),
        ("drawdown", "drawdown", "drawdown", 0.10, "throttle"),
        ("turnover", "turnover", "turnover", 2.0, "warn"),
    ]
    assert {limit.scope for limit in expanded} == {"*"}
    assert all(len(limit.levels) == 1 and limit.mode is None for limit in expanded)


def test_audit_and_metrics_move_to_the_top() -> None:
    config = load(CONTRACT)
    assert (config.metrics.namespace, config.metrics.subsystem) == ("risk", "management")
    assert config.audit.log_directory == "logs/risk_audit"


def test_rules_name_a_limit_and_pin_it_in_shadow() -> None:
    by_id = limits(CONTRACT)
    assert by_id["var_95"].rule_name == "VaR 95% Limit"
    assert [limit.id for limit in by_id.values() if limit.pinned_shadow] == ["var_95"]


@pytest.mark.parametrize(
    ("fields", "pinned"),
    [
        ("monitoring_mode: true", True),
        ("enforcement_enabled: false", True),
        ("monitoring_mode: false, enforcement_enabled: true", False),
        ("action: halt", False),
    ],
)
def test_either_flag_pins_a_limit_in_shadow(fields: str, pinned: bool) -> None:
    assert limits(f"enforcement: {{rules: [{{rule_id: drawdown, {fields}}}]}}")["drawdown"].pinned_shadow is pinned


def test_a_rule_sets_threshold_and_action_of_a_limit_that_no_section_names() -> None:
    limit = limits("enforcement: {rules: [{rule_id: leverage_gross, threshold: 2, action: halt}]}")["leverage_gross"]
    assert (limit.levels[0].at, limit.levels[0].action, limit.levels[0].clear_at) == (2, "halt", 1.8)
    assert limit.levels[0].params == {"cancel_working": "increasing", "flatten": False}


def test_the_throttle_defaults_to_ten_orders_a_second_and_one_percent_of_nav() -> None:
    assert limits(CONTRACT)["var_99"].levels[0].params == {
        "interval_ms": 1000,
        "max_notional_nav": 0.01,
        "max_orders": 10,
    }


def test_every_scenarios_own_limit_is_the_stress_loss() -> None:
    assert load("enforcement: {stress_limits: {max_stress_loss: 7}}").enforcement.max_stress_loss == 7
    by_rule = load("enforcement: {rules: [{rule_id: max_stress_loss, threshold: 8}]}")
    assert by_rule.enforcement.max_stress_loss == 8
    assert by_rule.enforcement.limits[3].levels[0].at == 8


def test_another_stress_loss_in_the_full_key_is_a_fault() -> None:
    text = "enforcement: {max_stress_loss: 9, stress_limits: {max_stress_loss: 7}}"
    assert "max_stress_loss must equal the limit stress_loss, 7, got 9" in faults(text)[0]


def test_two_thresholds_for_one_limit_show_both_lines() -> None:
    text = CONTRACT.replace("threshold: 100000", "threshold: 90000")
    assert faults(text) == [
        "test.yaml:8:59: enforcement.rules[0].threshold: two thresholds for one limit: "
        "var_limits.var_95_limit is 100000, the rule's threshold is 90000: lines 5 and 8"
    ]


def test_two_rules_for_one_limit_show_both_lines() -> None:
    text = "enforcement:\n  rules:\n    - {rule_id: drawdown}\n    - {rule_id: drawdown}\n"
    assert faults(text) == ["test.yaml:4:8: enforcement.rules[1].rule_id: two rules for 'drawdown': lines 3 and 4"]


def test_a_rule_for_an_unknown_limit_lists_the_known_ones() -> None:
    found = faults("enforcement: {rules: [{rule_id: var_96_limit}]}")
    assert len(found) == 1
    assert "rule_id must be one of var_95_limit, var_99_limit" in found[0]


def test_faults_of_the_short_form_have_its_own_paths() -> None:
    text = "enforcement:\n  var_limits: {var_95_limit: -1, var_98_limit: 1}\n  metrics: {namespace: 1}\n"
    assert faults(text) == [
        "test.yaml:2:16: enforcement.var_limits.var_95_limit: var_95_limit must be greater than 0, got -1",
        "test.yaml:2:34: enforcement.var_limits.var_98_limit: unknown key 'var_98_limit'; did you mean 'var_99_limit'?",
        "test.yaml:3:13: enforcement.metrics.namespace: namespace must be a string, got 1",
    ]


def test_a_share_over_one_in_a_rule_is_found_at_the_rule() -> None:
    found = faults("enforcement:\n  rules:\n    - {rule_id: drawdown, threshold: 10}\n")
    assert found == [
        "test.yaml:3:7: enforcement.rules[0]: at must be less than 1, since drawdown is a share (10 % is 0.10), got 10"
    ]


def test_a_list_of_limits_may_stand_beside_the_short_form_but_not_take_its_names() -> None:
    more = "  limits:\n    - {id: ID, sensor: exposure, metric: gross, hard: true, levels: [{at: 5, action: halt}]}\n"
    assert [limit.id for limit in load(CONTRACT + more).enforcement.limits][-1] == "ID"
    assert len(load(CONTRACT + more).enforcement.limits) == 16
    assert "duplicate limit id 'var_95': lines" in faults(CONTRACT + more.replace("ID", "var_95"))[0]


def test_other_top_level_keys_may_be_mixed_in() -> None:
    config = load("base_currency: EUR\nportfolios: [firm]\n" + CONTRACT)
    assert (config.base_currency, config.portfolios) == ("EUR", ("firm",))


def test_the_shipped_file_is_the_contracts_form_with_the_shipped_metric_prefix() -> None:
    shipped, contract = load_shipped_config(SHIPPED.known), load(CONTRACT)
    assert shipped.enforcement == contract.enforcement
    assert (shipped.metrics.namespace, shipped.metrics.subsystem) == ("riskd", "")


def test_the_strict_tail_ratio_reads_what_four_of_five_histories_exceed() -> None:
    strict = limits("enforcement: {stress_limits: {max_tail_ratio: 1.6, strict_tail_ratio: true}}")["tail_ratio"]
    assert (strict.metric, strict.levels[0].at, strict.confirm) == ("tail_ratio_sure", 1.6, 5)
    assert limits("enforcement: {stress_limits: {max_tail_ratio: 1.6}}")["tail_ratio"].metric == "tail_ratio"
