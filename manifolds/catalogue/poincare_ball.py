"""The Poincaré ball {x : ‖x‖ < 1}, hyperbolic space in conformal coordinates."""

from torch import Tensor

from manifolds.catalogue.unit_ball import UnitBall
from manifolds.linear_algebra.basics import norm
from manifolds.linear_algebra.lift import view


class PoincareBall(UnitBall):
    """x = p / (1 + √(1 + ‖p‖²)), inverse p = 2x / ((1 - ‖x‖)(1 + ‖x‖)); (*batch, n) -> same.

    The point (√(1 + ‖p‖²), p) of the hyperboloid, seen from (-1, 0): a diffeomorphism from R^n
    (Cannon, Floyd, Kenyon & Parry, Hyperbolic Geometry, 1997, section 7; Nickel & Kiela 2017).
    1 - ‖x‖ falls as 1 / ‖p‖. `Ball` is the same set in the projective chart.

    The sphere is not reached, `Sphere` has it: parameters so large that 1 - ‖x‖ is below rounding
    land on it. `project` keeps the points of the open ball, and takes the sphere and what is
    outside radially to norm 63/64 (see `RADIUS`): not to the nearest point. `random_point` is
    uniform in the Euclidean ball.
    """

    def embed(self, *parameters: Tensor) -> Tensor:
        """p / (1 + √(1 + ‖p‖²))."""
        (p,) = parameters
        return view(p, 1)

    def coordinates(self, x: Tensor) -> Tensor:
        """2x / ((1 - ‖x‖)(1 + ‖x‖))."""
        x = self.nearest(x)
        size = norm(x, 1).unsqueeze(-1)
        return 2 * x / ((1 - size) * (1 + size))
