"""The section `stress`: what the nightly stress asks, and how often."""

from pydantic import Field

from config.frozen import Frozen

BUILTIN = "builtin"


class StressConfig(Frozen):
    """Nightly stress: after a completed row of the base calendar, for every scope (models.md 11.3, 12.3 to 12.5).

    every          : completed rows between two runs; 1 is every night
    crises         : the shipped library, or the path of one, looked up from the folder of the configuration
    reverse_loss   : share of NAV whose loss the multiplier is looked for
    plausible_loss : share of NAV whose most plausible loss is looked for
    """

    nightly: bool = True
    every: int = Field(default=1, ge=1)
    crises: str = BUILTIN
    reverse_loss: float = Field(default=0.10, gt=0, le=1)
    plausible_loss: float = Field(default=0.25, gt=0, le=1)
