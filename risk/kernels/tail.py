"""Order statistics of a loss vector kept current through small changes, exactly."""

import numpy as np
from numba import njit

from risk.arrays import CANDIDATES, Floats, Ints

MILLION = 1_000_000
_EXTRA_MAX = 32  # losses that may be gathered beside those that are wanted
_FIRST_GUESS, _FIRST_STEP = 1.2, 0.3  # of the mean |loss|: the 96th of 756 returns of a stock lies near 1.2 of it
_GUESSES_MAX = 24


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
def choose_candidates(loss: Floats, rows: int, candidates: Ints, values: Floats, chosen: Ints) -> float:
    """Fill `candidates` as `refresh_candidates` does, faster where nothing is known of them; return the same bound.

    Somewhat more than are wanted are gathered, and each is put where the count of worse ones says: no branch hangs on
    the order of losses, which a processor cannot guess and pays for more than for any comparison.

    values : (T,) scratch; chosen: (T,) scratch
    """
    kept = min(CANDIDATES, rows)
    size = _gather_worst(loss, rows, kept, values, chosen)
    for place in range(kept):
        candidates[place] = -1
    for place in range(size):
        value, worse = values[place], 0
        for other in range(size):
            worse += values[other] > value
        while worse < kept and candidates[worse] >= 0:  # an equal one of an earlier row
            worse += 1
        if worse < kept:
            candidates[worse] = chosen[place]
    return loss[candidates[kept - 1]] if rows > kept else -np.inf


@njit(cache=True, error_model="numpy", _nrt=False)
def _gather_worst(loss: Floats, rows: int, kept: int, values: Floats, chosen: Ints) -> int:
    """Write the rows of the `kept` worst losses into `chosen`, in order, and a few more; return how many."""
    threshold = _threshold_of(loss, rows, kept)
    size = 0
    for row in range(rows):
        chosen[size] = row
        values[size] = loss[row]
        size += loss[row] > threshold
    if kept <= size <= kept + _EXTRA_MAX:
        return size
    for row in range(rows):
        values[row] = loss[row]
    least = select_smallest(values, rows, rows - kept)  # many losses are equal: no threshold cuts between them
    size = 0
    for row in range(rows):
        if loss[row] > least:
            chosen[size] = row
            size += 1
    for row in range(rows):
        if size < kept and loss[row] == least:
            chosen[size] = row
            size += 1
    for place in range(size):
        values[place] = loss[chosen[place]]
    return size


@njit(cache=True, error_model="numpy", _nrt=False)
def _threshold_of(loss: Floats, rows: int, kept: int) -> float:
    """Return a loss that `kept` others are over, and at most `_EXTRA_MAX` more, where it is soon found."""
    if rows <= kept + _EXTRA_MAX:
        return -np.inf
    first = second = third = fourth = 0.0  # four sums side by side: one alone would wait for each addition
    for row in range(0, rows - 3, 4):
        first += abs(loss[row])
        second += abs(loss[row + 1])
        third += abs(loss[row + 2])
        fourth += abs(loss[row + 3])
    mean = (first + second + third + fourth) / rows
    low, high, step, threshold = -np.inf, np.inf, _FIRST_STEP * mean, _FIRST_GUESS * mean
    for _ in range(_GUESSES_MAX):
        over = 0
        for row in range(rows):
            over += loss[row] > threshold
        if over < kept:
            high = threshold
            threshold = 0.5 * (low + high) if low > -np.inf else threshold - step
        elif over > kept + _EXTRA_MAX:
            low = threshold
            threshold = 0.5 * (low + high) if high < np.inf else threshold + step
        else:
            break
        step *= 2.0
    return threshold


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
