"""The unit sphere {x : ‖x‖ = 1}."""

import torch
from torch import Tensor

from manifolds.interface import Normal
from manifolds.linear_algebra.basics import norm
from manifolds.maps import Map
from manifolds.maps.framed import Framed


def unit(x: Tensor, dim: int = -1) -> Tensor:
    """x / ‖x‖ along `dim`, free of overflow; the first unit vector where x = 0."""
    scale = x.abs().amax(dim, keepdim=True) if x.numel() else x.sum(dim, keepdim=True)
    first = torch.zeros_like(x)
    first.narrow(dim, 0, min(1, x.shape[dim])).fill_(1)
    y = torch.where(scale > 0, x / torch.where(scale > 0, scale, 1), first)
    return y / torch.linalg.vector_norm(y, dim=dim, keepdim=True)


class Sphere(Framed):
    """‖x‖ = 1; (*batch, n) -> (*batch, n).

    The frames of one column: maps "exponential" (x = cos‖u‖ b + sin‖u‖ u/‖u‖, u ⊥ b), "cayley",
    "householder" (stereographic), "polar" and "qr", both (b + u)/‖b + u‖.

    `project` is nearest in the Euclidean norm, the first unit vector for 0; `random_point` is
    uniform (Muller 1959). Reference: Absil, Mahony & Sepulchre 2008, examples 3.5.1, 4.1.1, 5.4.1.
    """

    axes = ("n",)
    units_along = -1

    def __init__(
        self,
        *size: int,
        map: str | Map = "exponential",
        base: str = "assigned",
        strict: bool = False,
    ) -> None:
        super().__init__(*size, map=map, base=base, strict=strict)
        if self.size[0] < 1:
            raise ValueError("Sphere(n) needs n >= 1, got 0: no vector of length 0 has norm 1")

    def frame(self, x: Tensor) -> Tensor:
        """A vector is a frame of one column."""
        return x.unsqueeze(-1)

    def unframe(self, q: Tensor) -> Tensor:
        """The column."""
        return q.squeeze(-1)

    def residual(self, x: Tensor) -> Tensor:
        """|‖x‖ - 1|."""
        return (norm(x, 1) - 1).abs()

    def nearest(self, x: Tensor) -> Tensor:
        """x / ‖x‖."""
        return unit(x)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """A normal vector, divided by its norm: uniform."""
        return unit(normal(*shape))

    @property
    def dim(self) -> int:
        """n - 1."""
        return self.size[0] - 1
