"""Vectors of mean zero: {x : Σ x_i = 0}."""

import torch
from torch import Tensor

from manifolds.interface.subspace import Subspace
from manifolds.linear_algebra.range import clipped


def less_mean(x: Tensor) -> Tensor:
    """x - mean x, twice: where x is almost its mean, the first difference has cancelled.

    Of a constant x every difference is a constant rounding error, whose mean is all of it: the last
    entry takes the remaining sum, which is zero but for rounding and has no derivative.
    Half of it is computed, and n-ths are summed, so that no step leaves the range of the dtype.
    """
    n, half = max(x.shape[-1], 1), x / 2
    for _ in range(2):
        half = half - (half / n).sum(-1, keepdim=True)
    rest = n * (half / n).sum(-1, keepdim=True)
    half = torch.cat([half[..., :-1], half[..., -1:] - rest], dim=-1)
    return 2 * clipped(half, torch.finfo(x.dtype).max / 2)


class Centered(Subspace):
    """x = z - mean z; (*batch, n) -> (*batch, n).

    `project` is nearest in the Euclidean norm; `random_point` centres a normal vector.
    """

    axes = ("n",)

    def nearest(self, x: Tensor) -> Tensor:
        """The vector less its mean."""
        return less_mean(x)

    @property
    def dim(self) -> int:
        """n - 1."""
        return max(self.size[0] - 1, 0)
