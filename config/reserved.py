"""Roots that belong to riskd itself: a self-test breaches them, and nothing is ever held there."""

SELFTEST_ROOT = "_selftest"  # "_selftest-<positions partition>"


def selftest_root(partition: int) -> str:
    """Return the root that a self-test of a positions partition breaches.

    >>> selftest_root(2)
    '_selftest-2'
    """
    return f"{SELFTEST_ROOT}-{partition}"


def is_selftest(scope: str) -> bool:
    """Say whether a path lies in a root of self-tests.

    >>> is_selftest("_selftest-0"), is_selftest("firm/_selftest")
    (True, False)
    """
    return scope.split("/", 1)[0].startswith(SELFTEST_ROOT)
