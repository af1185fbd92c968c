"""The sums over a book that every measurement needs, in fixed lanes: one order of additions on every machine.

A sum in one chain waits for each addition, and a compiler may not reorder it. So a strip of 128 instruments is added
in 16 lanes of 8, lane j taking instruments j, j + 16, ... in order, which vector units do side by side; the strips
follow in order, then the lanes.
"""

from numba import njit

from risk.arrays import BLOCKS, LANES, STRIP, Floats

_NET, _VARIANCE, _CROSS, _SQUARES, _LARGEST, _SUMS = LANES, 2 * LANES, 3 * LANES, 4 * LANES, 5 * LANES, 6 * LANES


@njit(cache=True, error_model="numpy", _nrt=False)
def _add_strip(x: Floats, y: Floats, lanes: Floats, width: int) -> None:
    """Add a strip of exposures and sigma times exposure to the lanes; width is LANES, kept from the compiler."""
    for j in range(width):
        gross = net = variance = cross = cross_squares = largest = 0.0
        for block in range(BLOCKS):
            exposure = x[j + block * LANES]
            size = abs(exposure)
            product = exposure * y[j + block * LANES]
            gross += size
            net += exposure
            variance += product
            cross += abs(product)
            cross_squares += product * product
            largest = max(largest, size)
        lanes[j] += gross
        lanes[j + _NET] += net
        lanes[j + _VARIANCE] += variance
        lanes[j + _CROSS] += cross
        lanes[j + _SQUARES] += cross_squares
        lanes[j + _LARGEST] = max(lanes[j + _LARGEST], largest)


@njit(cache=True, error_model="numpy", _nrt=False)
def book_sums(x: Floats, y: Floats, count: int, scratch: Floats) -> tuple[float, float, float, float, float, float]:
    """Return gross, net, variance, the sum of |x y|, that of (x y)^2, and the largest |x|.

    x, y    : (N,) exposure and sigma times exposure, of which `count` matter
    scratch : (SUMS_SCRATCH,) changed
    """
    lanes, last_x, last_y = scratch[:_SUMS], scratch[_SUMS : _SUMS + STRIP], scratch[_SUMS + STRIP :]
    for j in range(_SUMS):
        lanes[j] = 0.0
    whole = count - count % STRIP
    for start in range(0, whole, STRIP):
        _add_strip(x[start : start + STRIP], y[start : start + STRIP], lanes, LANES)
    rest = count - whole
    if rest > 0:  # the last strip is filled with zeros, which change no sum
        rest_x, rest_y = x[whole:count], y[whole:count]
        for i in range(rest):
            last_x[i] = rest_x[i]
            last_y[i] = rest_y[i]
        for i in range(rest, STRIP):
            last_x[i] = 0.0
            last_y[i] = 0.0
        _add_strip(last_x, last_y, lanes, LANES)
    gross = net = variance = cross = cross_squares = largest = 0.0
    for j in range(LANES):
        gross += lanes[j]
        net += lanes[j + _NET]
        variance += lanes[j + _VARIANCE]
        cross += lanes[j + _CROSS]
        cross_squares += lanes[j + _SQUARES]
        largest = max(largest, lanes[j + _LARGEST])
    return gross, net, variance, cross, cross_squares, largest


@njit(cache=True, error_model="numpy", _nrt=False)
def count_held(x: Floats, count: int) -> int:
    """Return how many exposures are not zero."""
    held = 0
    for i in range(count):
        held += x[i] != 0.0
    return held


@njit(cache=True, error_model="numpy", _nrt=False)
def distance(x: Floats, other: Floats, count: int) -> float:
    """Return the sum of |x - other|."""
    total = 0.0
    for i in range(count):
        total += abs(x[i] - other[i])
    return total


@njit(cache=True, error_model="numpy", _nrt=False)
def flagged_sums(
    x: Floats, untrusted: Floats, suspect: Floats, proxied: Floats, count: int
) -> tuple[float, float, float]:
    """Return the gross exposure that is untrusted, suspect and proxied; flags are 1.0 or 0.0."""
    stale = doubted = stood_in = 0.0
    for i in range(count):
        size = abs(x[i])
        stale += size * untrusted[i]
        doubted += size * suspect[i]
        stood_in += size * proxied[i]
    return stale, doubted, stood_in


@njit(cache=True, error_model="numpy", _nrt=False)
def _add_products(x: Floats, scale: Floats, y: Floats, lanes: Floats, width: int, blocks: int) -> None:
    """Add products to the lanes; width is LANES, kept from the compiler."""
    for j in range(width):
        total = 0.0
        for block in range(blocks):
            at = j + block * LANES
            total += x[at] * scale[at] * y[at]
        lanes[j] += total


@njit(cache=True, error_model="numpy", _nrt=False)
def scaled_product(x: Floats, scale: Floats, y: Floats, count: int, scratch: Floats) -> float:
    """Return the sum of x scale y over the first `count`; scratch: (SUMS_SCRATCH,) changed."""
    lanes, whole, rows = scratch[:LANES], count - count % STRIP, count - count % LANES
    for j in range(LANES):
        lanes[j] = 0.0
    for start in range(0, whole, STRIP):
        stop = start + STRIP
        _add_products(x[start:stop], scale[start:stop], y[start:stop], lanes, LANES, BLOCKS)
    for start in range(whole, rows, LANES):
        stop = start + LANES
        _add_products(x[start:stop], scale[start:stop], y[start:stop], lanes, LANES, 1)
    _add_products(x[rows:count], scale[rows:count], y[rows:count], lanes, count - rows, 1)
    total = 0.0
    for j in range(LANES):
        total += lanes[j]
    return total


@njit(cache=True, error_model="numpy", _nrt=False)
def _add_squares(x: Floats, lanes: Floats, width: int, blocks: int) -> None:
    """Add squares to the lanes; width is LANES, kept from the compiler."""
    for j in range(width):
        total = 0.0
        for block in range(blocks):
            value = x[j + block * LANES]
            total += value * value
        lanes[j] += total


@njit(cache=True, error_model="numpy", _nrt=False)
def sum_of_squares(x: Floats, count: int, scratch: Floats) -> float:
    """Return the sum of x^2 over the first `count`; scratch: (SUMS_SCRATCH,) changed."""
    lanes, whole, rows = scratch[:LANES], count - count % STRIP, count - count % LANES
    for j in range(LANES):
        lanes[j] = 0.0
    for start in range(0, whole, STRIP):
        _add_squares(x[start : start + STRIP], lanes, LANES, BLOCKS)
    for start in range(whole, rows, LANES):
        _add_squares(x[start : start + LANES], lanes, LANES, 1)
    _add_squares(x[rows:count], lanes, count - rows, 1)
    total = 0.0
    for j in range(LANES):
        total += lanes[j]
    return total
