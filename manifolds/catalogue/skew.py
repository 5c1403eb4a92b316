"""Skew-symmetric matrices: {X : X = -Xᵀ}."""

from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import norm, ratio


class Skew(Manifold):
    """X = (P - Pᵀ) / 2; (*batch, n, n) -> (*batch, n, n), complex skew-symmetric too.

    `project` is nearest in the Frobenius norm; `random_point` has independent N(0, 1/2) entries
    above the diagonal.
    """

    axes = ("n", "n")
    complex_form = True

    def embed(self, *parameters: Tensor) -> Tensor:
        """(P - Pᵀ) / 2."""
        (p,) = parameters
        return (p - p.mT) / 2

    def coordinates(self, x: Tensor) -> Tensor:
        """P = X."""
        return x

    def residual(self, x: Tensor) -> Tensor:
        """‖X + Xᵀ‖ / 2‖X‖."""
        return ratio(norm((x + x.mT) / 2, 2), norm(x, 2))

    def nearest(self, x: Tensor) -> Tensor:
        """(X - Xᵀ) / 2."""
        return self.embed(x)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """The skew part of a matrix of independent normal entries."""
        return self.embed(normal(*shape))

    @property
    def dim(self) -> int:
        """n (n - 1) / 2."""
        return self.size[0] * (self.size[0] - 1) // 2

    @property
    def complex_dim(self) -> int:
        """Twice the real dimension."""
        return 2 * self.dim
