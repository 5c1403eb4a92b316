"""Positive semidefinite matrices of bounded and of fixed rank, from spectra and Haar vectors."""

import math
from typing import Any

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
from manifolds.catalogue.points.positive import with_spectrum


def of_rank(n: int, values: Tensor, *, is_complex: bool = False) -> Tensor:
    """V diag(values, 0, …) Vᴴ with a fixed Haar V; (r,) -> (n, n)."""
    padded = torch.nn.functional.pad(values, (0, n - len(values)))
    return with_spectrum(padded, is_complex=is_complex)


class LowRankPSDMatrices(Points):
    """X = Xᴴ ⪰ 0, rank X <= r: G Gᴴ / r with G normal n × r."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """G Gᴴ / r."""
        g = normal(rng, *batch, manifold.size[0], manifold.rank, is_complex=is_complex)
        return g @ g.mH / max(manifold.rank, 1)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """The range turned by 1/2, eigenvalues within a factor 1.5."""
        values, v = (a[..., -manifold.rank :] for a in torch.linalg.eigh(x))
        factor = NEARBY_FACTOR ** torch.from_numpy(rng.uniform(-1, 1, values.shape))
        v = turned(v, rng, NEARBY_ANGLE)
        return (v * (values * factor).unsqueeze(-2)) @ v.mH

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Repeated eigenvalues, in a random basis and on the diagonal."""
        n, r = manifold.size[0], manifold.rank
        if not r:
            return {}
        x = of_rank(n, torch.ones(r, dtype=torch.float64), is_complex=is_complex)
        diagonal = torch.zeros_like(x)
        diagonal.diagonal()[:r] = 1
        return {"equal eigenvalues": x, "diagonal": diagonal}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Scales, condition up to 0.01 / eps."""
        n, r, is_complex = manifold.size[0], manifold.rank, dtype.is_complex
        if not r:
            return {}
        steep = torch.logspace(0, -math.log10(hardest_condition(dtype)), r, dtype=torch.float64)
        tied = self.ties(manifold, is_complex=is_complex)["equal eigenvalues"]
        diagonal = torch.diag(torch.nn.functional.pad(steep, (n - r, 0)))
        return {f"scale {s:g}": s * tied for s in SCALES} | {
            "condition 0.01/eps": of_rank(n, steep, is_complex=is_complex),
            "condition 0.01/eps, diagonal": diagonal,
        }

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Rank r + 1 where the size allows it, a negative eigenvalue, asymmetric."""
        n, r = manifold.size[0], manifold.rank
        if not r:
            return {}
        values = torch.ones(min(r + 1, n), dtype=torch.float64)
        signed = values[:r].clone()
        signed[0] = -1
        points = {"indefinite": of_rank(n, signed), "minus a point": -of_rank(n, values[:r])}
        if n > r:
            points |= {"one rank more": of_rank(n, values)}
            points |= {"one rank more, scaled": SCALES[0] * points["one rank more"]}
        if n > 1:
            points["asymmetric"] = torch.eye(n, dtype=torch.float64)
            points["asymmetric"][0, 1] = 1
        return {name: x.to(dtype) for name, x in points.items()}

    def boundary(self, manifold: Any, *, is_complex: bool = False) -> dict[str, tuple[Tensor, int]]:
        """Rank s < r: n s - s (s - 1) / 2, in the Hermitian case 2 n s - s²."""
        n, r = manifold.size[0], manifold.rank
        named = {}
        for s in sorted({0, r - 1} if r else set()):
            x = of_rank(n, torch.ones(s, dtype=torch.float64), is_complex=is_complex)
            named[f"rank {s}"] = x, 2 * n * s - s * s if is_complex else n * s - s * (s - 1) // 2
        return named


class FixedRankPSDMatrices(LowRankPSDMatrices):
    """X = Xᴴ ⪰ 0, rank X = r."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """Q H Hᴴ Qᴴ / 2r, Q Haar n × r, H normal r × 2r."""
        n, r = manifold.size[0], manifold.rank
        q = haar(batch, n, r, rng, is_complex=is_complex)
        k = q @ normal(rng, *batch, r, 2 * r, is_complex=is_complex)
        return k @ k.mH / max(2 * r, 1)

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The boundary too."""
        below = {f"of {k}": x.to(dtype) for k, (x, _) in super().boundary(manifold).items()}
        return super().outside(manifold, dtype) | below

    def boundary(
        self,
        manifold: Any,  # noqa: ARG002
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> dict[str, tuple[Tensor, int]]:
        """None: the set has no boundary points of its own."""
        return {}
