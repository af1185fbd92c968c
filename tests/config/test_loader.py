"""The loader: defaults, faults all at once with their lines, both forms, and what a loaded limit looks like."""

from pathlib import Path

import pytest

from config.faults import ConfigError
from config.limit_rules import SEVERITY
from config.loader import load_config, parse_config
from config.schema import Config
from config.sensor_facts import clear_at
from risk.measures import METRICS
from sensors.catalogue import SHIPPED

LIMIT = "{id: a, sensor: leverage, metric: gross_leverage, levels: [{at: 4, action: warn}]}"


def load(text: str) -> Config:
    return parse_config(text.encode(), "test.yaml", SHIPPED.known)


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return [str(fault) for fault in caught.value.faults]


def with_limits(*limits: str) -> str:
    return "enforcement:\n  limits:\n" + "".join(f"    - {limit}\n" for limit in limits)


def test_an_empty_file_is_the_defaults_and_watches_the_default_limits() -> None:
    config = load("")
    assert config == load("# nothing\n") == load("enforcement: {}")
    assert config.model_copy(update={"enforcement": Config().enforcement}) == Config()
    assert len(config.enforcement.limits) == 15


def test_only_an_empty_list_watches_nothing() -> None:
    assert load("enforcement: {limits: []}").enforcement.limits == ()


def test_all_faults_come_at_once_in_the_order_of_their_lines() -> None:
    text = """base_currency: dollars
bar: 5
calender: {}
window:
  rows: 10
enforcement:
  mode: soft
  limits:
    - {id: a, sensor: leverage, metric: gross_leverage, levels: [{at: -1, action: warn}]}
    - id: b
      sensor: drawdown
      metric: hhi
      levels:
        - {at: 0.2, action: halt}
        - {at: 0.1, action: warn, name: soft, clear_at: 0.3}
    - {id: c, sensor: drawdown, metric: drawdown, levels: [{action: warn, colour: red}]}
"""
    assert faults(text) == [
        "test.yaml:1:1: base_currency: base_currency must match pattern '^[A-Z][A-Z0-9]{2,9}$', got 'dollars'",
        "test.yaml:2:1: bar: duration must have its unit, such as 60s, 15m, 2h or 100ms, got 5",
        "test.yaml:3:1: calender: unknown key 'calender'; did you mean 'calendar'?",
        "test.yaml:5:3: window.rows: rows must be greater than or equal to 20, got 10",
        "test.yaml:7:3: enforcement.mode: mode must be 'monitoring', 'gradual' or 'full', got 'soft'",
        "test.yaml:9:67: enforcement.limits[0].levels[0].at: at must be greater than 0, got -1",
        "test.yaml:12:7: enforcement.limits[1].metric: "
        "metric of the sensor drawdown must be one of drawdown, got 'hhi'",
        "test.yaml:15:12: enforcement.limits[1].levels[1].at: at must be greater than the level before, 0.2, got 0.1",
        "test.yaml:15:21: enforcement.limits[1].levels[1].action: "
        "action must be at least as severe as the level before, halt, got warn",
        "test.yaml:15:47: enforcement.limits[1].levels[1].clear_at: clear_at must be less than at, 0.1, got 0.3",
        "test.yaml:16:60: enforcement.limits[2].levels[0].at: at is required",
        "test.yaml:16:75: enforcement.limits[2].levels[0].colour: unknown key 'colour'",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a", "the file must be a mapping of keys"),
        ("kafka:", "kafka: kafka must be"),
        ("window: {rows: 20.5}", "rows must be an integer"),
        ("window: {rows: '30'}", "rows must be an integer, got '30'"),
        ("covariance: {decay: true}", "decay must be a number, got True"),
        ("covariance: {decay: .nan}", "decay must be a finite number"),
        ("data: {band_min: .inf}", "band_min must be a finite number"),
        ("bar: 0", "bar: bar must be greater than 0"),
        ("bar: 5 minutes", "duration must look like"),
        ("bar: 99999999999999999d", "bar must be less than or equal"),
        ("calendar: {start: 1985-13-01}", "calendar.start"),
        ("calendar: {start: 19850101}", "calendar.start"),
        ("calendar: {start: 2000-01-01, end: 1999-01-01}", "end must be after start, 2000-01-01, got 1999-01-01"),
        ("calendar: {base: MARS}", "base must be a calendar such as XNYS or 24/7, got 'MARS'"),
        ("covariance: {decay: 0.99}", "slow_decay must be greater than decay, 0.99, got 0.99"),
        ("data: {fresh_age: 1h}", "fresh_age_quiet must be at least fresh_age"),
        ("kafka: {topics: {shadow: risk.actions}}", "topics must differ, got 'risk.actions' for actions and shadow"),
        ("portfolios: [firm/eq]", "portfolio must be a root"),
        ("portfolios: [_self]", "portfolio must be a root"),
        ("portfolios: [firm, firm]", "portfolios must be unique, got 'firm' twice"),
        ("fx_via: [usd]", "fx_via[0]"),
        ("metrics: {namespace: 1-x}", "metrics.namespace"),
        ("primary: {}", "is part of the contract, but this release does not evaluate it"),
        ("enforcement: 5", "enforcement must be a mapping, got 5"),
        ("enforcement: {limits: 5}", "limits must be a list, got 5"),
        ("metrics: {}\nenforcement:\n  metrics: {}", "at the top and under enforcement: lines 1 and 3"),
        (with_limits(LIMIT, LIMIT), "duplicate limit id 'a': lines 3 and 4"),
        (with_limits(LIMIT.replace("a,", "model_available,", 1)), "is a built-in limit"),
        (with_limits(LIMIT.replace("leverage,", "karma,", 1)), "sensor must be one of exposure, var_breach"),
        (with_limits(LIMIT.replace("{id", "{hard: true, id")), "hard must belong to a limit of the sensor exposure"),
        (with_limits(LIMIT.replace("{id", "{scope: firm//x, id")), "scope must be a path or a glob"),
        (with_limits(LIMIT.replace("{id", "{clear_at: 4, id")), "clear_at must be less than at, 4, got 4"),
        (with_limits(LIMIT.replace("{id", "{for: 3, id")), "duration must have its unit"),
        (with_limits(LIMIT.replace("{id", "{basis: {}, id")), "key 'basis' is part of the contract"),
        (with_limits(LIMIT.replace("[{at: 4, action: warn}]", "[]")), "levels must have at least 1 item"),
        (with_limits(LIMIT.replace("warn", "throttle, params: {max_orders: 0}")), "max_orders must be a whole number"),
        (with_limits(LIMIT.replace("warn", "throttle, params: {max_notional_nav: 2}")), "share of NAV in (0, 1]"),
        (with_limits(LIMIT.replace("warn", "halt, params: {flatten: 1}")), "flatten must be true or false, got 1"),
        (with_limits(LIMIT.replace("warn", "halt, params: {cancel_working: some}")), "one of increasing, all, none"),
        (with_limits(LIMIT.replace("warn", "warn, params: {x: 1}")), "params of warn must be of none, got 'x'"),
        (with_limits(LIMIT.replace("warn}", "warn}, {at: 5, action: halt}")), "name of a level must be unique"),
        (
            with_limits(
                LIMIT.replace("warn}", "warn}, {at: 5, action: halt, name: b}").replace("{id", "{clear_at: 3, id")
            ),
            "with several levels give each its own",
        ),
        (
            with_limits("{id: a, sensor: drawdown, metric: drawdown, levels: [{at: 10, action: warn}]}"),
            "at must be less than 1, since drawdown is a share",
        ),
    ],
)
def test_each_fault_is_named_once(text: str, words: str) -> None:
    found = faults(text)
    assert len(found) == 1
    assert words in found[0]


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_config(tmp_path / "none.yaml", SHIPPED.known)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path, SHIPPED.known)


def test_a_file_is_named_in_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("bar: x\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml:1:1: bar: duration must look like"):
        load_config(path, SHIPPED.known)


@pytest.mark.parametrize(
    ("metric", "at", "clear"),
    [
        ("var_95", 100_000, 90_000),
        ("worst_loss", 1e6, 9e5),
        ("failures", 3, 2),
        ("failures", 1, 0),
        ("failures", 0.5, 0),
        ("top_share", 0.25, 0.225),
        ("hhi", 0.18, 0.162),
        ("gross_leverage", 4, 3.6),
        ("drawdown", 0.10, 0.08),
        ("tail_ratio", 1.5, 1.4),
        ("k_ratio", 1.25, 1.15),
        ("vol_ratio", 2, 1.6),
        ("turnover", 2, 1.6),
        ("liquidity_cost", 0.25, 0.225),
        ("days_to_liquidate_share", 0.1, 0.09),
        ("day_loss", 50, 45),
    ],
)
def test_each_metric_clears_where_its_table_says(metric: str, at: float, clear: float) -> None:
    facts = next(facts for facts in SHIPPED.known.facts if metric in facts.metric_names)
    named = f"id: a, sensor: {facts.name}, metric: {metric}"
    config = load(with_limits(f"{{{named}, levels: [{{at: {at}, action: warn}}]}}"))
    limit = config.enforcement.limits[0]
    assert limit.levels[0].clear_at == clear
    assert clear_at(limit.levels[0], facts.metric(metric)) == clear


def test_a_level_keeps_its_own_clear_at_and_a_single_level_takes_the_limits() -> None:
    own = load(with_limits(LIMIT.replace("warn", "warn, clear_at: 2")))
    shared = load(with_limits(LIMIT.replace("{id", "{clear_at: 2, id")))
    assert own.enforcement.limits == shared.enforcement.limits
    assert own.enforcement.limits[0].levels[0].clear_at == 2


def test_actions_get_their_default_parameters() -> None:
    levels = "[{at: 1, action: throttle, name: a, params: {max_orders: 3}}, {at: 2, action: halt}]"
    limit = load(with_limits(LIMIT.replace("[{at: 4, action: warn}]", levels))).enforcement.limits[0]
    assert limit.levels[0].params == {"interval_ms": 1000, "max_notional_nav": 0.01, "max_orders": 3}
    assert limit.levels[1].params == {"cancel_working": "increasing", "flatten": False}
    assert type(limit.levels[0].params["max_orders"]) is int


def test_sensors_and_metrics_are_those_of_the_measures() -> None:
    assert sorted(metric.name for metric in SHIPPED.known.metrics()) == sorted(METRICS)
    assert len(SHIPPED.known.names) == 11


def test_a_limit_confirms_as_its_metric_does_unless_it_says_otherwise() -> None:
    tail = "{id: t, sensor: tail_risk, metric: tail_ratio, levels: [{at: 2, action: warn}]}"
    config = load(with_limits(LIMIT, tail, tail.replace("{id: t", "{id: u, confirm: 3")))
    assert [limit.confirm for limit in config.enforcement.limits] == [2, 5, 3]


def test_severity_rises_from_none_to_halt() -> None:
    assert SEVERITY == ("none", "warn", "throttle", "reduce_position", "halt")
