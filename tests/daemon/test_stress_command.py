"""`riskd stress`: the moment, the scopes, crises with and without hindsight, tables and JSON."""

import json
from pathlib import Path

import orjson
import pytest

from config.crises import Crisis
from daemon.cli import main
from daemon.stress_moment import Moment, StressError, StressPlan, StressRun, parse_moment
from tests.helpers import DAY_NS, EventDict, close, close_of, date_of, heartbeat, nav, open_of, snapshot, stock

FALL = Crisis("fall", "The fall", date_of(30), date_of(36), "made for tests")
CRISES = f"""crises:
  - {{name: fall, title: The fall, start: {FALL.start}, end: {FALL.end}, source: made for tests}}
  - {{name: before, title: Before the data, start: 2018-01-02, end: 2018-01-05, source: made for tests}}
"""
SCENARIOS = """scenarios:
  - id: crash
    name: Crash
    date: hypothetical
    horizon_days: 1
    probability_per_year: 0.1
    liquidity: crisis
    provenance: made for tests
    shocks: {equity: -0.4}
"""
CONFIG = """calendar: {base: XNYS, start: "2019-01-02", end: "2020-12-31"}
scenarios: scenarios.yaml
stress: {crises: crises.yaml}
enforcement: {limits: []}
"""
DAYS = 40
END = Moment()


def events() -> list[EventDict]:
    """Two stocks over 40 sessions; the book is bought bigger on day 20; the second stock falls in the crisis alone."""
    found: list[EventDict] = [stock("AA"), stock("BB"), snapshot({("firm/desk", "AA"): 50.0}, open_of(0))]
    found.append(nav("firm/desk", 10_000.0, open_of(0) + 1))
    for day in range(DAYS):
        if day == 20:
            found.append(snapshot({("firm/desk", "AA"): 100.0, ("firm/desk", "BB"): -40.0}, open_of(20)))
        falling = 0.9 ** max(0, min(day, 36) - 30)
        found.append(close("AA", day, 100.0 + day % 3))
        found.append(close("BB", day, (50.0 + day % 2) * falling, close_of(day) + 2 * 10**6))
    return found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A recording and its configuration."""
    folder = tmp_path_factory.mktemp("stress")
    (folder / "crises.yaml").write_text(CRISES)
    (folder / "scenarios.yaml").write_text(SCENARIOS)
    (folder / "config.yaml").write_text(CONFIG)
    recording = folder / "days.jsonl"
    recording.write_text("\n".join(json.dumps(event) for event in events()) + "\n")
    return recording, folder / "config.yaml"


def played(
    files: tuple[Path, Path], moment: Moment = END, portfolios: tuple[str, ...] = (), crises: tuple[str, ...] = ()
) -> StressRun:
    run = StressRun(StressPlan(*files, moment, portfolios, crises))
    for _ in run.steps():
        pass
    return run


def test_the_end_of_the_recording_is_the_moment_unless_told(files: tuple[Path, Path]) -> None:
    moment = played(files).result()
    assert [each.scope for each in moment.scopes] == ["firm", "firm/desk"]
    assert moment.n == len(events())
    assert moment.scopes[1].book.names == ("AA", "BB")
    assert [crisis.name for crisis in moment.crises] == ["fall"]
    assert (moment.later, moment.unknown) == ((), ("before",))
    (figure,) = moment.scopes[1].result.crises
    assert figure.sessions == 6


def test_a_time_or_an_n_gives_the_book_of_then(files: tuple[Path, Path]) -> None:
    on_day_10 = played(files, moment=parse_moment(date_of(10))).result()
    assert on_day_10.scopes[1].book.names == ("AA",)
    assert on_day_10.ts_ns == close_of(10) + 2 * 10**6
    by_n = played(files, moment=Moment(n=on_day_10.n)).result()
    assert (by_n.n, by_n.ts_ns) == (on_day_10.n, on_day_10.ts_ns)
    assert [each.result for each in by_n.scopes] == [each.result for each in on_day_10.scopes]
    assert (on_day_10.later, on_day_10.crises) == (("fall",), ())


def test_a_crisis_after_the_moment_is_replayed_with_hindsight_where_it_is_named(files: tuple[Path, Path]) -> None:
    """The book of day 25 through the fall of days 31 to 36: short 40 of what loses 47 %."""
    moment = played(files, moment=parse_moment(date_of(25)), crises=("fall",), portfolios=("firm/desk",)).result()
    (scope,) = moment.scopes
    (figure,) = scope.result.crises
    assert scope.result.as_of_ns == close_of(25) + 2 * 10**6
    before, after = 50.0, 50.0 * 0.9**6
    aa = 100.0 * 101.0 * (100.0 / 100.0 - 1.0)  # day 30 and day 36 close at 100
    assert figure.final == pytest.approx(aa + 40.0 * 51.0 * (1.0 - after / before), rel=1e-9)


def test_what_is_not_there_is_said_in_words(files: tuple[Path, Path]) -> None:
    with pytest.raises(StressError, match="portfolio must be one of firm, firm/desk, got 'bank'"):
        played(files, portfolios=("bank",)).result()
    with pytest.raises(StressError, match="crisis must be one of before, fall, got 'tulips'"):
        played(files, crises=("tulips",))
    with pytest.raises(StressError, match="no whole history of the crisis before"):
        played(files, crises=("before",)).result()
    for moment, last in ((parse_moment("1850-01-01"), 0), (Moment(n=2), 2)):
        with pytest.raises(StressError, match=f"no portfolio is there yet at that moment, after input {last}$"):
            played(files, moment, portfolios=("firm",)).result()


def test_a_moment_is_an_n_a_date_or_a_time() -> None:
    assert parse_moment("7") == Moment(n=7)
    assert parse_moment("1970-01-02").ts == 2 * DAY_NS - 1
    assert parse_moment("1970-01-01T01:00:00+01:00").ts == 0
    assert parse_moment("9999-12-31").ts == parse_moment("9999-12-31T00:00").ts + DAY_NS - 1, "the last there is"
    with pytest.raises(ValueError, match=r"moment must be an n, a date .* got 'soon'"):
        parse_moment("soon")


def run_cli(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["stress", *map(str, arguments)])
    out, err = capfd.readouterr()
    assert left.value.code is None or isinstance(left.value.code, int)
    return left.value.code or 0, out, err


def test_the_command_prints_one_json_document(files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_cli(capfd, files[0], "--config", files[1], "--portfolio", "firm/desk", "--json")
    assert (code, err) == (0, "")
    document = orjson.loads(out)
    assert (document["schema"], document["crises_without_history"]) == ("riskd.stress", ["before"])
    (scope,) = document["scopes"]
    loss = 0.4 * (100 * 100.0 - 40 * 51.0 * 0.9**6)
    assert scope["reverse"]["crash"]["multiplier"] == pytest.approx(0.1 * scope["nav"] / loss, rel=1e-9)
    assert scope["crises"]["fall"]["status"] == "OK"


def test_the_command_shows_tables(files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run_cli(capfd, files[0], "-c", files[1])
    assert code == 0
    for words in ("firm/desk", "How many times a scenario must come to cost 10% of NAV", "crash", "The fall",
                  "VaR 99 % where correlations rise", "No whole history in the recording: before"):  # fmt: skip
        assert words in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--at", "soon"), 2, "moment must be an n"),
        (("--portfolio", "bank"), 1, "portfolio must be one of firm, firm/desk"),
        (("--crisis", "before"), 1, "no whole history of the crisis before"),
        (("--at", "1850-01-01"), 1, "no portfolio is there yet"),
    ],
)
def test_the_command_ends_with_the_codes_of_the_contract(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    ended, out, err = run_cli(capfd, files[0], "-c", files[1], *arguments)
    assert (ended, out) == (code, "")
    assert words in err.replace("\n", " ")


def test_what_is_not_reached_by_a_blind_book_is_said_to_be_invalid(
    files: tuple[Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing but a heartbeat for fifty sessions: a short book gains in a crash, as far as anybody knows."""
    blind = [stock("AA"), snapshot({("firm", "AA"): -50.0}, open_of(0)), nav("firm", 10_000.0, open_of(0) + 1)]
    blind += [close("AA", day, 100.0) for day in range(3)]
    (tmp_path / "blind.jsonl").write_text("\n".join(map(json.dumps, [*blind, heartbeat(close_of(50))])) + "\n")
    code, out, _ = run_cli(capfd, tmp_path / "blind.jsonl", "-c", files[1])
    assert code == 0
    assert "not reached by five times it; invalid" in out


def test_a_recording_that_riskd_brings_goes_by_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    """The first input of the coins is reference data: the name is known, and its books are not there yet."""
    code, out, err = run_cli(capfd, "crypto", "--at", "1")
    assert (code, out, "after input 1" in err) == (1, "", True)
    code, out, err = run_cli(capfd, "cryptic")
    assert (code, out) == (2, "")
    assert "riskd ships only equities, crypto" in " ".join(err.split())


def test_a_name_is_no_markup(files: tuple[Path, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Names come from whoever writes the topics: brackets are shown as they are, and end no style that never began."""
    later = [close(name, day, 100.0 + day % 3) for day in range(DAYS, 70) for name in ("AA", "BB")]
    named = json.dumps([*events(), *later])
    named = named.replace('"AA"', '"[/b]"').replace('"firm/desk"', '"firm/[red]desk"')
    (tmp_path / "names.jsonl").write_text("\n".join(map(json.dumps, json.loads(named))) + "\n")
    code, out, err = run_cli(capfd, tmp_path / "names.jsonl", "-c", files[1])
    assert (code, err) == (0, "")
    assert "firm/[red]desk" in out
    assert "[/b]" in out
