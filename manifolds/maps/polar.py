"""X = (B + U)(I + UᴴU)^(-1/2): the polar retraction, the nearest frame to B + U.

It reaches the frames at angles below π/2 from B, however large U is; `rebase` goes on from there.
It is defined for every tangent U, since (B + U)ᴴ(B + U) = I + UᴴU (Absil, Mahony & Sepulchre,
Optimization Algorithms on Matrix Manifolds, 2008, (4.7)). It has no closed inverse from a fixed
base. Cost, in products n k² forward and backward: square 3 and 4 next to the base, 0 and 1 at it;
tall 4 and 5, at it 0 and 2; and up to 5 products k³ forward and 8 backward (Note [Near the base],
Note [Sylvester's equation]). Beyond, on a CPU, one to three inverses of size k more up to norm 100,
for tall frames of a triangular factor (Note [Far from the base]), and for the derivative an
eigendecomposition, of several small matrices inverses. A GPU takes four to six inverses forward and
as many for the derivative, wherever it is. Kept for it, beside parameters, base and point: two
matrices n×n, for tall frames one n×k and a few k×k.
"""

from torch import Tensor

from manifolds.frames.polar_rotation import polar_rotated
from manifolds.frames.tall_polar import tall_polar
from manifolds.linear_algebra.basics import times
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.linear_algebra.polar import polar
from manifolds.maps.map import Retraction


class Polar(Retraction):
    """B + U -> its unitary polar factor; a retraction of second order."""

    name = "polar"
    curve = "projection"

    def retract(self, b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
        """polar(B + BA + N); square: B polar(I + A)."""
        if normal is None:
            return polar_rotated(b, a)
        return orthonormalize(polar(b + times(b, a) + normal))

    def move(self, b: Tensor, p: Tensor) -> Tensor:
        """polar(B + U)."""
        return tall_polar(b, p)
