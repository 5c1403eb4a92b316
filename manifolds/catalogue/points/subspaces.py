"""Linear subspaces, from the equations that define them, and matrices of constant diagonals."""

from collections.abc import Callable
from typing import Any

import numpy
import scipy
import torch
from torch import Tensor

from manifolds.catalogue.points.points import (
    SCALES,
    TINY,
    Batch,
    Generator,
    Named,
    Points,
    normal,
)

Array = numpy.ndarray
Equations = Callable[..., Array]


def equal_transposes(n: int, _: int, sign: float = 1.0) -> Array:
    """x_ij - sign · x_ji = 0; -> (equations, n²)."""
    units = numpy.eye(n * n).reshape(n, n, n, n)
    pairs = [units[i, j] - sign * units[j, i] for i in range(n) for j in range(i + 1)]
    unequal = [a for a in pairs if a.any()]  # x_ii = x_ii says nothing
    return numpy.reshape(unequal, (len(unequal), n * n))


def opposite_transposes(n: int, k: int) -> Array:
    """x_ij + x_ji = 0."""
    return equal_transposes(n, k, sign=-1.0)


def zero_trace(n: int, _: int) -> Array:
    """Σ x_ii = 0."""
    return numpy.eye(n).reshape(1, n * n)


def zero_below_diagonal(n: int, k: int) -> Array:
    """x_ij = 0 for i > j."""
    units = numpy.eye(n * k).reshape(n, k, n * k)
    below = [units[i, j] for i in range(n) for j in range(min(i, k))]
    return numpy.reshape(below, (len(below), n * k))


def zero_sum(n: int) -> Array:
    """Σ x_i = 0."""
    return numpy.ones((1, n))


def kernel(equations: Array) -> Tensor:
    """An orthonormal basis of {x : A x = 0}; (m, d) -> (d, dim)."""
    d = equations.shape[1]
    basis = scipy.linalg.null_space(equations) if equations.size else numpy.eye(d)
    # A rounding beside 1e-30 would be off the subspace
    return torch.from_numpy(numpy.where(abs(basis) > d * numpy.finfo(float).eps, basis, 0.0))


class SubspacePoints(Points):
    """{X : A Re X = 0, B Im X = 0}, by orthonormal bases of the kernels."""

    def __init__(self, equations: Equations, imaginary: Equations | None = None) -> None:
        self.equations, self.imaginary = equations, imaginary or equations

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """N(0, 1) coordinates in an orthonormal basis: normal entries, projected."""

        def draw(basis: Tensor) -> Tensor:
            return normal(rng, *batch, basis.shape[-1]) @ basis.mT

        x = self._point(manifold, draw, is_complex=is_complex)
        return x.reshape(*batch, *manifold.size)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """X + half a random point."""
        batch = tuple(x.shape[: x.ndim - len(manifold.size)])
        return x + self.random(manifold, batch, rng, is_complex=x.is_complex()) / 2

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Zero, and the point nearest to 1, 2, 3, ..."""
        x = self._nearest(manifold, lambda d: torch.arange(1, d + 1), is_complex=is_complex)
        return {"zero": 0 * x, "nearest to 1, 2, 3": x}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Scales, entries next to underflow, and entries of thirty orders of magnitude."""
        is_complex = dtype.is_complex
        x = self.ties(manifold, is_complex=is_complex)["nearest to 1, 2, 3"]
        spread = self._nearest(manifold, lambda d: torch.logspace(0, -30, d), is_complex=is_complex)
        scaled = {f"scale {s:g}": s * x for s in SCALES}
        return scaled | {"tiny entries": TINY * x, "tiny beside large entries": spread}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Off along the first equation's normal vector."""
        equations = self.equations(*manifold.size)
        if not equations.size:
            return {}
        step = torch.from_numpy(equations[0]).reshape(manifold.size)
        x = (self.ties(manifold)["nearest to 1, 2, 3"] + step).to(dtype)
        return {"off along a normal": x, "off along a normal, scaled": SCALES[0] * x}

    def _nearest(
        self, manifold: Any, entries: Callable[[int], Tensor], *, is_complex: bool
    ) -> Tensor:
        """The projection of `entries` in a row onto each kernel."""

        def project(basis: Tensor) -> Tensor:
            return basis @ (basis.mT @ entries(len(basis)).to(basis))

        return self._point(manifold, project, is_complex=is_complex).reshape(manifold.size)

    def _point(
        self, manifold: Any, part: Callable[[Tensor], Tensor], *, is_complex: bool
    ) -> Tensor:
        """part(basis), in the complex case of the real and of the imaginary subspace."""
        real = part(kernel(self.equations(*manifold.size)))
        if not is_complex:
            return real
        return torch.complex(real, part(kernel(self.imaginary(*manifold.size)))) / 2**0.5


def toeplitz(z: Array) -> Array:
    """x_ij = z_(i-j+n-1), by scipy; (2n-1,) -> (n, n)."""
    n = (len(z) + 1) // 2
    return scipy.linalg.toeplitz(z[n - 1 :], z[:n][::-1]) if n else numpy.empty((0, 0))


def circulant(z: Array) -> Array:
    """x_ij = z_(i-j mod n), by scipy; (n,) -> (n, n)."""
    return scipy.linalg.circulant(z) if len(z) else numpy.empty((0, 0))


class DiagonalMatrices(Points):
    """Matrices that `build` makes of numbers, one per diagonal."""

    def __init__(self, build: Callable[[Array], Array]) -> None:
        self.build = build

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """Independent N(0, 1) diagonals."""
        return self._of(manifold, normal(rng, *batch, manifold.dim, is_complex=is_complex))

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """X + half a random point."""
        return x + self.random(manifold, tuple(x.shape[:-2]), rng, is_complex=x.is_complex()) / 2

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Zero, and equal diagonals."""
        dtype = torch.complex128 if is_complex else torch.float64
        x = self._of(manifold, torch.ones(manifold.dim, dtype=dtype))
        return {"zero": 0 * x, "equal entries": x}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Scales, entries next to underflow, and diagonals of thirty orders of magnitude."""
        x = self.ties(manifold, is_complex=dtype.is_complex)["equal entries"]
        spread = self._of(manifold, torch.logspace(0, -30, manifold.dim, dtype=torch.float64))
        scaled = {f"scale {s:g}": s * x for s in SCALES}
        return scaled | {"tiny entries": TINY * x, "tiny beside large entries": spread.to(x)}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The sign of one entry turned; 1×1 matrices have one diagonal."""
        if manifold.size[0] < 2:
            return {}
        x = self.ties(manifold)["equal entries"].to(dtype)
        x[0, 0] *= -1
        return {"one entry's sign": x, "one entry's sign, scaled": SCALES[0] * x}

    def _of(self, manifold: Any, z: Tensor) -> Tensor:
        """(*batch, diagonals) -> (*batch, n, n)."""
        batch = z.shape[:-1]
        built = [self.build(each) for each in z.reshape(-1, manifold.dim or 1).numpy()]
        if not built or not manifold.dim:
            return torch.empty(*batch, *manifold.size, dtype=z.dtype)
        return torch.from_numpy(numpy.stack(built)).reshape(*batch, *manifold.size)


HERMITIAN = SubspacePoints(equal_transposes, opposite_transposes)
SKEW_HERMITIAN = SubspacePoints(opposite_transposes, equal_transposes)
TRACELESS = SubspacePoints(zero_trace)
UPPER = SubspacePoints(zero_below_diagonal)
CENTERED = SubspacePoints(zero_sum)
TOEPLITZ = DiagonalMatrices(toeplitz)
CIRCULANT = DiagonalMatrices(circulant)
