"""Positive definite matrices of determinant one: {X : X = Xᴴ ≻ 0, det X = 1}, a closed set.

Note [Determinant]
Rounding X to ‖ΔX‖ = eps ‖X‖ changes log det X by tr(X⁻¹ ΔX), up to eps κ(X). So |log det X| is no
measure of distance: the distance of X from the set is |log det X| / ‖X⁻¹‖ to first order, along
X⁻¹, the gradient of log det, that is in the small eigenvalues. A right inverse that divided X by
det(X)^(1/n) would move all of X by eps κ / n: 1e-2 at κ = 0.01 / eps. Ours moves it along X⁻¹.
"""

import math

import torch
from torch import Tensor

from manifolds.catalogue.positive_definite import semidefinite_part
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra import log_cholesky
from manifolds.linear_algebra.basics import diagonal, identity_like, norm, ratio
from manifolds.linear_algebra.exponential import exponential
from manifolds.linear_algebra.range import clipped, largest_factor
from manifolds.linear_algebra.symmetry import squared, sym


def centered(logarithm: Tensor) -> Tensor:
    """t - mean t, or a multiple of it where exp(t) would leave the range of the dtype."""
    n, dtype = logarithm.shape[-1], logarithm.dtype
    if not n:
        return logarithm
    t = clipped(logarithm, torch.finfo(dtype).max / (4 * n))
    t = t - t.mean(-1, keepdim=True)
    limit = math.log(largest_factor(n, dtype))
    return t * (limit / t.detach().abs().amax(-1, keepdim=True).clamp_min(limit))


def unit_product(values: Tensor) -> Tensor:
    """λ > 0 -> λ exp(-g w), g = Σ log λ, w ∝ λ⁻²: product 1, nearest to first order in g."""
    if not values.shape[-1]:
        return values
    g = values.log().sum(-1, keepdim=True)
    w = (values.amin(-1, keepdim=True) / values).square()
    return (values.log() - g * w / w.sum(-1, keepdim=True)).exp()


def by_common_factor(values: Tensor) -> Tensor:
    """λ > 0 -> λ / (Π λ)^(1/n): product 1."""
    if not values.shape[-1]:
        return values
    logarithm = values.log()
    return (logarithm - logarithm.mean(-1, keepdim=True)).exp()


def unit_determinant_factor(l: Tensor) -> Tensor:
    """L -> L Φ, Φ Φᴴ = exp(-g W² / ‖W‖²), W = (Lᴴ L)⁻¹, g = log det L Lᴴ: determinant 1.

    L W² Lᴴ = X⁻¹, so X moves along X⁻¹ only; Note [Determinant].
    """
    g = 2 * diagonal(l).real.log().sum(-1)[..., None, None]
    inverse = torch.linalg.solve_triangular(l, identity_like(l), upper=False)
    w = inverse @ inverse.mH
    w = w / torch.linalg.matrix_norm(w, keepdim=True)
    return l @ torch.linalg.cholesky(exponential(sym(-g * w @ w)))


class UnitDeterminantPD(Manifold):
    """X = L Lᴴ, L = tril(Z, -1) + diag exp(z_ii - mean z); (*batch, n, n) -> (*batch, n, n).

    The lower triangle of Z is read; the mean of its diagonal is redundant. The rest is a
    diffeomorphism from R^(n(n+1)/2 - 1), or with a complex strict triangle from R^(n² - 1):
    log-Cholesky (Lin, Riemannian geometry of SPD matrices via Cholesky decomposition, SIAM J.
    Matrix Anal. 2019) with log det X = 2 tr log L = 0. The set is the symmetric space
    SL(n) / SO(n) (Bridson & Haefliger, Metric Spaces of Non-positive Curvature, 1999, II.10).

    X without a Cholesky factorization in the dtype counts as boundary: in a longer one it may lie
    inside. `project` clips the
    eigenvalues at 8n eps ‖X‖₂ and makes their product 1 by moving them along the gradient of
    log det (nearest to first order), or by a common factor where the smallest would be rounding;
    `random_point` is Wishart with 2n degrees of freedom, divided by det^(1/n).
    """

    axes = ("n", "n")
    complex_form = True
    boundary = "matrices singular to rounding"
    alternative = "a longer dtype has them"

    def embed(self, *parameters: Tensor) -> Tensor:
        """L Lᴴ."""
        (z,) = parameters
        l = log_cholesky.factor_of(z, centered(diagonal(z).real))
        return squared(l)

    def coordinates(self, x: Tensor) -> Tensor:
        """Z = tril(L, -1) + diag log l_ii, with Σ log l_ii = 0."""
        l = unit_determinant_factor(torch.linalg.cholesky(sym(x)))
        return log_cholesky.coordinates(l)

    def residual(self, x: Tensor) -> Tensor:
        """The distance in asymmetry and in the spectrum, relative to ‖X‖; Note [Determinant]."""
        x = within_range(x)
        found = torch.linalg.eigvalsh(sym(x))
        floor = 2 * self.size[0] ** 0.5 * torch.finfo(x.dtype).eps  # n of them add up to 2n eps
        values = _raised(found, floor)
        # Far from the set the step of first order overflows, and a common factor is nearer
        moved, scaled = (norm(f(values) - found, 1) for f in (unit_product, by_common_factor))
        off = torch.fmin(moved, scaled)
        return ratio(torch.hypot(norm((x - x.mH) / 2, 2), off), norm(x, 2))

    def interior(self, x: Tensor) -> Tensor:
        """Where a Cholesky factorization exists, beyond rounding."""
        return log_cholesky.exists(x)

    def nearest(self, x: Tensor) -> Tensor:
        """Eigenvalues clipped, their product made 1."""
        floor = self.tolerance(x.dtype)
        values, v = torch.linalg.eigh(semidefinite_part(within_range(x), floor))
        if not self.size[0]:
            return x
        values = _raised(values, floor)
        y = unit_product(values)
        # Half of the floor: rounding of X moves an eigenvalue at the floor to either side of it
        steep = y.amin(-1, keepdim=True) < floor / 2 * y.amax(-1, keepdim=True)
        y = torch.where(steep, by_common_factor(values), y)
        y = unit_product(y)  # a large log λ was rounded to eps |log λ|
        return sym((v * y.unsqueeze(-2)) @ v.mH)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """G Gᵀ / det(G Gᵀ)^(1/n), G normal n × 2n."""
        n = shape[-1]
        g = normal(*shape[:-1], 2 * n)
        x = g @ g.mH
        return x * (-torch.linalg.slogdet(x).logabsdet / max(n, 1)).exp()[..., None, None]

    @property
    def dim(self) -> int:
        """n (n + 1) / 2 - 1, and 0 for n = 0."""
        return max(self.size[0] * (self.size[0] + 1) // 2 - 1, 0)

    @property
    def complex_dim(self) -> int:
        """n² - 1, and 0 for n = 0."""
        return max(self.size[0] ** 2 - 1, 0)


def within_range(x: Tensor) -> Tensor:
    """Entries clipped where eigenvalues, up to n times as large, would overflow."""
    return clipped(x, torch.finfo(x.dtype).max / (4 * max(x.shape[-1], 1)))


def _raised(values: Tensor, floor: float) -> Tensor:
    """max(λ, floor · max λ) > 0; the floor is relative to 1 where no λ is positive."""
    top = values.amax(-1, keepdim=True) if values.numel() else values
    least = floor * torch.where(top > 0, top, 1)
    return torch.maximum(values, least.clamp_min(torch.finfo(values.dtype).tiny))
