"""From a figure of matplotlib to SVG that lives inside the page: its colours are the page's, its ids its own."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

from daemon.report_html.shown import shown

# matplotlib draws in these; the page says what they are, by day, by night and on paper. Names: styles.css.
INKS: dict[str, str] = {
    "ink": "#010101", "soft": "#010102", "grid": "#010103", "paper": "#010104", "band": "#010105",
    "c0": "#010110", "c1": "#010111", "c2": "#010112", "c3": "#010113", "c4": "#010114", "c5": "#010115",
    "h0": "#010120", "h1": "#010121", "h2": "#010122", "h3": "#010123", "h4": "#010124", "h5": "#010125",
    "t0": "#010130", "t1": "#010131", "t2": "#010132", "t3": "#010133", "t4": "#010134", "t5": "#010135",
    "alarm": "#010140",
}  # fmt: skip
HEAT_STEPS = 6
_LETTER_WIDTH = 0.62  # of the font size, on average and a little more
LINES = ("c0", "c1", "c2", "c3", "c4", "c5")

_BY_HEX = {code: name for name, code in INKS.items()}
_HEX = re.compile("|".join(_BY_HEX))
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with the page's settings alone, whatever is configured on this machine."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "svg.fonttype": "none", "svg.hashsalt": "riskd", "text.parse_math": False, "font.family": "DejaVu Sans",
                "font.size": 9.0, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
                "grid.linewidth": 0.6,
                "axes.edgecolor": INKS["soft"], "axes.labelcolor": INKS["ink"], "text.color": INKS["ink"],
                "xtick.color": INKS["soft"], "ytick.color": INKS["soft"], "xtick.labelcolor": INKS["ink"],
                "ytick.labelcolor": INKS["ink"], "grid.color": INKS["grid"], "axes.facecolor": "none",
                "figure.facecolor": "none",
                "legend.frameon": False, "hatch.linewidth": 1.0, "path.simplify": True, "path.simplify_threshold": 0.2,
                "axes.axisbelow": True, "axes.titlelocation": "left", "axes.titlesize": 10.0,
                "date.epoch": "1970-01-01T00:00:00",
            }
        )  # fmt: skip
        # A name may be in letters that the font for measuring lacks: the reader's browser has its own.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield


def frame(figure: Figure, *, names: Sequence[str] = (), legend_rows: int = 0, label_size: float = 8.0) -> None:
    """Leave room around the axes for what stands there. By rule and not by measuring, which draws all of it twice.

    names : at the left of the axes, in `label_size` points; legend_rows: lines of a legend above them
    """
    width, height = figure.get_size_inches()
    left = max(0.62, 0.2 + max(map(len, names), default=0) * label_size * _LETTER_WIDTH / 72.0)
    figure.subplots_adjust(
        left=left / width, right=1.0 - 0.12 / width, bottom=0.44 / height,
        top=1.0 - (0.1 + 0.19 * legend_rows) / height, hspace=0.22,
    )  # fmt: skip


def to_svg(figure: Figure, *, name: str, title: str, description: str) -> str:
    """Return the figure as an SVG element for the page.

    name        : unique on the page, of letters, digits and dashes
    title, description : what a screen reader says instead of the picture
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches=None)
    root = ElementTree.fromstring(buffer.getvalue())
    _strip_namespaces(root)
    for child in [each for each in root if each.tag == "metadata"]:
        root.remove(child)
    for parent in root.iter():
        for child in [each for each in parent if each.tag == "style"]:
            parent.remove(child)  # it would reach the whole page; styles.css has it
    _own_ids(root, name)
    view_box = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib.update({"viewBox": view_box, "role": "img", "aria-labelledby": f"{name}-t {name}-d"})
    for place, (tag, text, suffix) in enumerate((("title", title, "t"), ("desc", description, "d"))):
        words = ElementTree.Element(tag, {"id": f"{name}-{suffix}"})
        words.text = shown(text)
        root.insert(place, words)
    text = ElementTree.tostring(root, encoding="unicode")
    return _HEX.sub(lambda match: f"var(--{_BY_HEX[match[0]]})", text)


def _strip_namespaces(root: ElementTree.Element) -> None:
    """Inside a page elements need no namespace, and links no prefix."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in [key for key in element.attrib if key.startswith("{")]:
            element.attrib[key.rpartition("}")[2]] = element.attrib.pop(key)
        if element.text is not None and not element.text.strip():
            element.text = None
        if element.tail is not None and not element.tail.strip():
            element.tail = None
        for key in ("d", "transform", "points", "x", "y", "width", "height"):
            if key in element.attrib:
                element.attrib[key] = _NUMBER.sub(_rounded, " ".join(element.attrib[key].split()))
        if "style" in element.attrib:
            style = re.sub(r"font: [^;]*?(\d+(?:\.\d+)?)px[^;]*", r"font-size: \1px", element.attrib["style"])
            element.attrib["style"] = style


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _own_ids(root: ElementTree.Element, name: str) -> None:
    """Keep the ids that something in the figure refers to, under the figure's name; the others say nothing."""
    wanted: set[str] = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            wanted.update(_REFERENCE.findall(value))
            if key == "href" and value.startswith("#"):
                wanted.add(value[1:])
    short = {old: f"{name}-{place}" for place, old in enumerate(sorted(wanted))}
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own in short:
            element.attrib["id"] = short[own]
        for key, value in element.attrib.items():
            if key == "href" and value.startswith("#"):
                element.attrib[key] = f"#{short[value[1:]]}"
            elif "url(#" in value:
                element.attrib[key] = _REFERENCE.sub(lambda match: f"url(#{short[match[1]]})", value)
