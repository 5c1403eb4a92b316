"""Correlation matrices, from Gram matrices of normalized normal vectors and from formulas."""

from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.frames import NEARBY_ANGLE
from manifolds.catalogue.points.points import (
    Batch,
    Generator,
    Named,
    Points,
    hardest_condition,
    normal,
    turned,
)
from manifolds.catalogue.points.positive import DefiniteMatrices


def scaled_to_ones(x: Tensor) -> Tensor:
    """D X D with ones on the diagonal."""
    d = x.diagonal(dim1=-2, dim2=-1).sqrt()
    return x / (d.unsqueeze(-1) * d.unsqueeze(-2))


def equicorrelation(n: int, c: float) -> Tensor:
    """Ones on the diagonal, c off it: eigenvalues 1 - c (n - 1 times) and 1 + (n - 1) c."""
    return (1 - c) * torch.eye(n, dtype=torch.float64) + c


class CorrelationMatrices(DefiniteMatrices):
    """C ≻ 0 with unit diagonal: normal n × 2n with normalized rows, times its transpose."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """A Wishart matrix with 2n degrees of freedom, scaled to unit diagonal."""
        return scaled_to_ones(super().random(manifold, batch, rng, is_complex=is_complex))

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """Spectrum within a factor 1.5, scaled to unit diagonal."""
        return scaled_to_ones(super().nearby(manifold, x, rng))

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """Repeated eigenvalues."""
        n = manifold.size[0]
        if n < 2:
            return {"one": torch.ones(n, n, dtype=torch.float64)} if n else {}
        blocks = torch.block_diag(equicorrelation(2, 0.5), torch.eye(n - 2, dtype=torch.float64))
        return {
            "identity": equicorrelation(n, 0.0),
            "equal correlations": equicorrelation(n, 0.5),
            "equal negative correlations": equicorrelation(n, -0.5 / (n - 1)),
            "one pair": blocks,
        }

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Condition 0.01 / eps, from one small eigenvalue or from all but one; tiny entries."""
        n = manifold.size[0]
        if n < 2:
            return {}
        small = 1 / hardest_condition(dtype)  # the largest eigenvalue is at most n
        signs = torch.tensor([(-1.0) ** i for i in range(n)], dtype=torch.float64)
        near = equicorrelation(n, 1 - n * small)
        pair = torch.eye(n, dtype=torch.float64)
        pair[0, 1] = pair[1, 0] = 2 * small - 1
        return {
            "all correlations next to 1": near,
            "all correlations next to ±1": near * torch.outer(signs, signs),
            "the least equal correlations": equicorrelation(n, (2 * small - 1) / (n - 1)),
            "a correlation next to -1": pair,
            "a correlation next to -1, last": pair.flip(0, 1),
            "correlations 1e-30": equicorrelation(n, 1e-30),
        }

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Another diagonal, asymmetric, indefinite, and the boundary."""
        n = manifold.size[0]
        if not n:
            return {}
        eye = torch.eye(n, dtype=dtype)
        points = {"zero": 0 * eye, "twice the identity": 2 * eye, "minus identity": -eye}
        if n > 1:
            points["all entries 1"] = torch.ones(n, n, dtype=dtype)
            points["indefinite"] = equicorrelation(n, -2.0).to(dtype)
            points["asymmetric"] = eye + torch.ones_like(eye).triu(1) / (2 * n)
        return points


def rows_on_axes(n: int, r: int) -> Tensor:
    """Row i is e_(i mod r): groups of variables that are equal, and uncorrelated otherwise."""
    return torch.eye(r, dtype=torch.float64)[torch.arange(n) % r]


class LowRankCorrelationMatrices(Points):
    """C = F Fᵀ, unit rows of F uniform on the sphere of R^r."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """Normal rows, normalized."""
        g = normal(rng, *batch, manifold.size[0], manifold.rank, is_complex=is_complex)
        f = g / torch.linalg.vector_norm(g, dim=-1, keepdim=True)
        return f @ f.mT

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """Every row turned by at most 1/2."""
        values, v = (a[..., -manifold.rank :] for a in torch.linalg.eigh(x))
        f = v * values.clamp_min(0).sqrt().unsqueeze(-2)
        rows = [turned(row.unsqueeze(-1), rng, NEARBY_ANGLE).squeeze(-1) for row in f]
        f = torch.stack(rows)
        return f @ f.mT

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """Groups of equal variables, equal in size or not, and of opposite ones."""
        n, r = manifold.size[0], manifold.rank
        if not r:
            return {}
        f = rows_on_axes(n, r)
        signs = torch.tensor([(-1.0) ** (i // r) for i in range(n)], dtype=torch.float64)
        last = torch.eye(r, dtype=torch.float64)[torch.arange(n).clamp_max(r - 1)]
        factors = {
            "groups": f,
            "groups and their opposites": signs.unsqueeze(-1) * f,
            "one large group": last,
        }
        return {name: g @ g.mT for name, g in factors.items()}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The r-th eigenvalue 0.01 / eps below the first; tiny correlations."""
        n, r = manifold.size[0], manifold.rank
        if r < 2:
            return {}
        small = (n / hardest_condition(dtype)) ** 0.5
        first, other = torch.zeros(r, dtype=torch.float64), rows_on_axes(n, r)
        first[0] = 1
        factors = {"rows next to one another": first + small * other}
        factors["correlations 1e-30"] = other + 1e-30 * other.roll(1, 1)
        named = {}
        for name, g in factors.items():
            f = g / torch.linalg.vector_norm(g, dim=-1, keepdim=True)
            named[name] = f @ f.mT
        return named

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """One rank more, another diagonal, asymmetric, indefinite."""
        n, r = manifold.size[0], manifold.rank
        if not n:
            return {}
        eye = torch.eye(n, dtype=torch.float64)
        points = {"zero": 0 * eye, "twice a point": 2 * torch.ones_like(eye), "minus one": -eye}
        if n > r:
            f = rows_on_axes(n, r + 1)
            points["one rank more"] = f @ f.mT
        if n > 1:
            points["asymmetric"] = eye + torch.ones_like(eye).triu(1) / (2 * n)
            points["indefinite"] = equicorrelation(n, -2.0)
        return {name: x.to(dtype) for name, x in points.items()}

    def boundary(
        self,
        manifold: Any,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> dict[str, tuple[Tensor, int]]:
        """Rank s < r: n (s - 1) - s (s - 1) / 2."""
        n, r = manifold.size[0], manifold.rank
        named = {}
        for s in sorted({1, r - 1} - {0} if r > 1 else set()):
            f = rows_on_axes(n, s)
            named[f"rank {s}"] = f @ f.mT, n * (s - 1) - s * (s - 1) // 2
        return named
