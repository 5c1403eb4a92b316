"""Skew-symmetric matrices: {X : X = -Xᵀ}."""

from torch import Tensor

from manifolds.interface.subspace import Subspace
from manifolds.linear_algebra.symmetry import plain_skew


class Skew(Subspace):
    """X = (Z - Zᵀ) / 2; (*batch, n, n) -> (*batch, n, n), complex skew-symmetric too.

    `project` is nearest in the Frobenius norm; `random_point` has independent N(0, 1/2) entries
    above the diagonal.
    """

    axes = ("n", "n")

    def nearest(self, x: Tensor) -> Tensor:
        """(X - Xᵀ) / 2, exact on skew X."""
        return plain_skew(x)

    @property
    def dim(self) -> int:
        """n (n - 1) / 2."""
        return self.size[0] * (self.size[0] - 1) // 2
