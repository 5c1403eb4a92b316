"""The Grassmann manifold: k-dimensional subspaces of Rⁿ, each by an orthonormal basis X."""

from torch import Tensor

from manifolds.catalogue.orthogonal import orthonormality
from manifolds.interface import Normal
from manifolds.linear_algebra.decompositions import polar_factor
from manifolds.linear_algebra.orthonormalize import orthonormal_factor
from manifolds.maps import Map, Retraction, resolve
from manifolds.maps.framed import FramedMatrix

ALIGNED = ("polar", "cayley", "exponential")
"""Retractions that keep BᴴX Hermitian for horizontal steps. QR's basis spans what polar's spans."""


class Horizontal(Retraction):
    """A retraction without the rotations BA of the basis within its span: B + N, BᴴN = 0."""

    def __init__(self, retraction: Retraction) -> None:
        self.name = retraction.name
        self.retraction = retraction

    def retract(self, b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
        """The retraction at A = 0; square: B itself, the whole space."""
        return self.retraction.retract(b, 0 * a, normal)


class Grassmann(FramedMatrix):
    """span X, XᴴX = I_k, k <= n; (*batch, n, k) -> (*batch, n, k).

    The parameter, projected to BᴴN = 0 at the assigned basis B, moves the span alone; assigning X
    and reading gives X itself, not another basis of its span. Maps: "polar", X = (B + N)(I +
    NᴴN)^(-1/2), the graph of N over span B, of full rank k (n - k) everywhere (Absil, Mahony &
    Sepulchre 2008, section 3.4.4), "exponential", the geodesic (Edelman, Arias & Smith 1998,
    (2.65)), and "cayley". The last two are singular as maps to spans where two principal angles
    sum to π, which angles below π/2, that is a `rebase` now and then, avoid. base="assigned" only.

    `dim` is that of the set of spans; `violation` is that of the basis. `project` is the nearest
    basis in every unitarily invariant norm (Fan & Hoffman 1955); the span of `random_point` is
    uniform, its basis Haar.
    """

    axes = ("n", "k")
    complex_form = True

    def __init__(
        self,
        *size: int,
        map: str | Map = "polar",
        base: str = "assigned",
        strict: bool = False,
    ) -> None:
        if base != "assigned":
            raise ValueError(f"Grassmann has charts about an assigned base only, got base={base!r}")
        chosen = resolve(map, base)
        if not isinstance(chosen, Retraction) or (isinstance(map, str) and map not in ALIGNED):
            raise ValueError(f"Grassmann takes the maps {', '.join(ALIGNED)}, got {map!r}")
        super().__init__(*size, map=Horizontal(chosen), base=base, strict=strict)
        self.options = {"map": map, "base": base}
        if self.size[0] < self.size[1]:
            raise ValueError(f"Grassmann(n, k) needs k <= n, got {self.size}")

    def residual(self, x: Tensor) -> Tensor:
        """‖XᴴX - I‖ / √k."""
        return orthonormality(x)

    def nearest(self, x: Tensor) -> Tensor:
        """U Vᴴ of X = U S Vᴴ."""
        return polar_factor(x)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Q of a normal matrix."""
        return orthonormal_factor(normal(*shape))

    @property
    def dim(self) -> int:
        """k (n - k)."""
        n, k = self.size
        return k * (n - k)

    @property
    def complex_dim(self) -> int:
        """Twice the real dimension."""
        return 2 * self.dim
