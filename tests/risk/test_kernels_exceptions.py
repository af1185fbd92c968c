"""Losses of books that were kept: against numpy, its own Python, and scaled books."""

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from risk.kernels.exceptions import held_losses
from risk.measures import Matrix, Vector

Losses = tuple[Vector, Vector, Vector]


def drawn(seed: int) -> tuple[Matrix, Matrix, np.ndarray]:
    """Return exposures (5, 9), some of them none, returns (9, 20), and which cells of a row are unseen (9,)."""
    draw = np.random.Generator(np.random.Philox(seed))
    held = draw.normal(0.0, 1e6, (5, 9)) * (draw.random((5, 9)) < 0.7)
    return held, draw.standard_t(4, (9, 20)) * 0.01, (draw.random(9) < 0.2).astype(np.int64)


def losses(seed: int, *, scale: float = 1.0, kernel: Callable[..., None] = held_losses, scopes: int = 5) -> Losses:
    held, returns, unseen = drawn(seed)
    loss, gross, blind = (np.full(5, -1.0) for _ in range(3))
    kernel(held * scale, returns, 7, unseen, scopes, 9, loss, gross, blind)
    return loss, gross, blind


@given(st.integers(0, 300))
def test_the_loss_is_the_negative_product_of_exposures_and_returns(seed: int) -> None:
    held, returns, unseen = drawn(seed)
    loss, gross, blind = losses(seed)
    size = np.abs(held).sum(axis=1)
    np.testing.assert_allclose(loss, -(held @ returns[:, 7]), atol=1e-9, rtol=1e-12)
    np.testing.assert_allclose(gross, size, rtol=1e-14)
    np.testing.assert_allclose(blind, np.abs(held) @ unseen, rtol=1e-14)


@given(st.integers(0, 300))
def test_a_book_twice_as_large_loses_twice_as_much_and_the_other_way_round_wins_it(seed: int) -> None:
    once, twice, turned = losses(seed), losses(seed, scale=2.0), losses(seed, scale=-1.0)
    assert all((2.0 * one).tobytes() == two.tobytes() for one, two in zip(once, twice, strict=True))
    np.testing.assert_array_equal(turned[0], -once[0])
    np.testing.assert_array_equal(turned[1:], once[1:])


def test_the_kernel_equals_its_python_twin_bit_by_bit_and_leaves_what_is_not_used() -> None:
    python: Callable[..., None] = getattr(held_losses, "py_func")  # noqa: B009 -- numba's dispatchers are untyped
    for compiled, plain in zip(losses(3, scopes=4), losses(3, scopes=4, kernel=python), strict=True):
        assert compiled.tobytes() == plain.tobytes()
        assert compiled[4] == -1.0
