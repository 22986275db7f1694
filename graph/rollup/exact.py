"""Sums in twice the working precision, and systems solved until their residual is nothing but rounding.

Nothing here depends on the order in which things are added, or on how many threads add them.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import splu

from graph.rollup.arrays import FloatArray, IntArray

# Halves of 26 and 27 bits of a float64 (Veltkamp).
_SPLIT = 134217729.0
_REFINEMENTS = 5
# A spectral radius that rounding cannot tell from 1 counts as 1.
_MARGIN = 1e-12
# Up to so many rows, and in long rings, factors are cheap; those of a large tangle fill up with the square of its size.
_SMALL, _FACTORED, _RING = 500, 5_000, 1.25
_SETTLED = 1e-12
# A tangle is gone round until it settles, or until so many products have been added up: a second or two. What was
# found to settle within that has a solution within some more, whatever is solved for.
_WORK, _PATIENCE = 500_000_000, 4


def sums(codes: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Sum of the rows of ``values``, shape (n, columns), by code: shape (size, columns), as if rounded once.

    A sum with an infinite or undefined part is nan.

    Of each value what is a multiple of a unit that fits the largest sum of its code is taken off, twice: such parts add
    up without rounding, in whatever order (Rump, Ogita and Oishi, SIAM J. Sci. Comput. 31 (2008), part I).
    """
    columns = values.shape[1]
    at = (codes[:, None] * columns + np.arange(columns)).ravel()
    rest, count = values.ravel(), size * columns
    room = np.frexp(np.bincount(at, minlength=count) + 2)[1]
    with np.errstate(all="ignore"):
        largest = np.zeros(count)
        np.maximum.at(largest, at, np.abs(rest))
        exponent, parts = np.frexp(largest)[1] + room, []
        for _ in range(2):
            unit = np.ldexp(1.0, exponent)
            # Where the unit itself is beyond the range, the values are added as they are.
            unit = np.where(np.isinf(unit), 0.0, unit)[at]
            multiple = (unit + rest) - unit
            rest = rest - multiple
            parts.append(np.bincount(at, multiple, count))
            exponent = exponent - 52 + room
        found = np.asarray(parts[0] + (parts[1] + np.bincount(at, rest, count)), np.float64).reshape(size, columns)
        found[np.isinf(found)] = np.nan
    return found


def _two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """a x b as the rounded product and what rounding took off (Dekker, Numer. Math. 18 (1971)); nan out of range."""
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        product = a * b
        a_high, b_high = _SPLIT * a, _SPLIT * b
        a_high, b_high = a_high - (a_high - a), b_high - (b_high - b)
        a_low, b_low = a - a_high, b - b_high
        return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


_Solve = Callable[[FloatArray], FloatArray]


def _factors(matrix: csr_array) -> _Solve:
    system = (eye_array(matrix.shape[0]) - matrix).tocsc()
    # Of such a matrix the diagonal is the stablest pivot, whatever the rows are scaled by.
    options = {"SymmetricMode": True}
    found = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    solve: _Solve = found.solve
    return solve


def _rounds(matrix: csr_array, right: FloatArray, patience: int) -> FloatArray | None:
    """x = right + A x, by going round until nothing moves any more; None where that takes too long.

    It takes as many rounds as the spectral radius asks for, however entangled the loop is.
    """
    x: FloatArray = right
    largest = np.abs(right)
    for _ in range(patience * _WORK // matrix.nnz):
        before, x = x, right + matrix @ x
        np.maximum(largest, np.abs(x), out=largest)
        if (np.abs(x - before) <= _SETTLED * largest).all() or not np.isfinite(largest).all():
            return x
    return None


class System:
    """I - A for a nonnegative matrix A (n, n). Raises ``RuntimeError`` where it is exactly singular.

    Large tangles are gone round; of what does not settle and is too large for factors the solution is nan.
    """

    def __init__(self, matrix: csr_array) -> None:
        self._matrix, size = matrix, matrix.shape[0]
        self._factors = _factors(matrix) if size <= _SMALL or matrix.nnz <= _RING * size else None

    def _solved(self, right: FloatArray, patience: int) -> FloatArray:
        if self._factors is None:
            found = _rounds(self._matrix, right, patience)
            if found is not None:
                return found
            if len(right) > _FACTORED:
                return np.full_like(right, np.nan)
            self._factors = _factors(self._matrix)
        return self._factors(right)

    def converges(self) -> bool:
        """Whether the spectral radius of A is below 1, as far as rounding can tell.

        Proved by a positive y with A y < y in every row (Collatz and Wielandt). y = (I - A)^-2 1: the second factor
        weighs rows of very different size alike. Power iteration would tell little of a matrix whose graph falls into
        parts, or of a loop in which amounts come back only after its whole length.
        """
        with np.errstate(all="ignore"):
            y = self._solved(self._solved(np.ones(self._matrix.shape[0]), 1), 1)
            again = self._matrix @ y
            return bool((np.isfinite(y) & (y > 0) & (again < y * (1 - _MARGIN))).all())

    def solve(self, right: FloatArray) -> FloatArray:
        """x = ``right`` + A x, shape (n, columns).

        Refined until its residual, taken in twice the working precision, no longer moves it: so a total and the sum of
        its contributions, which are solved by the transpose, agree to rounding.
        """
        with np.errstate(all="ignore"):
            x: FloatArray = np.ascontiguousarray(self._solved(right, _PATIENCE))
            passes, moved = 0, True
            while moved and passes < _REFINEMENTS:
                correction = self._solved(_residual(self._matrix, x, right), _PATIENCE)
                # A correction that is not finite comes from values near the end of the range: they stay as they are.
                better = np.where(np.isfinite(correction), x + correction, x)
                moved, passes = not np.array_equal(better, x, equal_nan=True), passes + 1
                x = better
            return x


def convergent(matrix: csr_array) -> System | None:
    """The system of a nonnegative matrix (n, n), n > 0, where its spectral radius is below 1."""
    try:
        system = System(matrix)
        return system if system.converges() else None
    except RuntimeError:  # exactly singular
        return None


def _residual(matrix: csr_array, x: FloatArray, right: FloatArray) -> FloatArray:
    """``right`` + ``matrix`` x - x."""
    size, entries = len(x), matrix.tocoo()
    product, rounded = _two_product(entries.data[:, None], x[entries.col])
    row = np.concatenate([np.arange(size), np.arange(size), entries.row, entries.row])
    return sums(row, np.concatenate([right, -x, product, rounded]), size)
