"""A kernel without numba's dispatcher in front of it, for who always hands over the same types."""

from collections.abc import Callable

from numba import typeof
from numba.core.dispatcher import Dispatcher


def direct(kernel: Callable[..., object], *arguments: object) -> Callable[..., object]:
    """Return the kernel compiled for the types of these arguments, or loaded from the cache.

    The dispatcher looks at every array of every call to find what was compiled for it: 13 µs of 20 where some 140 of
    them are handed over. What is returned here looks at nothing: arguments of other types are a fault of the caller.
    """
    assert isinstance(kernel, Dispatcher), f"{kernel} is no kernel"
    compiled: Callable[..., object] = kernel.compile(tuple(typeof(argument) for argument in arguments))
    return compiled
