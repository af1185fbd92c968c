"""One Prometheus metric made anew at each scrape: its samples, and what stands where several scopes share a label."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Combine = Callable[[float, float], float]


def largest(left: float, right: float) -> float:
    """Return the larger number; a missing one (NaN) gives way to any other.

    >>> largest(1.0, 2.0), largest(float("nan"), 2.0), largest(1.0, float("nan"))
    (2.0, 2.0, 1.0)
    """
    return right if isnan(left) or right > left else left


def smallest(left: float, right: float) -> float:
    """Return the smaller number; a missing one (NaN) gives way to any other."""
    return right if isnan(left) or right < left else left


def total(left: float, right: float) -> float:
    """Return the sum; a missing one (NaN) counts as nothing."""
    return left if isnan(right) else right if isnan(left) else left + right


@dataclass(frozen=True, slots=True)
class FamilySpec:
    """What a metric is called, without prefix and `_total`, and which of two numbers of the same labels is shown."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"
    combine: Combine = largest


class Family:
    """The samples of one metric, of one scrape."""

    def __init__(self, spec: FamilySpec, prefix: str) -> None:
        self._spec = spec
        self._name = f"{prefix}_{spec.name}" if prefix else spec.name
        self._samples: dict[tuple[str, ...], float] = {}

    def add(self, value: float, *labels: str) -> None:
        """Add a number; where the labels have one already, the worse of the two stays."""
        before = self._samples.get(labels)
        self._samples[labels] = value if before is None else self._spec.combine(before, value)

    def metric(self) -> Metric:
        """Return the metric as the client library's registry takes it."""
        kind = GaugeMetricFamily if self._spec.kind == "gauge" else CounterMetricFamily
        metric = kind(self._name, self._spec.text, labels=self._spec.labels)
        for labels, value in self._samples.items():
            metric.add_metric(labels, value)
        return metric


class Families:
    """One family of each spec, by its name."""

    def __init__(self, specs: tuple[FamilySpec, ...], prefix: str) -> None:
        self._by_name = {spec.name: Family(spec, prefix) for spec in specs}

    def __getitem__(self, name: str) -> Family:
        return self._by_name[name]

    def metrics(self) -> list[Metric]:
        """Return all of them, in the order of their specs."""
        return [family.metric() for family in self._by_name.values()]
