"""From the metric names of docs/metrics.md to those of one configuration."""

import re

from config.schema import MetricsConfig

JOB = "riskd"  # of the scrape configuration, whatever the prefix

# Not `riskd` alone, which is a job and a command, and not inside another name.
_NAME = re.compile(r"\briskd_(?=[a-z])")


def metric_prefix(config: MetricsConfig) -> str:
    """Return what riskd's metric names start with, with its last `_`; empty where both parts are."""
    return "".join(f"{part}_" for part in (config.namespace, config.subsystem) if part)


def with_prefix(text: str, prefix: str) -> str:
    """Return the text with every `riskd_` of a metric's name replaced by the prefix.

    Expressions are written with the names of docs/metrics.md, so that they can be searched for and read there.
    """
    return _NAME.sub(prefix, text)
