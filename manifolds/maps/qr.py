"""X = qf(B + U), the factor Q of B + U = QR with diag(R) > 0: the QR retraction.

It is defined for every tangent U, since (B + U)ᴴ(B + U) = I + UᴴU (Absil, Mahony & Sepulchre,
Optimization Algorithms on Matrix Manifolds, 2008, (4.8)). It has no closed inverse from a fixed
base. Cost: one QR factorization. Kept for the derivative, beside parameters, base and point: two
matrices n×k.
"""

from torch import Tensor

from manifolds.linear_algebra.basics import add_identity
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
            return orthonormalize(b @ orthonormal_columns(add_identity(a)))
        return orthonormalize(orthonormal_columns(b + b @ a + normal))
