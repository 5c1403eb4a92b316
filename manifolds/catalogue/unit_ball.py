"""What the charts of the open unit ball {x : ‖x‖ < 1} share."""

import torch
from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import norm

RADIUS = 1 - 1 / 64
"""Where a point outside comes in: parameters of norm 64 at most (‖p‖ = 2r/(1 - r²) in the flattest
chart), from where Adam with steps of 1/10 is back at the centre in some 600. At the nearest radius,
1 - eps, charts are so flat that no optimizer moves (measured: none of SGD, Adam and L-BFGS)."""


class UnitBall(Manifold):
    """‖x‖ < 1; (*batch, n) -> (*batch, n). An author writes the chart.

    The sphere is not reached, `Sphere` has it: parameters so large that 1 - ‖x‖ is below rounding
    land on it. `project` keeps the ball and takes the sphere and what is outside radially to
    `RADIUS`. `random_point` is uniform in the ball.
    """

    axes = ("n",)
    boundary = "the sphere"
    alternative = "Sphere has it"

    def residual(self, x: Tensor) -> Tensor:
        """max(‖x‖ - 1, 0)."""
        return (norm(x, 1) - 1).clamp_min(0)

    def interior(self, x: Tensor) -> Tensor:
        """‖x‖ < 1."""
        return norm(x, 1) < 1

    def nearest(self, x: Tensor) -> Tensor:
        """x within the ball, else on the sphere of `RADIUS`."""
        size = norm(x, 1).unsqueeze(-1)
        return torch.where(size < 1, x, RADIUS * (x / size))

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """n coordinates of a uniform point on the sphere in n + 2 dimensions."""
        *batch, n = shape
        g = normal(*batch, n + 2)
        return self.nearest((g / torch.linalg.vector_norm(g, dim=-1, keepdim=True))[..., :n])

    @property
    def dim(self) -> int:
        """n."""
        return self.size[0]
