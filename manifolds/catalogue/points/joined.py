"""Points of a product as one vector: a special one of a factor beside ordinary ones."""

from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.points import Batch, Generator, Named, Points

Pair = tuple[Points, Any]


class JoinedPoints(Points):
    """The points of the factors, in their order."""

    def __init__(self, *points: Points) -> None:
        self.points = points

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """Independent factors."""
        pairs = self._pairs(manifold)
        return _join([p.random(m, batch, rng, is_complex=is_complex) for p, m in pairs], len(batch))

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """Each factor's."""
        pieces, start = [], 0
        for p, m in self._pairs(manifold):
            stop = start + int(numpy.prod(m.size))
            pieces.append(p.nearby(m, x[start:stop].reshape(m.size), rng))
            start = stop
        return _join(pieces, 0)

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """One factor's tie beside a random point of the others."""
        named = [p.ties(m, is_complex=is_complex) for p, m in self._pairs(manifold)]
        return self._beside(manifold, named, is_complex=is_complex)

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """One factor's, of norm about 1: the error is relative to the largest entry."""
        named = [p.hard(m, dtype) for p, m in self._pairs(manifold)]
        return self._beside(manifold, named, is_complex=dtype.is_complex)

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """One factor off its set, the others on theirs."""
        named = [p.outside(m, dtype) for p, m in self._pairs(manifold)]
        beside = self._beside(manifold, named, is_complex=dtype.is_complex)
        return {name: x.to(dtype) for name, x in beside.items()}

    def _beside(self, manifold: Any, named: list[Named], *, is_complex: bool) -> Named:
        result: Named = {}
        for index, points in enumerate(named):
            for name, x in points.items():
                rng = numpy.random.default_rng(len(result))
                pieces = [
                    p.random(m, (), rng, is_complex=is_complex) for p, m in self._pairs(manifold)
                ]
                pieces[index] = x.to(pieces[index])
                result[f"factor {index + 1}: {name}"] = _join(pieces, 0)
        return result

    def _pairs(self, manifold: Any) -> list[Pair]:
        return list(zip(self.points, manifold.product, strict=True))


def _join(pieces: list[Tensor], batch_dims: int) -> Tensor:
    """(*batch, *size) each -> (*batch, Σ ∏ size)."""
    flat = [x.reshape(*x.shape[:batch_dims], x.shape[batch_dims:].numel()) for x in pieces]
    return torch.cat(flat, -1)
