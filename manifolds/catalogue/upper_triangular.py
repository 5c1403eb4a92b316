"""Upper triangular matrices: {X : x_ij = 0 for i > j}."""

from torch import Tensor

from manifolds.interface.subspace import Subspace


class UpperTriangular(Subspace):
    """X = triu(Z); (*batch, n, k) -> (*batch, n, k).

    `project` is nearest in the Frobenius norm; `random_point` has independent N(0, 1) entries.
    """

    axes = ("n", "k")

    def nearest(self, x: Tensor) -> Tensor:
        """The upper triangle."""
        return x.triu()

    @property
    def dim(self) -> int:
        """n k - m (2n - m - 1) / 2 with m = min(n - 1, k) the columns that have zeros."""
        n, k = self.size
        m = max(min(n - 1, k), 0)
        return n * k - m * (2 * n - m - 1) // 2
