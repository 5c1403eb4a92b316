"""Matrices of rank exactly r: {X : rank X = r}, an open part of the closed set of `LowRank`."""

import torch
from torch import Tensor

from manifolds.catalogue.general_linear import exponential_in_range, floored
from manifolds.catalogue.ranked import Ranked, row_space, truncated_svd
from manifolds.linear_algebra.basics import identity
from manifolds.linear_algebra.decompositions import qr, singular_values
from manifolds.linear_algebra.range import clipped, largest_factor


class FixedRank(Ranked):
    """X = (U + M) S exp(E) (V + N)ᴴ with Uᴴ M = 0, Vᴴ N = 0, about an assigned X = U S Vᴴ.

    (*batch, n, r), (*batch, r, r), (*batch, k, r) -> (*batch, n, k). U + M and V + N are graphs
    over the assigned column and row spaces, an affine chart of either Grassmannian (Absil, Mahony
    & Sepulchre 2008, section 3.4.4); S exp(E) is a full block in GL(r), not diagonal, so the
    Jacobian has full rank at repeated singular values too. `rebase` keeps M and N small.
    Dimension: Vandereycken 2013, section 2.1. Factors beyond the dtype's range are clipped to it,
    E is scaled down at ‖E‖₂ = log(max) / 4 as in `GeneralLinear`.

    Rank below r is not reached: `LowRank` reaches it. `project` is nearest in every unitarily
    invariant norm among matrices with σ_r >= 8 max(n, k) eps σ_1 (1 for σ_1 where X = 0);
    `random_point` is G Hᴴ with normal factors.
    """

    closure = "LowRank"
    boundary = "matrices of rank < r"
    has_base = True

    def __init__(self, *size: int, rank: int, strict: bool = False) -> None:
        super().__init__(*size, rank=rank, strict=strict)
        like = torch.empty(0)
        u, v = (identity(n, self.rank, like) for n in self.size)
        self.remember(left=u, core=identity(self.rank, self.rank, like), right=v)

    def embed(self, *parameters: Tensor) -> Tensor:
        """(U + M) S exp(E) (V + N)ᴴ."""
        m, e, n = parameters
        u, s, v = (self.recalled(name, m) for name in ("left", "core", "right"))
        return graph(u, m) @ (s @ exponential_in_range(e)) @ graph(v, n).mH

    def coordinates(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """X = U S Vᴴ is remembered; the parameters are zero."""
        v = row_space(x, self.rank)
        u, s = qr(x @ v)
        self.remember(left=u, core=s, right=v)
        return torch.zeros_like(u), torch.zeros_like(s), torch.zeros_like(v)

    def interior(self, x: Tensor) -> Tensor:
        """σ_r above rounding, max(n, k) eps σ_1."""
        if not self.rank:
            return super().interior(x)
        s = singular_values(x)
        return s[..., self.rank - 1] > max(self.size) * torch.finfo(x.dtype).eps * s[..., 0]

    def nearest(self, x: Tensor) -> Tensor:
        """Singular values r + 1, … set to zero, the others at least 8 max(n, k) eps σ_1."""
        u, s, vh = truncated_svd(x, self.rank)
        v = row_space(x, self.rank)
        lack = floored(s, self.tolerance(x.dtype)) - s
        return x @ v @ v.mH + (u * lack.unsqueeze(-2)) @ vh


def graph(base: Tensor, p: Tensor) -> Tensor:
    """B + (I - B Bᴴ) P, clipped so that a product of four such factors stays in range."""
    p = clipped(p, largest_factor(base.shape[-2], p.dtype) ** 0.25)
    return base + (p - base @ (base.mH @ p))
