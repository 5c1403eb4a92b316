"""Vectors of mean zero: {x : Σ x_i = 0}."""

from torch import Tensor

from manifolds.interface.subspace import Subspace


class Centered(Subspace):
    """x = z - mean z; (*batch, n) -> (*batch, n).

    `project` is nearest in the Euclidean norm; `random_point` centres a normal vector.
    """

    axes = ("n",)

    def nearest(self, x: Tensor) -> Tensor:
        """The vector less its mean."""
        # Divided first: the sum may leave the range of the dtype
        return x - (x / max(self.size[0], 1)).sum(-1, keepdim=True)

    @property
    def dim(self) -> int:
        """n - 1."""
        return max(self.size[0] - 1, 0)
