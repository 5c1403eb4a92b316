"""Positive semidefinite matrices of rank exactly r: {X : X = Xᴴ ⪰ 0, rank X = r}."""

import torch
from torch import Tensor

from manifolds.catalogue.fixed_rank import graph
from manifolds.catalogue.low_rank_psd import distance_to_low_rank_psd, leading_eigenpairs
from manifolds.catalogue.ranked import checked_rank
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra import log_cholesky
from manifolds.linear_algebra.basics import identity
from manifolds.linear_algebra.orthonormalize import orthonormal_factor
from manifolds.linear_algebra.range import clipped, largest_factor
from manifolds.linear_algebra.symmetry import sym


class FixedRankPSD(Manifold):
    """X = (U + M) S L Lᴴ S (U + M)ᴴ with Uᴴ M = 0, about an assigned X = U S² Uᴴ.

    (*batch, n, r), (*batch, r, r) -> (*batch, n, n). U + M is a graph over the assigned range, an
    affine chart of the Grassmannian (Absil, Mahony & Sepulchre 2008, section 3.4.4). With L =
    tril(Z, -1) + diag exp(z_ii), whose lower triangle is read, S L Lᴴ S is a full positive definite
    block, not diagonal, so the Jacobian has full rank at repeated eigenvalues too. A range and a
    block on it: Bonnabel & Sepulchre, Riemannian metric and geometric mean for positive
    semidefinite matrices of fixed rank, SIAM J. Matrix Anal. 2009. `rebase` keeps M and
    Z small. Factors beyond the dtype's range are clipped to it.

    Rank below r is not reached: `LowRankPSD` reaches it. `project` is nearest in the Frobenius norm
    among matrices with λ_r >= 8n eps λ_1 (1 for λ_1 where X ⪯ 0); `random_point` has a uniform
    range and on it a Wishart block with 2r degrees of freedom and mean I, thus well conditioned.
    """

    axes = ("n", "n")
    closure = "LowRankPSD"
    boundary = "matrices of rank < r"
    complex_form = True
    has_base = True

    def __init__(self, *size: int, rank: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        self.rank = checked_rank("FixedRankPSD", self.size, rank)
        like = torch.empty(0)
        u, s = identity(self.size[0], self.rank, like), identity(self.rank, self.rank, like)
        self.remember(range=u, root=s)

    def embed(self, *parameters: Tensor) -> Tensor:
        """K Kᴴ, K = (U + M) S L clipped: K Kᴴ has rank <= r and is in range whatever K is."""
        m, z = parameters
        u, s = (self.recalled(name, m) for name in ("range", "root"))
        limit = largest_factor(self.rank, m.dtype)
        k = clipped(graph(u, m) @ s, limit)
        k = clipped(k @ log_cholesky.factor(z), limit)
        return k @ k.mH

    def coordinates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """X = U S² Uᴴ is remembered; the parameters are zero."""
        values, u = leading_eigenpairs(x, self.rank)
        s = torch.diag_embed(values.sqrt()).to(x.dtype)
        self.remember(range=u, root=s)
        return torch.zeros_like(u), torch.zeros_like(s)

    def residual(self, x: Tensor) -> Tensor:
        """‖X - X_r‖ / ‖X‖, X_r the nearest X_r ⪰ 0 of rank <= r."""
        return distance_to_low_rank_psd(x, self.rank)

    def interior(self, x: Tensor) -> Tensor:
        """λ_r above rounding, n eps λ_1."""
        if not self.rank:
            return super().interior(x)
        values, _ = leading_eigenpairs(x, self.rank)
        return values[..., 0] > self.size[0] * torch.finfo(x.dtype).eps * values[..., -1]

    def nearest(self, x: Tensor) -> Tensor:
        """The r largest eigenvalues, at least 8n eps λ_1; the others zero."""
        values, v = leading_eigenpairs(x, self.rank)
        top = torch.where(values[..., -1:] > 0, values[..., -1:], 1)
        values = torch.maximum(values, self.tolerance(x.dtype) * top)
        return sym((v * values.unsqueeze(-2)) @ v.mH)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Q H Hᵀ Qᵀ / 2r, Q Haar n × r, H normal r × 2r."""
        *batch, n, _ = shape
        q = orthonormal_factor(normal(*batch, n, self.rank))
        k = q @ normal(*batch, self.rank, 2 * self.rank) / max(2 * self.rank, 1) ** 0.5
        return k @ k.mH

    def extra_repr(self) -> str:
        """Sizes and rank."""
        return f"{super().extra_repr()}, rank={self.rank}"

    @property
    def dim(self) -> int:
        """n r - r (r - 1) / 2."""
        return self.size[0] * self.rank - self.rank * (self.rank - 1) // 2

    @property
    def complex_dim(self) -> int:
        """2 n r - r²."""
        return 2 * self.size[0] * self.rank - self.rank**2
