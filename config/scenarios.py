"""Stress scenarios: their typed form and the loader of the YAML library."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """One named set of shocks.

    shocks : pairs (key, shock); the first hit wins in the order
             instrument > underlying > sector > "kind.currency" > kind, plus "fx.<pair>";
             relative for prices (-0.4 is a fall by 40 %), absolute basis points for rates and spreads,
             absolute vol points for vols
    probability_per_year : in [0, 1]
    limit  : loss in base currency that counts as a failure; None takes the library's `max_stress_loss`
    """

    id: str
    name: str
    shocks: tuple[tuple[str, float], ...]
    horizon_days: int
    provenance: str
    date: str
    probability_per_year: float
    liquidity: str
    limit: float | None = None
