"""Toeplitz matrices: {X : x_ij depends on i - j only}."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import norm, ratio


def with_diagonals(z: Tensor) -> Tensor:
    """X with x_ij = z_(i-j+n-1); (*batch, 2n-1) -> (*batch, n, n), (*batch, 0) -> (*batch, 0, 0).

    Rows of length 2n - 1, read as rows of length 2n, start one entry further right each time.
    """
    n = (z.shape[-1] + 1) // 2
    if not n:
        return z.unsqueeze(-1) * z.unsqueeze(-2)
    rows = z.unsqueeze(-2).expand(*z.shape[:-1], n, z.shape[-1]).flatten(-2)
    return pad(rows, (0, n)).unflatten(-1, (n, 2 * n))[..., :n].flip(-1)


def diagonal_sums(x: Tensor) -> Tensor:
    """s_(i-j+n-1) = Σ x_ij, the adjoint of `with_diagonals`; (*batch, n, n) -> (*batch, 2n-1)."""
    n = x.shape[-1]
    if not n:
        return x.flatten(-2)
    rows = pad(x.flip(-1), (0, n)).flatten(-2)[..., : n * (2 * n - 1)]
    return rows.unflatten(-1, (n, 2 * n - 1)).sum(-2)


class Toeplitz(Manifold):
    """x_ij = z_(i-j+n-1); (*batch, 2n-1) -> (*batch, n, n), complex ones too.

    The parameters are the diagonals, upper right corner first; every one is read back from the
    first row and column. `project` is nearest in the Frobenius norm, the mean along each diagonal;
    `random_point` has independent N(0, 1) diagonals (Bryc, Dembo & Jiang, Ann. Probab. 2006).
    """

    axes = ("n", "n")
    complex_form = True

    def embed(self, *parameters: Tensor) -> Tensor:
        """One number per diagonal."""
        (z,) = parameters
        return with_diagonals(z)

    def coordinates(self, x: Tensor) -> Tensor:
        """The first row, from its end, and the first column below it."""
        row, column = x[..., :1, :].flatten(-2), x[..., 1:, :1].flatten(-2)
        return torch.cat([row.flip(-1), column], dim=-1)

    def residual(self, x: Tensor) -> Tensor:
        """‖X - P(X)‖ / ‖X‖ with P(X) the nearest."""
        return ratio(norm(x - self.nearest(x), 2), norm(x, 2))

    def nearest(self, x: Tensor) -> Tensor:
        """The mean along each diagonal."""
        i = torch.arange(self.size[0], device=x.device)
        length = self.size[0] - (i.unsqueeze(-1) - i).abs()
        # Divided first: the sum of a diagonal may leave the range of the dtype
        return with_diagonals(diagonal_sums(x / length))

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Independent normal diagonals."""
        return with_diagonals(normal(*shape[:-2], self.dim))

    @property
    def dim(self) -> int:
        """2n - 1."""
        return max(2 * self.size[0] - 1, 0)

    @property
    def complex_dim(self) -> int:
        """2 (2n - 1)."""
        return 2 * self.dim
