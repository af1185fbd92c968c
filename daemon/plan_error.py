"""The error of `riskd plan`, apart from what computes: whoever answers errors should not load the kernels."""


class PlanError(Exception):
    """A rehearsal did not come to its end; the message says which replay, and why."""
