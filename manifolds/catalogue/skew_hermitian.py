"""Skew-Hermitian matrices: {X : X = -Xᴴ}, the Lie algebra of the unitary group."""

from torch import Tensor

from manifolds.interface.subspace import Subspace
from manifolds.linear_algebra.symmetry import skew


class SkewHermitian(Subspace):
    """X = (Z - Zᴴ) / 2; (*batch, n, n) -> (*batch, n, n); real ones are the skew matrices.

    `project` is nearest in the Frobenius norm; `random_point` projects a normal matrix.
    """

    axes = ("n", "n")

    def nearest(self, x: Tensor) -> Tensor:
        """(X - Xᴴ) / 2."""
        return skew(x)

    @property
    def dim(self) -> int:
        """n (n - 1) / 2."""
        return self.size[0] * (self.size[0] - 1) // 2

    @property
    def complex_dim(self) -> int:
        """n²."""
        return self.size[0] ** 2
