"""Correlation matrices of full rank: {C : C = Cᵀ ≻ 0, diag C = 1}, the open elliptope."""

import torch
from torch import Tensor

from manifolds.catalogue.positive_definite import semidefinite_part
from manifolds.catalogue.sphere import unit
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra import log_cholesky
from manifolds.linear_algebra.basics import add_identity, diagonal, dot, identity_like, norm
from manifolds.linear_algebra.range import clipped, largest_factor
from manifolds.linear_algebra.symmetry import squared, sym

PROJECTIONS = 200
"""Alternating projections converge linearly, the slower the larger X is: this many bring normal
noise to rounding, 10 times that (32×32) to 1e-3 of the nearest matrix, and 100 times it to 6e-2
(4×4, 16×16; measured by twice as many). What is returned is a correlation matrix all the same."""


def gram_of_rows(f: Tensor) -> Tensor:
    """F Fᵀ for unit rows: symmetric with ones on the diagonal to the last bit."""
    c = squared(f).tril(-1)
    return c + c.mT + identity_like(c)


def correlation_defect(x: Tensor, excess: Tensor) -> Tensor:
    """√(‖(X - Xᵀ)/2‖² + |excess|² + ‖diag X - 1‖²) / max(‖X‖, 1), excess of the eigenvalues."""
    parts = [norm((x - x.mT) / 2, 2), norm(excess, 1), norm(diagonal(x) - 1, 1)]
    return norm(torch.stack(parts, -1), 1) / norm(x, 2).clamp_min(1)


def nearest_correlation(x: Tensor) -> Tensor:
    """Higham 2002, algorithm 3.3: alternating projections, Dykstra's correction of the cone."""
    y, correction = sym(x), torch.zeros_like(x)
    eye, limit = identity_like(x), torch.finfo(x.dtype).eps
    for _ in range(PROJECTIONS):
        r = y - correction
        s = semidefinite_part(r)
        after = s - torch.diag_embed(diagonal(s)) + eye
        moving = norm(after - y, 2) > limit * norm(after, 2)
        if not moving.any():
            break
        y = torch.where(moving[..., None, None], after, y)  # an element stops for itself
        correction = s - r
    return y


class Correlation(Manifold):
    """C = L Lᵀ, row i of L being (z_i, 1) / √(1 + ‖z_i‖²); (*batch, n, n) -> (*batch, n, n).

    z_i is row i of the strict lower triangle of Z, the only part that is read: a diffeomorphism
    from R^(n(n-1)/2), inverse z_ij = L_ij / L_ii. Unit rows of a Cholesky factor, in spherical
    coordinates: Pinheiro & Bates, Unconstrained parametrizations for variance-covariance matrices,
    Stat. Comput. 1996. Entries beyond the range of the dtype are clipped to it.

    Singular C is not reached: `LowRankCorrelation` reaches it. `project` is nearest in the
    Frobenius norm (Higham, Computing the nearest correlation matrix, IMA J. Numer. Anal. 2002,
    algorithm 3.3, at most 200 steps), the eigenvalues then raised to 8n eps and the diagonal scaled
    to 1; `random_point` is the Gram matrix of n independent uniform unit vectors of R^(2n).
    """

    axes = ("n", "n")
    closure = "LowRankCorrelation"
    boundary = "singular matrices"

    def embed(self, *parameters: Tensor) -> Tensor:
        """L Lᵀ."""
        (z,) = parameters
        l = add_identity(clipped(z.tril(-1), largest_factor(self.size[0], z.dtype)))
        return gram_of_rows(l * torch.rsqrt(dot(l, l)))

    def coordinates(self, x: Tensor) -> Tensor:
        """L_ij / L_ii."""
        l = torch.linalg.cholesky(sym(x))
        return (l / diagonal(l).unsqueeze(-1)).tril(-1)

    def residual(self, x: Tensor) -> Tensor:
        """Asymmetry, negative eigenvalues and the diagonal, relative to ‖X‖."""
        return correlation_defect(x, torch.linalg.eigvalsh(sym(x)).clamp_max(0))

    def interior(self, x: Tensor) -> Tensor:
        """Where a Cholesky factorization exists, beyond rounding."""
        return log_cholesky.exists(x)

    def nearest(self, x: Tensor) -> Tensor:
        """The nearest one, moved off the boundary."""
        y = semidefinite_part(nearest_correlation(x), floor=self.tolerance(x.dtype))
        scale = diagonal(y).rsqrt()
        y = scale.unsqueeze(-1) * y * scale.unsqueeze(-2)
        return y - torch.diag_embed(diagonal(y)) + identity_like(y)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """F Fᵀ, rows of F uniform on the sphere of R^(2n)."""
        return gram_of_rows(unit(normal(*shape[:-1], 2 * shape[-1])))

    @property
    def dim(self) -> int:
        """n (n - 1) / 2."""
        return self.size[0] * (self.size[0] - 1) // 2
