"""Linear subspaces of square matrices: symmetric and skew-symmetric."""

from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.points import (
    SCALES,
    TINY,
    Batch,
    Generator,
    Named,
    Points,
    normal,
)


class SymmetricMatrices(Points):
    """X = Xᵀ, the Gaussian orthogonal ensemble."""

    sign = 1.0

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """Entry by entry from one normal matrix: √2 off the diagonal averages two N(0, 1)."""
        n = manifold.size[0]
        g = normal(rng, *batch, n, n, is_complex=is_complex)
        upper = g.triu(1) / 2**0.5
        return upper + self.sign * upper.mT + (1 + self.sign) / 2 * g.tril(0).triu(0)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """X + half a random point."""
        return x + self.random(manifold, tuple(x.shape[:-2]), rng, is_complex=x.is_complex()) / 2

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Zero, and all entries equal up to sign."""
        n = manifold.size[0]
        one = torch.ones(n, n, dtype=torch.complex128 if is_complex else torch.float64)
        full = one.triu(1) + self.sign * one.tril(-1) + (1 + self.sign) / 2 * torch.eye(n)
        return {"zero": 0 * one, "equal entries": full}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Scales, entries next to underflow, one entry far above the others."""
        full = self.ties(manifold, is_complex=dtype.is_complex)["equal entries"]
        spread = full.clone()
        spread[1:, 1:] *= TINY
        scaled = {f"scale {s:g}": s * full for s in SCALES}
        return scaled | {"tiny entries": TINY * full, "tiny beside large entries": spread}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The sign of one entry turned; 1×1 matrices are all symmetric."""
        if manifold.size[0] < 2:
            return {}
        x = self.ties(manifold)["equal entries"].to(dtype)
        x[0, 1] *= -1
        return {"one entry's sign": x, "one entry's sign, scaled": SCALES[0] * x}


class SkewMatrices(SymmetricMatrices):
    """X = -Xᵀ."""

    sign = -1.0

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """A diagonal."""
        eye = torch.eye(manifold.size[0], dtype=dtype)
        return super().outside(manifold, dtype) | ({"identity": eye} if len(eye) else {})
