"""Sensors measure: one question each, of numbers already computed, in evaluation order."""

from sensors.concentration import Concentration
from sensors.correlation import Correlation
from sensors.drawdown import Drawdown
from sensors.leverage import Leverage
from sensors.stress_failure import StressFailure
from sensors.tail_risk import TailRisk
from sensors.var_breach import VarBreach
from sensors.volatility import Volatility

SENSORS = (VarBreach, StressFailure, TailRisk, Concentration, Leverage, Correlation, Volatility, Drawdown)
