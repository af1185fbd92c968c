"""The error of `riskd explain`, apart from what computes: whoever answers errors should not load the kernels."""


class ExplainError(Exception):
    """An action cannot be explained; the message says what was looked for, and where."""
