"""Who spoke first in a crisis, who fired since before, who was late, and who said nothing."""

import datetime

from config.crises import Crisis, load_crises
from daemon.firing import DAY_NS, Interval, Key
from daemon.voices import LATE_DAYS, Voice, covered, voice_records, voice_words, voices
from tests.enforcement.desk import limit_with

CRISIS = Crisis("fall_2020", "A fall", "2020-02-19", "2020-03-23", "made for tests")
LIMITS = [
    limit_with("var", "var_breach", "var_99"),
    limit_with("es", "var_breach", "es_99"),
    limit_with("vol", "volatility", "vol_ratio", at=2.0),
    limit_with("dd", "drawdown", "drawdown", at=0.1),
    limit_with("tail", "tail_risk", "tail_ratio", at=1.5),
    limit_with("lev", "leverage", "gross_leverage", at=4.0),
]


def at(date: str, hour: int = 21) -> int:
    """Return a time of a day, UTC; 21 h is just after the close."""
    return int(datetime.datetime.fromisoformat(f"{date}T{hour:02d}:00:00+00:00").timestamp()) * 10**9


def fired(limit: str, start: str, end: str | None = None, scope: str = "firm") -> Interval:
    return Interval(Key(scope, limit, "hard"), at(start), None if end is None else at(end))


INTERVALS = sorted(
    [
        fired("dd", "2019-12-02", "2020-04-01"),
        fired("var", "2020-01-06", "2020-01-20"),  # over before it began
        fired("vol", "2020-02-24", "2020-05-01"),
        fired("es", "2020-03-09", scope="firm/a"),
        fired("var", "2020-03-12"),
        fired("tail", "2020-04-03"),
        fired("lev", "2020-05-30"),  # too long after it to be about it
        fired("built_in", "2020-03-01"),  # nobody's limit
    ],
    key=lambda interval: interval.start_ns,
)


def test_each_sensor_is_judged_by_its_first_level_that_spoke_in_the_crisis() -> None:
    found = voices(CRISIS, INTERVALS, LIMITS)
    assert [(each.sensor, each.verdict, each.day) for each in found] == [
        ("volatility", "spoke", 5),
        ("var_breach", "spoke", 19),
        ("drawdown", "held", -79),
        ("tail_risk", "late", 44),
        ("leverage", "silent", 0),
    ]
    assert found[1].key == Key("firm/a", "es", "hard")


def test_news_of_the_crisis_counts_more_than_what_fired_since_before() -> None:
    again = [fired("dd", "2019-12-02"), fired("dd", "2020-02-27", scope="firm/b")]
    (found,) = voices(CRISIS, again, LIMITS[3:4])
    assert (found.verdict, found.day) == ("spoke", 8)


def test_the_day_of_the_last_close_before_the_fall_is_before_it_and_the_last_day_in_it() -> None:
    verdicts = {}
    last_late = (datetime.date(2020, 3, 23) + datetime.timedelta(days=LATE_DAYS)).isoformat()
    for date in ("2020-02-19", "2020-02-20", "2020-03-23", "2020-03-24", last_late, "2020-04-23"):
        (found,) = voices(CRISIS, [fired("vol", date, "2021-01-01")], LIMITS[2:3])
        verdicts[date] = found.verdict
    assert list(verdicts.values()) == ["held", "spoke", "spoke", "late", "late", "silent"]


def test_words_say_who_was_first_late_and_silent() -> None:
    record = voice_records(CRISIS, voices(CRISIS, INTERVALS, LIMITS))
    assert record["first"] == "volatility"
    sensors = record["sensors"]
    assert isinstance(sensors, dict)
    assert sensors["volatility"]["date"] == "2020-02-24"
    assert voice_words(sensors) == [
        "first volatility +5 d (firm vol), var_breach +19 d (firm/a es)",
        "firing since before: drawdown",
        "late: tail_risk +44 d",
        "silent: leverage",
    ]
    mute = voice_records(CRISIS, [Voice("leverage", "silent")])
    assert mute["first"] is None
    assert voice_words({"leverage": {"verdict": "silent"}}) == ["nobody spoke in it", "silent: leverage"]


def test_a_crisis_that_the_recording_holds_in_part_is_left_out() -> None:
    crises = load_crises(None)
    whole = covered(crises, at("1990-01-02"), at("2022-12-28"))
    assert [crisis.name for crisis in whole] == [crisis.name for crisis in crises]
    assert [crisis.name for crisis in covered(crises, at("2020-03-02"), at("2022-12-28"))] == ["inflation_2022"]
    assert covered([CRISIS], at("2020-01-02"), at("2020-03-22")) == []
    assert covered([CRISIS], at("2020-01-02"), at("2020-03-23")) == [CRISIS]
    assert covered([CRISIS], at("2020-01-02"), at("2020-03-23") + DAY_NS) == [CRISIS]
