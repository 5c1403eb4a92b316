"""X = qf(B + U), the factor Q of B + U = QR with diag(R) > 0: the QR retraction.

It is defined for every tangent U, since (B + U)ᴴ(B + U) = I + UᴴU (Absil, Mahony & Sepulchre,
Optimization Algorithms on Matrix Manifolds, 2008, (4.8)). It has no closed inverse from a fixed
base. Cost next to the base, in products n k² forward and backward: square 2 and 2, with a Cholesky
factorization and two triangular solves of size k, at the base 0 and 1; tall 4 and 5, at it 0 and 2.
Far from the base and on a GPU one QR factorization by reflections in their place. Kept for the
derivative, beside parameters, base and point: three matrices n×n, for tall frames one n×k and one
k×k.
"""

from torch import Tensor

from manifolds.frames.qr_rotation import qr_rotated
from manifolds.frames.tall_qr import tall_qr
from manifolds.linear_algebra.basics import add_identity, times
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.linear_algebra.qr import orthonormal_columns
from manifolds.maps.map import Retraction


class QR(Retraction):
    """B + U -> the orthonormal factor of its columns; a retraction of first order."""

    name = "qr"
    curve = "projection"

    def retract(self, b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
        """qf(B + BA + N); square: B qf(I + A)."""
        if normal is None:
            return orthonormalize(times(b, orthonormal_columns(add_identity(a))))
        return orthonormalize(orthonormal_columns(b + times(b, a) + normal))

    def turn(self, b: Tensor, p: Tensor) -> Tensor:
        """B qf(I + skew(P))."""
        return qr_rotated(b, p)

    def move(self, b: Tensor, p: Tensor) -> Tensor:
        """qf(B + U)."""
        return tall_qr(b, p)
