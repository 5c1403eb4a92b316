"""The open unit ball {x : ‖x‖ < 1}."""

import torch
from torch import Tensor

from manifolds.catalogue.unit_ball import UnitBall
from manifolds.linear_algebra.basics import norm
from manifolds.linear_algebra.lift import view


class Ball(UnitBall):
    """x = p / √(1 + ‖p‖²), inverse p = x / √((1 - ‖x‖)(1 + ‖x‖)); (*batch, n) -> (*batch, n).

    A diffeomorphism from R^n: straight lines of hyperbolic space stay straight (Beltrami-Klein
    model; Cannon, Floyd, Kenyon & Parry, Hyperbolic Geometry, 1997, section 7). 1 - ‖x‖ falls
    as 1 / 2‖p‖². `PoincareBall` is the same set in the conformal chart.

    The sphere is not reached, `Sphere` has it: parameters so large that 1 - ‖x‖ is below rounding
    land on it. `project` keeps the points of the open ball, and takes the sphere and what is
    outside radially to norm 63/64 (see `RADIUS`): not to the nearest point. `random_point` is
    uniform in the ball.
    """

    def embed(self, *parameters: Tensor) -> Tensor:
        """p / √(1 + ‖p‖²)."""
        (p,) = parameters
        return view(p, 0)

    def coordinates(self, x: Tensor) -> Tensor:
        """x / √((1 - ‖x‖)(1 + ‖x‖))."""
        x = self.nearest(x)
        size = norm(x, 1).unsqueeze(-1)
        return x / torch.sqrt((1 - size) * (1 + size))
