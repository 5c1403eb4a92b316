"""The Stiefel manifold {X : XᵀX = I}, rows orthonormal where wide; square: the group O(n)."""

from torch import Tensor

from manifolds.interface import Normal
from manifolds.linear_algebra.basics import add_identity, gram, norm
from manifolds.linear_algebra.decompositions import polar_factor
from manifolds.linear_algebra.orthonormalize import orthonormal_factor
from manifolds.maps.framed import FramedMatrix


def orthonormality(x: Tensor) -> Tensor:
    """‖XᵀX - I‖ / √k in the Frobenius norm; (*batch, n, k) -> (*batch,), n >= k."""
    return norm(add_identity(gram(x), -1), 2) / max(x.shape[-1], 1) ** 0.5


class Orthogonal(FramedMatrix):
    """XᵀX = I_k for n >= k, XXᵀ = I_n for n < k; (*batch, n, k) -> (*batch, n, k).

    Square X may lie in either component of O(n). Maps: "cayley", "exponential", "householder",
    "polar", "qr" (base="assigned" only). Every map costs O(n k²) time, O(n k) memory for n >= k.

    `project` is nearest in every unitarily invariant norm (the polar factor: Fan & Hoffman 1955);
    `random_point` has the Haar distribution (QR of a normal matrix, diag R > 0: Stewart 1980).
    Tangent dimension and maps: Edelman, Arias & Smith 1998, section 2.2; see `manifolds.maps`.
    """

    axes = ("n", "k")

    def residual(self, x: Tensor) -> Tensor:
        """‖XᵀX - I‖ / √k."""
        return orthonormality(self.frame(x))

    def nearest(self, x: Tensor) -> Tensor:
        """U Vᵀ of X = U S Vᵀ."""
        return polar_factor(x)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Q of a normal matrix: Haar."""
        return self.unframe(orthonormal_factor(self.frame(normal(*shape))))

    @property
    def dim(self) -> int:
        """n k - k (k + 1) / 2 for n >= k."""
        k, n = sorted(self.size)
        return n * k - k * (k + 1) // 2


Stiefel = Orthogonal
