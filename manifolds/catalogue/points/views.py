"""Points of a manifold seen in another shape."""

from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.points import Batch, Generator, Named, Points


class FlattenedPoints(Points):
    """The points of the matrix manifold, in the tensor's shape."""

    def __init__(self, points: Points) -> None:
        self.points = points

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """The matrix manifold's."""
        x = self.points.random(manifold.manifold, batch, rng, is_complex=is_complex)
        return x.reshape(*batch, *manifold.size)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """The matrix manifold's."""
        matrix = x.flatten(x.ndim - len(manifold.size) + 1)
        return self.points.nearby(manifold.manifold, matrix, rng).reshape(x.shape)

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """The matrix manifold's."""
        return _shaped(self.points.ties(manifold.manifold, is_complex=is_complex), manifold)

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The matrix manifold's."""
        return _shaped(self.points.hard(manifold.manifold, dtype), manifold)

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The matrix manifold's."""
        return _shaped(self.points.outside(manifold.manifold, dtype), manifold)

    def boundary(self, manifold: Any, *, is_complex: bool = False) -> dict[str, tuple[Tensor, int]]:
        """The matrix manifold's."""
        named = self.points.boundary(manifold.manifold, is_complex=is_complex)
        return {name: (x.reshape(manifold.size), rank) for name, (x, rank) in named.items()}


def _shaped(named: Named, manifold: Any) -> Named:
    return {name: x.reshape(manifold.size) for name, x in named.items()}
