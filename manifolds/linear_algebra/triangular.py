"""The real Schur form with normal diagonal blocks, and the scaling that makes it contract.

Note [Taming a nonnormal matrix]
X = U T Uᵀ, T upper triangular but for 2×2 blocks (Golub & Van Loan, Matrix Computations, 2013,
theorem 7.4.1). A block [[a, b], [c, a]], b c < 0, has the eigenvalues a ± i √(-b c); a diagonal
scaling takes b to √(-b c) and c to -√(-b c), which makes the block normal. Let H have the entries
‖T_IJ‖ off the diagonal, and on it what the eigenvalue of block I lacks to the boundary of the
stable set, h_I < 0. If vectors u, v > 0 have H v <= g v and Hᵀ u <= g u with g < 0, then scaling
block I by d_I = √(v_I / u_I) gives a matrix K = D⁻¹ T D whose distance to the boundary is at most g
in the Euclidean norm too: p = √(u v) has the row sums (D⁻¹ H D) p <= g p and the column sums alike
(Schur's test). With half the least distance, g = max h / 2, the vectors v = (g - H)⁻¹ 1 and
u = (g - H)⁻ᵀ 1 exist, as g - H is a triangular M-matrix, and are sums of positive terms: no digit
cancels however nonnormal X is. Absolute values overestimate a dense T, and a Jordan block that
rounding split into a pair asks for a scale of 1e8 to be normal, so the mildest power of D is taken
that serves: D = I where T is normal, or of small norm.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy
import scipy
import torch
from torch import Tensor

POWERS = (0.0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4)
"""Milder powers of D to try before D itself."""
ENOUGH = 1 / 8
"""Of the distance to the boundary, for a milder power to be taken."""

Array = numpy.ndarray


@dataclass(frozen=True)
class Blocks:
    """X = U T Uᵀ of one matrix, the first row of each diagonal block, and scales of T's rows."""

    basis: Array
    triangle: Array
    starts: Array
    normalizing: Array
    """log₂ of the scales that make the blocks normal."""

    @property
    def pairs(self) -> Array:
        """The first rows of 2×2 blocks."""
        return numpy.flatnonzero(self.triangle.diagonal(-1))

    def eigenvalues(self) -> Array:
        """One of each block, the imaginary part >= 0; -> (blocks,)."""
        t = self.triangle
        values = t.diagonal()[self.starts].astype(complex)
        for i in self.pairs:
            root = numpy.sqrt(abs(t[i, i + 1])) * numpy.sqrt(abs(t[i + 1, i]))
            values[numpy.searchsorted(self.starts, i)] += 1j * root
        return values

    def with_eigenvalues(self, factors: Array, shifts: Array) -> "Blocks":
        """Each diagonal block times its factor, minus its shift on the diagonal; (blocks,) each."""
        t, rows = self.triangle.copy(), self.rows()
        f, s = factors[rows], shifts[rows]
        t[numpy.diag_indices(len(t))] = f * t.diagonal() - s
        for i in self.pairs:
            t[i, i + 1] *= f[i]
            t[i + 1, i] *= f[i]
        return replace(self, triangle=t)

    def rows(self) -> Array:
        """The number of the block that each row belongs to; -> (n,)."""
        return numpy.searchsorted(self.starts, numpy.arange(len(self.triangle)), "right") - 1


def schur(x: Array) -> Blocks:
    """The real Schur form with the scales that make its blocks normal; (n, n)."""
    t, u = scipy.linalg.schur(x, output="real") if x.size else (x, x)
    n = len(t)
    exponents = numpy.zeros(n)
    below = numpy.flatnonzero(t.diagonal(-1))
    starts = numpy.setdiff1d(numpy.arange(n), below + 1)
    for i in below:
        half = numpy.log2(abs(t[i + 1, i])) / 4 - numpy.log2(abs(t[i, i + 1])) / 4
        exponents[i], exponents[i + 1] = -half, half
    return Blocks(u, t, starts, exponents)


def scaled(t: Array, exponents: Array) -> Array:
    """D⁻¹ T D with D = diag 2^exponents."""
    return t * numpy.exp2(exponents[None, :] - exponents[:, None])


def contracting_exponents(
    blocks: Blocks, distances: Array, measured: Callable[[Array], float]
) -> Array:
    """log₂ of the scales D with `measured`(D⁻¹ T D) <= max(distances) / 8; -> (n,).

    `distances` (blocks,) are h < 0 in Note [Taming a nonnormal matrix], `measured` is the distance
    of a matrix by its Euclidean norm.
    """
    t = scaled(blocks.triangle, blocks.normalizing)
    if not t.size:
        return blocks.normalizing
    goal = distances.max() / 2
    full = blocks.normalizing + _block_scales(t, blocks, distances - goal)
    for power in POWERS:
        exponents = power * full
        if measured(scaled(blocks.triangle, exponents)) <= ENOUGH * distances.max():
            return exponents
    return full


def _block_scales(t: Array, blocks: Blocks, diagonal: Array) -> Array:
    """log₂ √(v / u), v = (g - H)⁻¹ 1, u = (g - H)⁻ᵀ 1, each block's on all its rows; -> (n,)."""
    size = numpy.abs(t).max() or 1.0
    squares = (t / size) ** 2
    squares = numpy.add.reduceat(numpy.add.reduceat(squares, blocks.starts, 0), blocks.starts, 1)
    m = -numpy.triu(numpy.sqrt(squares), 1) - numpy.diag(diagonal / size)
    ones = numpy.ones(len(m))
    v, u = (scipy.linalg.solve_triangular(m, ones, trans=way) for way in (0, 1))
    scales = (numpy.log2(v) - numpy.log2(u)) / 2
    return scales[blocks.rows()]


def stacked(function: Callable[[Array], tuple[Array, ...]], x: Tensor) -> tuple[Tensor, ...]:
    """A function of one matrix on a batch, on the CPU: (*batch, n, n) -> tensors on x's device."""
    batch, size = x.shape[:-2], x.shape[-2:]
    matrices = x.reshape(math.prod(batch), *size).numpy(force=True)
    results = [function(a) for a in matrices] or [function(numpy.zeros(size))]
    columns = (numpy.stack(column)[: len(matrices)] for column in zip(*results, strict=True))
    tensors = (torch.from_numpy(c).to(x.device) for c in columns)
    return tuple(c.reshape((*batch, *c.shape[1:])) for c in tensors)
