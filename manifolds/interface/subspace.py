"""Linear subspaces, by their orthogonal projection: f = P and r is the inclusion."""

from torch import Tensor

from manifolds.interface.manifold import Manifold
from manifolds.interface.normal import Normal
from manifolds.linear_algebra.basics import norm, ratio


class Subspace(Manifold):
    """X = P(Z) with P the orthogonal projection onto a subspace of R^size (of C^size).

    P(X) = X on the subspace: every point is its own coordinates. `project` is nearest in the
    Frobenius norm; `random_point` projects a tensor of independent N(0, 1) entries.
    An author writes `nearest`, which is P, and `dim`.
    """

    complex_form = True

    def embed(self, *parameters: Tensor) -> Tensor:
        """P(Z)."""
        (z,) = parameters
        return self.nearest(z)

    def coordinates(self, x: Tensor) -> Tensor:
        """Z = X."""
        return x

    def residual(self, x: Tensor) -> Tensor:
        """‖X - P(X)‖ / ‖X‖."""
        dims = len(self.size)
        return ratio(norm(x - self.nearest(x), dims), norm(x, dims))

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """P of independent normal entries."""
        return self.nearest(normal(*shape))

    @property
    def complex_dim(self) -> int:
        """Twice the real dimension."""
        return 2 * self.dim
