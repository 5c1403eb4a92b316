"""Nonnegative numbers: {x : x >= 0}, elementwise, a closed set."""

import math

import torch
from torch import Tensor

from manifolds.catalogue.positive import below_zero
from manifolds.interface import Manifold, Normal


class Nonnegative(Manifold):
    """x = w²; (*batch) -> (*batch), elementwise: X = WWᵀ of Burer & Monteiro 2003 for 1×1 matrices.

    Every element is a manifold of its own, zero included. There the derivative 2w is zero, rank 0,
    as for every smooth map onto a set with a boundary: gradient descent does not leave x = 0;
    `Positive` has rank 1 everywhere.

    `project` is nearest; `random_point` is the square of an N(0, 1) number.
    """

    axes = ()

    def embed(self, *parameters: Tensor) -> Tensor:
        """w², |w| clipped where the square leaves the range of the dtype."""
        (w,) = parameters
        largest = math.sqrt(torch.finfo(w.dtype).max)
        return w.clamp(-largest, largest).square()

    def coordinates(self, x: Tensor) -> Tensor:
        """√x, of negative rounding 0."""
        return self.nearest(x).sqrt()

    def residual(self, x: Tensor) -> Tensor:
        """1 for negative x, 0 otherwise."""
        return below_zero(x)

    def nearest(self, x: Tensor) -> Tensor:
        """max(x, 0)."""
        return x.clamp_min(0)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """The square of a normal number."""
        return normal(*shape).square()

    @property
    def dim(self) -> int:
        """1."""
        return 1
