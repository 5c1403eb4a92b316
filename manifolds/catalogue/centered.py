"""Vectors of mean zero: {x : Σ x_i = 0}."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.interface.subspace import Subspace
from manifolds.linear_algebra.range import clipped
from manifolds.linear_algebra.symmetry import is_traced
from manifolds.operators.differentiable import differentiable


def without_mean(x: Tensor) -> Tensor:
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


class LessMean(Function):
    """x - mean x: linear and its own adjoint; (*batch, n) -> (*batch, n)."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        """With all digits."""
        return without_mean(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Memory: none."""

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:  # noqa: ARG004 -- autograd's signature
        """Self-adjoint."""
        return less_mean(g)

    @staticmethod
    def jvp(ctx: Any, dx: Tensor) -> Tensor:  # noqa: ARG004 -- autograd's signature
        """Linear."""
        return less_mean(dx)


_less_mean = differentiable(LessMean)


def less_mean(x: Tensor) -> Tensor:
    """x - mean x, differentiable to every order; to a compiler or tracer the formula, as `part`."""
    return without_mean(x) if is_traced() else _less_mean(x)


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
