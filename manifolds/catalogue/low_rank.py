"""Matrices of rank at most r: {X : rank X <= r}, a closed set."""

import torch
from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import norm, ratio
from manifolds.linear_algebra.range import clipped, largest_factor


def checked_rank(name: str, size: tuple[int, ...], rank: int) -> int:
    """`rank` if 1 <= rank <= min(size), ValueError otherwise; rank 0 where a size is 0."""
    least, most = min(1, *size), min(size)
    if isinstance(rank, bool) or not isinstance(rank, int) or not least <= rank <= most:
        raise ValueError(f"{name}{size} needs a rank from {least} to {most}, got {rank!r}")
    return rank


def truncated_svd(x: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """U, s, Vᴴ of the `rank` leading singular values: (n, r), (r,), (r, k)."""
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    return u[..., :rank], s[..., :rank], vh[..., :rank, :]


def distance_to_rank(x: Tensor, rank: int) -> Tensor:
    """√(Σ_{i > r} σᵢ²) / ‖X‖, the distance from rank r (Eckart & Young 1936); -> (*batch,)."""
    s = torch.linalg.svdvals(x)
    return ratio(norm(s[..., rank:], 1), norm(s, 1))


class LowRank(Manifold):
    """X = G Hᴴ, G n × r, H k × r; (*batch, n, r), (*batch, k, r) -> (*batch, n, k).

    The right inverse takes H = V orthonormal, also where singular values vanish, G = U S: the
    Jacobian there has rank n r + rank(X) (k - r), which is `dim` at rank X = r and never zero
    (balanced factors √S have zero gradient at X = 0). `FixedRank` has full rank everywhere.
    Dimension: Vandereycken, Low-rank matrix completion by Riemannian optimization, SIAM J. Optim.
    2013, section 2.1.

    `project` is nearest in every unitarily invariant norm (Mirsky 1960); `random_point` is G Hᴴ
    with normal factors.
    """

    axes = ("n", "k")
    complex_form = True

    def __init__(self, *size: int, rank: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        self.rank = checked_rank("LowRank", self.size, rank)

    def embed(self, *parameters: Tensor) -> Tensor:
        """G Hᴴ."""
        limit = largest_factor(self.rank, parameters[0].dtype)
        g, h = (clipped(p, limit) for p in parameters)
        return g @ h.mH

    def coordinates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """G = U S, H = V."""
        u, s, vh = truncated_svd(x, self.rank)
        return u * s.unsqueeze(-2), vh.mH

    def residual(self, x: Tensor) -> Tensor:
        """√(Σ_{i > r} σᵢ²) / ‖X‖."""
        return distance_to_rank(x, self.rank)

    def nearest(self, x: Tensor) -> Tensor:
        """The r leading terms of the singular value decomposition."""
        u, s, vh = truncated_svd(x, self.rank)
        return (u * s.unsqueeze(-2)) @ vh

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """G Hᵀ with normal factors."""
        *batch, n, k = shape
        return normal(*batch, n, self.rank) @ normal(*batch, k, self.rank).mH

    def extra_repr(self) -> str:
        """Sizes and rank."""
        return f"{super().extra_repr()}, rank={self.rank}"

    @property
    def dim(self) -> int:
        """(n + k - r) r."""
        return (sum(self.size) - self.rank) * self.rank

    @property
    def complex_dim(self) -> int:
        """Twice the real dimension."""
        return 2 * self.dim
