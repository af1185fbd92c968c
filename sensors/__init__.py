"""Sensors measure: one question each, of numbers already computed, in evaluation order."""

from sensors.concentration import Concentration
from sensors.correlation import Correlation
from sensors.drawdown import Drawdown
from sensors.leverage import Leverage
from sensors.liquidity import Liquidity
from sensors.stress_failure import StressFailure
from sensors.tail_risk import TailRisk
from sensors.turnover import Turnover
from sensors.var_breach import VarBreach
from sensors.volatility import Volatility

SENSORS = (
    VarBreach, StressFailure, TailRisk, Concentration, Leverage, Liquidity, Correlation, Volatility, Drawdown, Turnover,
)  # fmt: skip
