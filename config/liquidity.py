"""What it costs to sell, and how long it takes: the section `liquidity` of the configuration."""

from typing import Literal

from pydantic import Field

from config.frozen import Frozen

LiquidityState = Literal["normal", "stressed", "crisis"]


class LiquidityConfig(Frozen):
    """How spreads, impact and days to liquidate are estimated (models.md 14; decision 0029-liquidity-and-turnover).

    state             : which multiples of spread and impact the metric has; reports show all three
    spread            : `observed`: mean and `spread_sigmas` standard deviations of quoted relative spreads;
                        `quoted`: the last one alone; `reference`: the reference data's alone
    quotes_min        : under so many quotes the reference data's spread is taken, where there is one
    impact            : `sqrt`: impact_scale · sigma · sqrt(q / ADV), `kyle`: ½ · impact_scale · sigma · q / ADV,
                        both relative to the value; sigma is the instrument's daily volatility
    participation     : of the average daily volume, that may be sold in a day; days_max: longer is slow
    unknown_gross_max : share of gross without volume or spread from which on there is no number
    """

    state: LiquidityState = "normal"
    spread: Literal["observed", "quoted", "reference"] = "observed"
    spread_sigmas: float = Field(default=3.0, ge=0, le=10)
    quotes_min: int = Field(default=20, ge=1)
    impact: Literal["sqrt", "kyle"] = "sqrt"
    impact_scale: float = Field(default=0.7, ge=0, le=10)
    participation: float = Field(default=0.20, gt=0, le=1)
    days_max: float = Field(default=10.0, gt=0, le=10_000)
    unknown_gross_max: float = Field(default=0.01, ge=0, lt=1)
