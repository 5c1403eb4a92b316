"""Points of the unit ball and of the hyperboloid, by radius and direction."""

from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.points import (
    ROUNDINGS,
    SCALES,
    TINY,
    Batch,
    Generator,
    Named,
    Points,
    normal,
)


def unit(x: Tensor) -> Tensor:
    """x / ‖x‖, by numpy."""
    return x / torch.from_numpy(numpy.linalg.norm(x.numpy(), axis=-1, keepdims=True))


def diagonal_direction(n: int) -> Tensor:
    """(1, ..., 1) / √n, every component of one size; -> (n,)."""
    return torch.ones(n, dtype=torch.float64) / max(n, 1) ** 0.5


class BallPoints(Points):
    """‖x‖ < 1."""

    def random(
        self,
        manifold: Any,
        batch: Batch,
        rng: Generator,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Uniform: a uniform direction, the n-th power of the radius uniform."""
        n = manifold.size[0]
        radius = torch.as_tensor(rng.uniform(size=(*batch, 1)) ** (1 / max(n, 1)))
        return radius * unit(normal(rng, *batch, n))

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """A quarter of the way to a random point: the ball is convex."""
        y = self.random(manifold, tuple(x.shape[:-1]), rng)
        return x + (y - x) / 4

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """The centre, half way along the first axis and along the diagonal."""
        n = manifold.size[0]
        if not n:
            return {}
        first = torch.eye(n, dtype=torch.float64)[0]
        return {"centre": 0 * first, "first axis": first / 2, "diagonal": diagonal_direction(n) / 2}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Near the sphere, near the centre, and tiny beside large entries."""
        n = manifold.size[0]
        if not n:
            return {}
        inside = 1 - ROUNDINGS * torch.finfo(dtype).eps
        d = diagonal_direction(n)
        spread = torch.logspace(0, -30, n, dtype=torch.float64) / 2
        near = {"near the sphere": inside * d, "near the sphere, an axis": inside * _first(d)}
        return near | {"near the centre": TINY * d, "tiny beside large entries": spread}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """On the sphere, and beyond."""
        n = manifold.size[0]
        if not n:
            return {}
        first = _first(diagonal_direction(n))
        return {"on the sphere": first, "beyond": 2 * first, "far beyond": first / SCALES[0]}


class HyperboloidPoints(Points):
    """x₀² = 1 + x₁² + ..., x₀ > 0."""

    def random(
        self,
        manifold: Any,
        batch: Batch,
        rng: Generator,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Normal space coordinates."""
        return above(normal(rng, *batch, manifold.size[0] - 1))

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:  # noqa: ARG002
        """Space coordinates moved by 1/2 in a random direction."""
        step = normal(rng, *x.shape[:-1], x.shape[-1] - 1)
        return above(x[..., 1:] + (unit(step) if step.numel() else step) / 2)

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """The apex, and at distance 1 along the diagonal."""
        d = diagonal_direction(manifold.size[0] - 1)
        return {"apex": at(0 * d, 1.0), "distance 1": at(d, 1.0)}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Near the apex and far out, where x₀² - ‖x‖² has lost all digits."""
        d = diagonal_direction(manifold.size[0] - 1)
        distances = {"near the apex": TINY, "distance 9": 9.0, "distance 60": 60.0}
        return {name: at(d, t) for name, t in distances.items()}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """The other sheet, zero, on the light cone, twice a point."""
        x = at(diagonal_direction(manifold.size[0] - 1), 1.0)
        other = x.clone()
        other[0] *= -1
        points = {"the other sheet": other, "zero": 0 * x, "twice a point": 2 * x}
        if len(x) > 1:
            points["light cone"] = torch.cat([x[:1] * 0 + 1, diagonal_direction(len(x) - 1)])
        return points


def above(space: Tensor) -> Tensor:
    """(√(1 + ‖x‖²), x), by numpy."""
    time = numpy.hypot(1, numpy.linalg.norm(space.numpy(), axis=-1, keepdims=True))
    return torch.cat([torch.from_numpy(time), space], dim=-1)


def at(direction: Tensor, distance: float) -> Tensor:
    """(cosh t, sinh t · d) for a unit vector d, (1) in no dimension; (n - 1,) -> (n,)."""
    t = distance if direction.numel() and direction.any() else 0.0
    time = torch.full((1,), numpy.cosh(t), dtype=torch.float64)
    return torch.cat([time, numpy.sinh(t) * direction])


def _first(x: Tensor) -> Tensor:
    """The first axis."""
    return torch.eye(len(x), dtype=x.dtype)[0]
