"""Points of a manifold seen in another shape, order or scale."""

from abc import abstractmethod
from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.points import Batch, Generator, Named, Points


class ViewPoints(Points):
    """The points of `manifold.manifold`, carried over by a formula of this file's own."""

    def __init__(self, points: Points) -> None:
        self.points = points

    @abstractmethod
    def outward(self, manifold: Any, x: Tensor) -> Tensor:
        """A point of the viewed manifold -> the view's."""

    @abstractmethod
    def inward(self, manifold: Any, x: Tensor) -> Tensor:
        """The inverse."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """The viewed manifold's."""
        x = self.points.random(manifold.manifold, batch, rng, is_complex=is_complex)
        return self.outward(manifold, x)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """The viewed manifold's."""
        inner = self.inward(manifold, x)
        return self.outward(manifold, self.points.nearby(manifold.manifold, inner, rng))

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """The viewed manifold's."""
        return self._seen(self.points.ties(manifold.manifold, is_complex=is_complex), manifold)

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The viewed manifold's."""
        return self._seen(self.points.hard(manifold.manifold, dtype), manifold)

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The viewed manifold's."""
        return self._seen(self.points.outside(manifold.manifold, dtype), manifold)

    def boundary(self, manifold: Any, *, is_complex: bool = False) -> dict[str, tuple[Tensor, int]]:
        """The viewed manifold's."""
        named = self.points.boundary(manifold.manifold, is_complex=is_complex)
        return {name: (self.outward(manifold, x), rank) for name, (x, rank) in named.items()}

    def _seen(self, named: Named, manifold: Any) -> Named:
        return {name: self.outward(manifold, x) for name, x in named.items()}


class FlattenedPoints(ViewPoints):
    """In the tensor's shape."""

    def outward(self, manifold: Any, x: Tensor) -> Tensor:
        """The matrix as a tensor."""
        return x.reshape(*x.shape[:-2], *manifold.size)

    def inward(self, manifold: Any, x: Tensor) -> Tensor:
        """The tensor as a matrix."""
        return x.flatten(x.ndim - len(manifold.size) + 1)


class TransposedPoints(ViewPoints):
    """Rows as columns."""

    def outward(self, manifold: Any, x: Tensor) -> Tensor:  # noqa: ARG002
        """Xᵀ."""
        return x.transpose(-1, -2)

    def inward(self, manifold: Any, x: Tensor) -> Tensor:  # noqa: ARG002
        """Xᵀ."""
        return x.transpose(-1, -2)


class ScaledPoints(ViewPoints):
    """Multiples."""

    def outward(self, manifold: Any, x: Tensor) -> Tensor:
        """c x."""
        return x * manifold.factor

    def inward(self, manifold: Any, x: Tensor) -> Tensor:
        """x / c."""
        return x / manifold.factor


class PowerPoints(Points):
    """Several points of one manifold: a special one as the last copy, ordinary ones beside it."""

    def __init__(self, points: Points) -> None:
        self.points = points

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """Independent copies."""
        copies = (*batch, *manifold.batch)
        return self.points.random(manifold.manifold, copies, rng, is_complex=is_complex)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """Each copy's."""
        return self.points.nearby(manifold.manifold, x, rng)

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Every copy tied alike."""
        named = self.points.ties(manifold.manifold, is_complex=is_complex)
        return {name: x.expand(manifold.size).clone() for name, x in named.items()}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Every copy alike: the relative error of a point is that of its largest copy."""
        named = self.points.hard(manifold.manifold, dtype)
        return {name: x.expand(manifold.size).clone() for name, x in named.items()}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The last copy off the set, the others on it."""
        if 0 in manifold.batch:
            return {}
        named: Named = {}
        for name, x in self.points.outside(manifold.manifold, dtype).items():
            on_it = self.random(manifold, (), numpy.random.default_rng(len(named))).to(x)
            on_it[(-1,) * len(manifold.batch)] = x
            named[name] = on_it
        return named
