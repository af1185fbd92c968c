"""Order statistics of a loss vector kept current through small changes, exactly."""

import numpy as np
from numba import njit

from risk.arrays import CANDIDATES, Floats, Ints

MILLION = 1_000_000


@njit(cache=True, error_model="numpy", _nrt=False)
def depth_needed(rows: int) -> int:
    """Return how many of the worst losses VaR and ES at 95 % and above read."""
    rank = rows - (rows * 950_000 + MILLION - 1) // MILLION + 1
    tail = rows * 50_000 // MILLION + 1
    return min(rows, max(rank, tail))


@njit(cache=True, error_model="numpy", _nrt=False)
def refresh_candidates(loss: Floats, rows: int, candidates: Ints) -> float:
    """Fill `candidates` with the rows of the worst losses, descending, ties by row; return the bound on all others.

    loss : (T,), of which the first `rows` count
    """
    kept = min(CANDIDATES, rows)
    size = 0
    for row in range(rows):
        value = loss[row]
        if size == kept and value <= loss[candidates[size - 1]]:
            continue
        place = size if size < kept else kept - 1
        size = min(size + 1, kept)
        while place > 0 and loss[candidates[place - 1]] < value:
            candidates[place] = candidates[place - 1]
            place -= 1
        candidates[place] = row
    return loss[candidates[kept - 1]] if rows > kept else -np.inf


@njit(cache=True, error_model="numpy", _nrt=False)
def renew_candidates(loss: Floats, rows: int, candidates: Ints, member: Ints) -> float:
    """Exchange sorted candidates for worse rows, of which there are few; return the bound on all others.

    member : (T,) scratch
    """
    kept = min(CANDIDATES, rows)
    for row in range(rows):
        member[row] = 0
    for place in range(kept):
        member[candidates[place]] = 1
    bound = -np.inf
    for row in range(rows):
        value = loss[row]
        least = loss[candidates[kept - 1]]
        if member[row] == 1:
            continue
        bound = max(bound, min(value, least))
        if value > least:
            place = kept - 1
            while place > 0 and loss[candidates[place - 1]] < value:
                candidates[place] = candidates[place - 1]
                place -= 1
            candidates[place] = row
    return bound


@njit(cache=True, error_model="numpy", _nrt=False)
def sort_candidates(loss: Floats, rows: int, candidates: Ints) -> None:
    """Bring the candidates into descending order again; nearly sorted already, so insertion is cheap."""
    for place in range(1, min(CANDIDATES, rows)):
        row = candidates[place]
        value = loss[row]
        hole = place
        while hole > 0 and loss[candidates[hole - 1]] < value:
            candidates[hole] = candidates[hole - 1]
            hole -= 1
        candidates[hole] = row


@njit(cache=True, error_model="numpy", _nrt=False)
def worst_value_at_risk(loss: Floats, rows: int, candidates: Ints, p_ppm: int) -> float:
    """Return VaR, Hyndman-Fan type 1: the k-th smallest loss with k = ceil(n p)."""
    rank = (rows * p_ppm + MILLION - 1) // MILLION
    return float(loss[candidates[rows - rank]])


@njit(cache=True, error_model="numpy", _nrt=False)
def worst_expected_shortfall(loss: Floats, rows: int, candidates: Ints, p_ppm: int) -> float:
    """Return exact ES (Acerbi and Tasche 2002): the boundary scenario counts with its fraction of the tail."""
    tail_ppm = rows * (MILLION - p_ppm)
    whole = tail_ppm // MILLION
    if whole < 1:
        return float(loss[candidates[0]])
    total = 0.0
    for place in range(whole):
        total += loss[candidates[place]]
    rest = tail_ppm - whole * MILLION
    if rest > 0:
        total += (rest / MILLION) * loss[candidates[whole]]
    return total / (tail_ppm / MILLION)


@njit(cache=True, error_model="numpy", _nrt=False)
def choose_candidates(loss: Floats, rows: int, candidates: Ints, values: Floats) -> float:
    """Fill `candidates` as `refresh_candidates` does, faster where nothing is known of them; return the same bound.

    values : (T,) scratch
    """
    kept = min(CANDIDATES, rows)
    for row in range(rows):
        values[row] = loss[row]
    least = select_smallest(values, rows, rows - kept)
    size = 0
    for row in range(rows):
        if loss[row] > least:
            candidates[size] = row
            size += 1
    for row in range(rows):
        if size < kept and loss[row] == least:
            candidates[size] = row
            size += 1
    for gap in (41, 13, 4):  # Shell (1959): what is left for the last pass is nearly sorted
        for place in range(gap, kept):
            row = candidates[place]
            hole = place
            while hole >= gap and loss[candidates[hole - gap]] < loss[row]:
                candidates[hole] = candidates[hole - gap]
                hole -= gap
            candidates[hole] = row
    sort_candidates(loss, rows, candidates)
    return least if rows > kept else -np.inf


@njit(cache=True, error_model="numpy", _nrt=False)
def select_smallest(values: Floats, count: int, place: int) -> float:
    """Return the value that sorting the first `count` would put at `place` (Hoare 1961); changes their order."""
    low, high = 0, count - 1
    while low < high:
        pivot, left, right = values[(low + high) // 2], low, high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left, right = left + 1, right - 1
        if place <= right:
            high = right
        elif place >= left:
            low = left
        else:
            break
    return float(values[place])
