"""The oblique manifold {X : diag XᵀX = 1}: matrices with unit columns."""

from torch import Tensor

from manifolds.catalogue.sphere import unit
from manifolds.interface import Normal
from manifolds.linear_algebra.basics import norm
from manifolds.maps import Map
from manifolds.maps.framed import Framed


class Oblique(Framed):
    """‖x_j‖ = 1 for every column x_j; (*batch, n, k) -> (*batch, n, k), a power of the sphere.

    Maps as for `Sphere`. `project` is nearest in the Frobenius norm, the first unit vector for a
    zero column; `random_point` has independent uniform columns. Reference: Trendafilov & Lippert
    2002, section 2; Absil & Gallivan 2006.
    """

    axes = ("n", "k")
    units_along = -2

    def __init__(
        self,
        *size: int,
        map: str | Map = "exponential",
        base: str = "assigned",
        strict: bool = False,
    ) -> None:
        super().__init__(*size, map=map, base=base, strict=strict)
        if self.size[0] < 1:
            raise ValueError(f"{self} needs n >= 1: no column of length 0 has norm 1")

    def frame(self, x: Tensor) -> Tensor:
        """Each column is a frame of one column."""
        return x.mT.unsqueeze(-1)

    def unframe(self, q: Tensor) -> Tensor:
        """The columns side by side."""
        return q.squeeze(-1).mT

    def residual(self, x: Tensor) -> Tensor:
        """The root mean square of ‖x_j‖ - 1."""
        return norm(norm(x.mT, 1) - 1, 1) / max(self.size[1], 1) ** 0.5

    def nearest(self, x: Tensor) -> Tensor:
        """Columns divided by their norms."""
        return unit(x, dim=-2)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Independent uniform columns."""
        return unit(normal(*shape), dim=-2)

    @property
    def dim(self) -> int:
        """(n - 1) k."""
        return (self.size[0] - 1) * self.size[1]
