"""Matrices of rank at most r: {X : rank X <= r}, a closed set."""

from torch import Tensor

from manifolds.catalogue.ranked import Ranked, row_space
from manifolds.linear_algebra.range import clipped_factors


class LowRank(Ranked):
    """X = G Hᴴ, G n × r, H k × r; (*batch, n, r), (*batch, k, r) -> (*batch, n, k).

    Factors are clipped where 2r max |g_ij| max |h_ij| (complex: 8r) is beyond the dtype's range, so
    that X with 2r √k max |x_ij| within it is reached.

    The right inverse takes H = V orthonormal, also where singular values vanish, G = X V: the
    Jacobian there has rank n r + rank(X) (k - r), which is `dim` at rank X = r and never zero
    (balanced factors √S have zero gradient at X = 0). `FixedRank` has full rank everywhere.
    Dimension: Vandereycken, Low-rank matrix completion by Riemannian optimization, SIAM J. Optim.
    2013, section 2.1.

    `project` is nearest in every unitarily invariant norm (Mirsky 1960); `random_point` is G Hᴴ
    with normal factors.
    """

    def embed(self, *parameters: Tensor) -> Tensor:
        """G Hᴴ."""
        g, h = clipped_factors(*parameters)
        return g @ h.mH

    def coordinates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """G = X V, H = V."""
        v = row_space(x, self.rank)
        return x @ v, v

    def nearest(self, x: Tensor) -> Tensor:
        """X V Vᴴ: the r leading terms of the singular value decomposition."""
        v = row_space(x, self.rank)
        return x @ v @ v.mH
