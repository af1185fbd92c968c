"""The reading of one metric against levels: what all sensors share."""

from math import inf, isnan, nan

from config.sensor_facts import SensorFacts
from risk.measures import Measures, Status
from sensors.reading import Reading
from sensors.wording import amount


def read_metric(
    facts: SensorFacts, metric: str, measures: Measures, *, levels: tuple[float, ...], unit: str, of: str = ""
) -> Reading:
    """Return the metric as a reading.

    A scope that is not known has no number: INVALID, whatever was computed. A number whose status is INSUFFICIENT or
    INVALID is withheld (NaN), except +inf, which ranks above every limit whatever its status.

    metric : one of the sensor's
    levels : at least one; utilisation is statistic / levels[0]
    unit   : as `sensors.wording.amount` knows it; of: what it is a share of, behind the metric's title
    """
    sensor, title = facts.name, facts.metric(metric).title + of
    status = measures.status(metric) if measures.known else Status.INVALID
    statistic = measures.value(metric) if measures.known else nan
    if status >= Status.INSUFFICIENT and statistic != inf:
        statistic = nan
    if isnan(statistic):
        why = status.name if measures.known else "the book is not known"
        return Reading(sensor, metric, nan, status, unit, levels, nan, f"{title} has no number ({why})")
    return Reading(
        sensor, metric, statistic, status, unit, levels, utilisation_of(statistic, levels[0]),
        f"{title} {amount(statistic, unit)}",
    )  # fmt: skip


def utilisation_of(statistic: float, level: float) -> float:
    """Return statistic / level: NaN for NaN, 0 under a level of +inf. Levels are over zero."""
    return 0.0 if level == inf and not isnan(statistic) else statistic / level
