"""Matrices of bounded and of fixed rank, from singular values and scipy's Haar vectors."""

import math
from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.frames import NEARBY_ANGLE, haar
from manifolds.catalogue.points.points import (
    NEARBY_FACTOR,
    SCALES,
    Batch,
    Generator,
    Named,
    Points,
    hardest_condition,
    normal,
    turned,
)


def with_singular_values(
    size: tuple[int, ...], values: Tensor, *, is_complex: bool = False
) -> Tensor:
    """U diag(values) Vᴴ with fixed Haar U and V; (r,) -> (n, k)."""
    n, k = size
    rng = numpy.random.default_rng((n, k))
    u = haar((), n, n, rng, is_complex=is_complex)[:, : len(values)]
    v = haar((), k, k, rng, is_complex=is_complex)[:, : len(values)]
    return (u * values) @ v.mH


class LowRankMatrices(Points):
    """rank X <= r: G Hᴴ with normal factors."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """G Hᴴ."""
        g, h = (normal(rng, *batch, s, manifold.rank, is_complex=is_complex) for s in manifold.size)
        return g @ h.mH

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """Singular spaces turned by 1/2, singular values within a factor 1.5."""
        u, s, vh = torch.linalg.svd(x, full_matrices=False)
        factor = NEARBY_FACTOR ** torch.from_numpy(rng.uniform(-1, 1, s.shape))
        s = (s * factor)[..., : manifold.rank]
        u, v = (turned(w[..., : manifold.rank], rng, NEARBY_ANGLE) for w in (u, vh.mH))
        return (u * s.unsqueeze(-2)) @ v.mH

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Repeated singular values, in a random basis and on the diagonal."""
        ones = torch.ones(manifold.rank, dtype=torch.float64)
        if not manifold.rank:
            return {}
        x = with_singular_values(manifold.size, ones, is_complex=is_complex)
        diagonal = torch.zeros_like(x)
        diagonal.diagonal()[: manifold.rank] = 1
        return {"equal singular values": x, "diagonal": diagonal}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Scales, condition up to 0.01 / eps."""
        r = manifold.rank
        if not r:
            return {}
        steep = torch.logspace(0, -math.log10(hardest_condition(dtype)), r, dtype=torch.float64)
        x = with_singular_values(manifold.size, steep, is_complex=dtype.is_complex)
        tied = self.ties(manifold, is_complex=dtype.is_complex)["equal singular values"]
        return {f"scale {s:g}": s * tied for s in SCALES} | {"condition 0.01/eps": x}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Rank r + 1, where the sizes allow it."""
        if manifold.rank == min(manifold.size):
            return {}
        ones = torch.ones(manifold.rank + 1, dtype=torch.float64)
        x = with_singular_values(manifold.size, ones).to(dtype)
        return {"one rank more": x, "one rank more, scaled": SCALES[0] * x}

    def boundary(self, manifold: Any, *, is_complex: bool = False) -> dict[str, tuple[Tensor, int]]:
        """Rank s < r: n r + s (k - r)."""
        (n, k), r = manifold.size, manifold.rank
        named = {}
        for s in sorted({0, r - 1} if r else set()):
            values = torch.ones(s, dtype=torch.float64)
            rank = (n * r + s * (k - r)) * (2 if is_complex else 1)
            named[f"rank {s}"] = with_singular_values((n, k), values, is_complex=is_complex), rank
        return named


class FixedRankMatrices(LowRankMatrices):
    """rank X = r."""

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The boundary too: one rank less, and zero."""
        n, k = manifold.size
        if not manifold.rank:
            return super().outside(manifold, dtype)
        less = torch.zeros(n, k, dtype=dtype)
        less.diagonal()[: manifold.rank - 1] = 1
        below = {"one rank less": less, "zero": 0 * less}
        return super().outside(manifold, dtype) | below

    def boundary(
        self,
        manifold: Any,  # noqa: ARG002
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> dict[str, tuple[Tensor, int]]:
        """None: the set has no boundary points of its own."""
        return {}
