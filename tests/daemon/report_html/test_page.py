"""The page as a reader's browser meets it: whole, closed to the outside, safe from names, the same every time."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import html

import daemon.report_html.shown
import daemon.report_html.wording
from daemon.report_html.page import write_report
from daemon.report_html.run_data import RunData
from daemon.report_html.run_files import ReportError
from tests.daemon.report_html.made_run import BOOK, QUOTES, SCRIPT, WIDE

REPOSITORY = Path(__file__).parents[3]
SIZE_MAX = 5_000_000


@pytest.fixture(scope="session")
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(folder, path)
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]
    return path.read_bytes()


@pytest.fixture(scope="session")
def document(page: bytes) -> html.HtmlElement:
    return html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))


def test_it_is_one_whole_page_of_a_bearable_size(page: bytes, document: html.HtmlElement) -> None:
    assert page.startswith(b"<!DOCTYPE html>")
    assert page.rstrip().endswith(b"</html>")
    assert len(page) < SIZE_MAX
    assert document.get("lang") == "en"
    assert document.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    assert document.xpath("count(//h1)") == 1.0


def test_nothing_comes_from_outside_and_nothing_runs(page: bytes, document: html.HtmlElement) -> None:
    assert not document.xpath("//script|//link|//iframe|//object|//embed|//img|//base|//form|//image|//foreignObject")
    assert not [name for name in document.xpath("//@*/..") if any(key.startswith("on") for key in name.attrib)]
    targets = document.xpath("//@href|//@src|//@*[name()='xlink:href']")
    assert targets
    assert all(target.startswith("#") for target in targets)
    text = page.decode()
    assert not re.search(r"https?://|//[a-z0-9-]+\.[a-z]{2,}|@import|javascript:|@font-face", text)
    assert set(re.findall(r"url\(([^)]*)", text)) == {
        link for link in re.findall(r"url\(([^)]*)", text) if link.startswith("#")
    }


def test_names_from_outside_are_words_and_never_markup(page: bytes, document: html.HtmlElement) -> None:
    assert SCRIPT.encode() not in page
    assert b"<svg onload" not in page
    assert b"<b onclick" not in page
    heads = [element.text_content() for element in document.xpath("//tbody//th")]
    for name in (SCRIPT, QUOTES, WIDE):
        assert name in heads, "each instrument contributes to VaR, and its row is named as it is"
    assert f"Portfolio {BOOK}" in [element.text_content() for element in document.xpath("//h2")]
    assert "var<i> · hard" in heads


def test_every_part_that_was_asked_for_is_there(document: html.HtmlElement, run: RunData) -> None:
    parts = [element.text_content() for element in document.xpath("//h3")]
    wanted = ["VaR and ES against realised P&L", "Limits through time", "Stress", "Contributions"]
    assert parts == wanted * len(run.scopes)
    for anchor in ("short", "sensors", "timeline", "data", "method", "c0", "p0"):
        assert document.xpath(f"//section[@id='{anchor}']"), anchor
    story = document.xpath("string(//section[@id='short'])")
    for words in ("First to speak: ", "It asked for ", "Its worst day was 2019-06-2", "(enforced)", "would have"):
        assert words in story
    rejected = document.xpath("//section[@id='data']//tbody/tr[th='NOT_JSON']/td/text()")
    assert rejected == ["market-data", "1"]


def test_every_sensor_of_the_configuration_has_its_row(document: html.HtmlElement, run: RunData) -> None:
    rows = [element.text_content() for element in document.xpath("//section[@id='sensors']//tbody//th")]
    assert rows == list(dict.fromkeys(limit.sensor for limit in run.head.limits))


def test_charts_speak_to_those_who_do_not_see_them(document: html.HtmlElement) -> None:
    charts = document.xpath("//svg")
    assert len(charts) >= 8
    for chart in charts:
        assert chart.get("role") == "img"
        names = (chart.get("aria-labelledby") or "").split()
        labels = [chart.xpath(f"*[@id='{name}']") for name in names]
        assert [element.tag for (element,) in labels] == ["title", "desc"]
        assert all((element.text or "").strip() for (element,) in labels)
    for table in document.xpath("//table"):
        assert table.xpath("caption"), "a table says what it holds"
        assert all(head.get("scope") == "col" for head in table.xpath("thead//th"))


def test_ids_are_unique_and_every_reference_has_its_target(page: bytes, document: html.HtmlElement) -> None:
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    used = {target[1:] for target in document.xpath("//@href")} | set(re.findall(r"url\(#([^)]*)\)", page.decode()))
    assert used <= set(ids)


def test_charts_are_drawn_in_the_inks_of_the_page(page: bytes) -> None:
    text = page.decode()
    svg = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    used, known = set(re.findall(r"var\(--(\w+)\)", svg)), set(re.findall(r"--(\w+):", text))
    assert {"ink", "alarm", "c0", "grid"} <= used
    assert used <= known
    assert not re.search(r"#0101[0-9a-f]{2}", text), "a colour that no style sheet replaces"
    for words in ("prefers-color-scheme:dark", "@media print", "@media (max-width:600px)"):
        assert words in text


def test_another_process_with_other_hashes_writes_the_same_bytes(folder: Path, page: bytes, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from daemon.report_html.page import write_report; " \
        "write_report(Path(sys.argv[1]), Path(sys.argv[2]))"  # fmt: skip
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(REPOSITORY), "TZ": "Asia/Tokyo"}
    out = tmp_path / "again.html"
    subprocess.run([sys.executable, "-c", code, str(folder), str(out)], check=True, env=environment, cwd=tmp_path)
    assert out.read_bytes() == page


def test_a_folder_without_a_series_says_how_to_get_one(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ReportError, match=r"holds no summary\.json, so no replay was finished here"):
        write_report(tmp_path, tmp_path / "report.html")
    (tmp_path / "summary.json").write_bytes((folder / "summary.json").read_bytes())
    with pytest.raises(ReportError, match=r"holds no series\.jsonl; replay it with --report"):
        write_report(tmp_path, tmp_path / "report.html")
    (tmp_path / "series.jsonl").write_bytes(b'{"kind":"row"}\n')
    with pytest.raises(ReportError, match=r"series\.jsonl: line 1 is no line of a series"):
        write_report(tmp_path, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(daemon.report_html.wording).failed == 0
    assert doctest.testmod(daemon.report_html.shown).failed == 0
