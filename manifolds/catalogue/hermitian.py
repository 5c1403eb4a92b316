"""Hermitian matrices: {X : X = Xᴴ}."""

from torch import Tensor

from manifolds.interface.subspace import Subspace
from manifolds.linear_algebra.symmetry import sym


class Hermitian(Subspace):
    """X = (Z + Zᴴ) / 2; (*batch, n, n) -> (*batch, n, n); real ones are the symmetric matrices.

    `project` is nearest in the Frobenius norm; `random_point` is the Gaussian unitary (real:
    orthogonal) ensemble (Mehta, Random Matrices, 2004, chapter 2).
    """

    axes = ("n", "n")

    def nearest(self, x: Tensor) -> Tensor:
        """(X + Xᴴ) / 2."""
        return sym(x)

    @property
    def dim(self) -> int:
        """n (n + 1) / 2."""
        return self.size[0] * (self.size[0] + 1) // 2

    @property
    def complex_dim(self) -> int:
        """n²."""
        return self.size[0] ** 2
