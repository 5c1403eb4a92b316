"""Matrices similar to a dissipative core: what SchurStable and Hurwitz share."""

import math
from abc import abstractmethod

import numpy
import torch
from torch import Tensor

from manifolds.interface import Manifold
from manifolds.linear_algebra.basics import add_identity, diagonal, identity, ratio
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.linear_algebra.range import clipped, largest_entry
from manifolds.linear_algebra.triangular import (
    Array,
    Blocks,
    contracting_exponents,
    scaled,
    schur,
    stacked,
)

DOUBLE = torch.float64
LARGEST = math.log2(torch.finfo(DOUBLE).max)


class Stable(Manifold):
    """X = A K A⁻¹, A = U L D, K in a convex core; (*batch, n, n), (*batch, n, n) -> (*batch, n, n).

    L D is a lower triangular factor by log-Cholesky: L = I + tril(Z, -1), D = diag exp(z_ii), the
    mean of z_ii removed, since multiples of A give the same X. By Lyapunov's theorem every stable
    X is of this form for each orthogonal U, with A Aᴴ the solution of a Stein or Lyapunov equation.
    The right inverse takes U from the real Schur form of X, where a diagonal A suffices, found in
    O(n³) without the cancellation that limits the equation's solution for nonnormal X: Note
    [Taming a nonnormal matrix]. U and log₂ of that diagonal are remembered in float64, Z is 0. The
    core has n² dimensions of its own, so that the Jacobian has full rank wherever A is invertible.
    All is computed in float64 and cast. There L and L⁻¹ take a quarter of the range each: rows of Z
    are scaled down where Σ log₂(1 + max |z_i·|) exceeds 256. D · D⁻¹ takes an eighth: z_ii, less
    the mean, is clipped at 44. An X beyond the range of its dtype is shrunk, which keeps it stable.
    `project` keeps stable X and takes others to the nearest point of the core itself (A = I), a
    closed convex set but for rounding: the stable matrix nearest to X may lie so close to unstable
    ones that no rounding of it is stable.

    An author writes the core: `core`, `core_coordinates`, `core_distance`, the frame in which it is
    unit (`normalized`, `denormalized`), `distances` of eigenvalues and how they are moved.
    """

    axes = ("n", "n")
    apex: float = 0.0
    """a with a I + c (X - a I) in the set for X in it, 0 < c <= 1."""

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        n = self.size[0]
        like = torch.empty(0, dtype=DOUBLE)
        self.remember(basis=identity(n, n, like), exponents=torch.zeros(n, dtype=DOUBLE))

    @abstractmethod
    def core(self, w: Tensor) -> Tensor:
        """(*batch, n, n) -> K, (*batch, n, n), finite."""

    @abstractmethod
    def core_coordinates(self, k: Tensor, dtype: torch.dtype) -> Tensor:
        """The inverse, rounded to `dtype`; may `remember`."""

    @abstractmethod
    def core_distance(self, k: Array) -> float:
        """< 0 in the core, of which it is a gauge in the Euclidean norm; (n, n)."""

    @abstractmethod
    def distances(self, values: Array) -> Array:
        """< 0 for the eigenvalues of normalized stable matrices; elementwise."""

    @abstractmethod
    def moved(self, values: Array, margin: float) -> tuple[Array, Array]:
        """Factors f and shifts s with f λ - s at least `margin` inside; 1 and 0 where λ is."""

    @abstractmethod
    def margin(self, values: Array) -> float:
        """The distance below which eigenvalues are on the boundary to rounding."""

    @abstractmethod
    def nearest_core(self, y: Tensor, margin: float) -> Tensor:
        """The nearest matrix that is `margin` inside the core, in the Frobenius norm."""

    @abstractmethod
    def normalized(self, x: Tensor) -> Tensor:
        """Onto the frame of the core."""

    @abstractmethod
    def denormalized(self, x: Tensor) -> Tensor:
        """Back."""

    @abstractmethod
    def excess(self, values: Tensor) -> Tensor:
        """How far each eigenvalue of X is outside; elementwise."""

    def scale(self, norm: Tensor) -> Tensor:
        """What rounding is relative to, given ‖X‖₂."""
        return norm

    def embed(self, *parameters: Tensor) -> Tensor:
        """U L D K D⁻¹ L⁻¹ Uᵀ, shrunk by c towards `apex` I where it leaves the range."""
        z, w = (p.to(DOUBLE) for p in parameters)
        u = orthonormalize(self.get_buffer("basis").to(z.device, DOUBLE))
        l = add_identity(tamed(z.tril(-1), LARGEST / 4))
        d = self._exponents(diagonal(z), LARGEST / 16)
        k = self.core(w)
        size = power_below(k)  # K is one of two factors: their product in range, both may be large
        t = k / size * torch.exp2(d.unsqueeze(-1) - d.unsqueeze(-2))
        y = torch.linalg.solve_triangular(l, l @ t, upper=False, left=False, unitriangular=True)
        y, size = u @ y @ u.mT, self.denormalized(size)
        c = 1 / (largest_entry(y) * (size / torch.finfo(parameters[0].dtype).max * 2)).clamp_min(1)
        return add_identity(size * c * y, (1 - c) * self.apex)

    def coordinates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Z = 0, and those of K = D⁻¹ T D."""
        y = self.normalized(x.to(DOUBLE))
        u, exponents, k = stacked(self._tamed, y)
        self.remember(basis=u, exponents=exponents)
        return torch.zeros_like(x), self.core_coordinates(k, x.dtype)

    def residual(self, x: Tensor) -> Tensor:
        """The largest over the eigenvalues; see the class."""
        if not self.size[0]:
            return x.new_zeros(x.shape[:-2])
        y = x.to(DOUBLE)
        values, vectors = torch.linalg.eig(y)
        dual = torch.linalg.inv_ex(vectors).inverse
        condition = torch.linalg.vector_norm(dual, dim=-1) * torch.linalg.vector_norm(
            vectors, dim=-2
        )
        condition = torch.nan_to_num(condition, torch.inf, torch.inf).clamp_min(1)
        norm = self.scale(torch.linalg.matrix_norm(y, 2).unsqueeze(-1))
        outside = ratio(self.excess(values).clamp_min(0), norm)
        simple, defective = outside / condition, (outside / 2) ** self.size[0]
        return torch.maximum(simple, defective).amax(-1).to(x.dtype)

    def interior(self, x: Tensor) -> Tensor:
        """Eigenvalues inside by more than the rounding of the map."""
        (inside,) = stacked(self._inside, self.normalized(x.to(DOUBLE)))
        return inside

    def nearest(self, x: Tensor) -> Tensor:
        """X where it is inside, the nearest point of the core's closed part elsewhere."""
        margin = 8 * self.size[0] * torch.finfo(x.dtype).eps
        moved = self.denormalized(self.nearest_core(self.normalized(x.to(DOUBLE)), margin))
        return torch.where(self.interior(x)[..., None, None], x, moved.to(x.dtype))

    @property
    def dim(self) -> int:
        """n²: the set is open."""
        return self.size[0] ** 2

    def _tamed(self, y: Array) -> tuple[Array, ...]:
        """U, the exponents of D, and D⁻¹ T D; (n, n)."""
        blocks = self._stable_blocks(schur(y))
        h = self.distances(blocks.eigenvalues())
        exponents = contracting_exponents(blocks, h, self.core_distance)
        return blocks.basis, exponents, scaled(blocks.triangle, exponents)

    def _stable_blocks(self, blocks: Blocks) -> Blocks:
        """The diagonal blocks moved `margin` inside, where they are not."""
        values = blocks.eigenvalues()
        factors, shifts = self.moved(values, self.margin(values))
        return blocks.with_eigenvalues(factors, shifts)

    def _inside(self, y: Array) -> tuple[Array]:
        """Whether all eigenvalues are `margin` inside."""
        values = schur(y).eigenvalues()
        return (numpy.asarray((self.distances(values) <= -self.margin(values)).all()),)

    def _exponents(self, z: Tensor, limit: float) -> Tensor:
        """log₂ of D about the remembered one, centered, within ±limit of it."""
        own = clipped(z, LARGEST) / math.log(2)
        mean = own.mean(-1, keepdim=True) if self.size[0] else 0
        return (own - mean).clamp(-limit, limit) + self.get_buffer("exponents").to(z)


def power_below(a: Tensor) -> Tensor:
    """The power of two next below max |a_ij|, 1 at least, a constant; -> (*batch, 1, 1)."""
    return torch.exp2(torch.floor(torch.log2(largest_entry(a.detach()).clamp_min(1))))


def tamed(a: Tensor, bits: float) -> Tensor:
    """A strictly lower triangular, rows scaled down until ‖(I + A)⁻¹‖₁ <= 2^bits; -> same.

    With r_i = max |a_i·| forward substitution has Σ_{j <= i} |x_j| <= (1 + r_i) Σ_{j < i} |x_j|,
    so that ∏ (1 + r_i) bounds the columns of the inverse. Each 1 + r_i becomes a power of itself.
    """
    if not a.numel():
        return a
    a = clipped(a, torch.finfo(a.dtype).max)
    rows = a.abs().amax(-1, keepdim=True)
    logarithm = rows.log1p()
    total = logarithm.sum(-2, keepdim=True) / math.log(2)
    less = torch.expm1(logarithm * (bits / total.clamp_min(bits)))
    return torch.where(total > bits, a * (less / torch.where(rows > 0, rows, 1)), a)
