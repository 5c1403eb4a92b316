"""The complex Stiefel manifold {X : XᴴX = I}, rows orthonormal where wide; square: U(n)."""

from torch import Tensor

from manifolds.catalogue.orthogonal import orthonormality
from manifolds.interface import Normal
from manifolds.linear_algebra.decompositions import polar_factor
from manifolds.linear_algebra.orthonormalize import orthonormal_factor
from manifolds.maps.framed import FramedMatrix


class Unitary(FramedMatrix):
    """XᴴX = I_k for n >= k, XXᴴ = I_n for n < k; complex (*batch, n, k) -> (*batch, n, k).

    Real tensors are refused: `Orthogonal` has their frames. Maps: "cayley", "exponential",
    "householder", "polar", "qr" (the last two with base="assigned" only).

    `project` is nearest in every unitarily invariant norm (the polar factor: Fan & Hoffman 1955);
    `random_point` has the Haar distribution (QR of a complex normal matrix, diag R > 0: Mezzadri,
    How to generate random matrices from the classical compact groups, Notices AMS 2007).
    """

    axes = ("n", "k")
    complex_form = True
    real_form = False

    def residual(self, x: Tensor) -> Tensor:
        """‖XᴴX - I‖ / √k."""
        return orthonormality(self.frame(x))

    def nearest(self, x: Tensor) -> Tensor:
        """U Vᴴ of X = U S Vᴴ."""
        return polar_factor(x)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Q of a complex normal matrix: Haar."""
        return self.unframe(orthonormal_factor(self.frame(normal(*shape))))

    @property
    def dim(self) -> int:
        """2nk - k² for n >= k, real dimensions."""
        k, n = sorted(self.size)
        return 2 * n * k - k * k

    @property
    def complex_dim(self) -> int:
        """The same."""
        return self.dim
