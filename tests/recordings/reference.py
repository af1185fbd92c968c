"""The reference data of the twenty instruments: sector, usual volume and spread, as plausible constants."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """sector: GICS sector; adv_units: shares a day; spread_relative: quoted spread over price."""

    sector: str
    adv_units: float
    spread_relative: float


_TECHNOLOGY = "Information Technology"
_FINANCIALS = "Financials"
_DISCRETIONARY = "Consumer Discretionary"
_STAPLES = "Consumer Staples"
_ENERGY = "Energy"
_HEALTH = "Health Care"

# Volumes are of the order of the last years of the data, in the adjusted shares that the closes are in.
REFERENCE: dict[str, Reference] = {
    "AAPL": Reference(_TECHNOLOGY, 90e6, 0.0002),
    "AMD": Reference(_TECHNOLOGY, 70e6, 0.0006),
    "BAC": Reference(_FINANCIALS, 45e6, 0.0003),
    "BBY": Reference(_DISCRETIONARY, 3e6, 0.0006),
    "CVX": Reference(_ENERGY, 8e6, 0.0002),
    "GE": Reference("Industrials", 6e6, 0.0003),
    "HD": Reference(_DISCRETIONARY, 4e6, 0.0003),
    "JNJ": Reference(_HEALTH, 7e6, 0.0002),
    "JPM": Reference(_FINANCIALS, 12e6, 0.0002),
    "KO": Reference(_STAPLES, 14e6, 0.0002),
    "LLY": Reference(_HEALTH, 3e6, 0.0003),
    "MRK": Reference(_HEALTH, 10e6, 0.0002),
    "MSFT": Reference(_TECHNOLOGY, 28e6, 0.0002),
    "PEP": Reference(_STAPLES, 5e6, 0.0002),
    "PFE": Reference(_HEALTH, 25e6, 0.0003),
    "PG": Reference(_STAPLES, 7e6, 0.0002),
    "RRC": Reference(_ENERGY, 4e6, 0.001),
    "UNH": Reference(_HEALTH, 3e6, 0.0004),
    "WMT": Reference(_STAPLES, 7e6, 0.0002),
    "XOM": Reference(_ENERGY, 18e6, 0.0002),
}
