"""Symmetric matrices: {X : X = Xᵀ}."""

from torch import Tensor

from manifolds.interface.subspace import Subspace
from manifolds.linear_algebra.symmetry import plain_sym


class Symmetric(Subspace):
    """X = (Z + Zᵀ) / 2; (*batch, n, n) -> (*batch, n, n), complex symmetric too.

    `project` is nearest in the Frobenius norm; `random_point` has independent N(0, 1) entries
    on the diagonal and N(0, 1/2) off it (the Gaussian orthogonal ensemble, Mehta 2004, chapter 2).
    """

    axes = ("n", "n")

    def nearest(self, x: Tensor) -> Tensor:
        """(X + Xᵀ) / 2, exact on symmetric X."""
        return plain_sym(x)

    @property
    def dim(self) -> int:
        """n (n + 1) / 2."""
        return self.size[0] * (self.size[0] + 1) // 2
