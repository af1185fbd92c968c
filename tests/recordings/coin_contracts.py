"""The reference data of the coin recording: what each contract is, and its usual volume and spread, as constants."""

from dataclasses import dataclass

MINUTE_NS = 60_000_000_000

SPOT = ("BTCUSDT", "ETHUSDT")
LINEAR = ("BTCUSDT-PERP", "ETHUSDT-PERP")
INVERSE = ("BTCUSD_PERP", "ETHUSD_PERP")
QUOTED = (*SPOT, *LINEAR, *INVERSE)  # those of which the source has real quotes and trades
STABLE = "USDTUSD"

FACE_USD = {"BTCUSD_PERP": 100.0, "ETHUSD_PERP": 10.0}  # one inverse contract


@dataclass(frozen=True, slots=True)
class Contract:
    """terms: the fields of the instrument event but its name; tick: smallest price step; coin: what it is on."""

    terms: dict[str, object]
    tick: float
    coin: str


def _fx(base: str, quote: str, *, tick: float, **more: object) -> Contract:
    terms = {"kind": "fx", "base": base, "quote": quote, "currency": quote, "tick": tick, **more}
    return Contract(terms, tick, base)


def _linear(coin: str, *, tick: float, **more: object) -> Contract:
    terms: dict[str, object] = {"kind": "perpetual", "contract": "linear", "currency": "USDT", "tick": tick, **more}
    return Contract(terms, tick, coin)


def _inverse(coin: str, *, face_usd: float, tick: float, **more: object) -> Contract:
    terms = {
        "kind": "perpetual",
        "contract": "inverse",
        "settle_currency": coin,
        "currency": "USD",
        "multiplier": face_usd,
        "lot": 1.0,
        "tick": tick,
        **more,
    }
    return Contract(terms, tick, coin)


def _coin(coin: str, *, adv: float, spread: float) -> Contract:
    terms: dict[str, object] = {"kind": "cash", "currency": coin, "lot": 0.001, "adv": adv, "spread": spread}
    return Contract(terms, 1.0, coin)


# Volumes are of the order of a usual day of 2024 in the contract's own units, spreads are a step or two of the price.
# A price older than a minute is not known: these markets are never still that long.
CONTRACTS: dict[str, Contract] = {
    "USDTUSD": _fx("USDT", "USD", tick=0.0001, lot=1.0, adv=200e6, spread=0.0001, max_age=1440 * MINUTE_NS),
    "BTCUSDT": _fx("BTC", "USDT", tick=0.01, lot=0.001, adv=30e3, spread=2e-6, max_age=MINUTE_NS),
    "ETHUSDT": _fx("ETH", "USDT", tick=0.01, lot=0.001, adv=400e3, spread=5e-6, max_age=MINUTE_NS),
    "BTCUSDT-PERP": _linear("BTC", tick=0.1, lot=0.001, adv=250e3, spread=2e-6, max_age=MINUTE_NS),
    "ETHUSDT-PERP": _linear("ETH", tick=0.01, lot=0.001, adv=4e6, spread=5e-6, max_age=MINUTE_NS),
    "BTCUSD_PERP": _inverse("BTC", face_usd=100.0, tick=0.1, adv=20e6, spread=3e-6, max_age=MINUTE_NS),
    "ETHUSD_PERP": _inverse("ETH", face_usd=10.0, tick=0.01, adv=60e6, spread=8e-6, max_age=MINUTE_NS),
    "BTC": _coin("BTC", adv=30e3, spread=2e-6),
    "ETH": _coin("ETH", adv=400e3, spread=5e-6),
}
