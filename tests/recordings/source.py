"""Reads the daily closes that lie inside the installed package skfolio; nothing is downloaded or imported from it."""

import csv
import gzip
import io
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

DATA_FILE = "skfolio/datasets/data/sp500_dataset.csv.gz"


@dataclass(frozen=True, slots=True)
class Closes:
    """Adjusted closes of one market.

    dates  : ISO dates, strictly increasing
    names  : tickers, in alphabetical order
    prices : one tuple a date, one float a name, USD a share, all above zero
    """

    dates: tuple[str, ...]
    names: tuple[str, ...]
    prices: tuple[tuple[float, ...], ...]

    def column(self, name: str) -> int:
        """Position of `name` in each row of `prices`."""
        return self.names.index(name)


def data_path() -> Path | None:
    """Where skfolio's data file lies, or None where skfolio is not installed."""
    try:
        distribution = metadata.distribution("skfolio")
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(distribution.locate_file(DATA_FILE)))
    return path if path.is_file() else None


def load_closes() -> Closes:
    """Every date and price of skfolio's S&P 500 file, as it is.

    Raises FileNotFoundError without skfolio; ValueError for a hole, a price at or below zero, or a date out of order.
    """
    path = data_path()
    if path is None:
        raise FileNotFoundError(f"{DATA_FILE}: skfolio is not installed, or has no such file in this version")
    table = list(csv.reader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    header, lines = table[0], table[1:]
    names = tuple(header[1:])
    if header[0] != "Date" or list(names) != sorted(names):
        raise ValueError(f"{path.name}: header must be Date and tickers in order, got {','.join(header)}")
    prices = []
    previous_date = ""
    for line in lines:
        date, row = line[0], tuple(float(text) for text in line[1:])
        if len(row) != len(names) or not all(price > 0.0 for price in row):
            raise ValueError(f"{path.name}, {date}: every price must be above 0 and present, got {line[1:]}")
        if date <= previous_date:
            raise ValueError(f"{path.name}: dates must increase strictly, got {date} after {previous_date}")
        previous_date = date
        prices.append(row)
    return Closes(dates=tuple(line[0] for line in lines), names=names, prices=tuple(prices))
