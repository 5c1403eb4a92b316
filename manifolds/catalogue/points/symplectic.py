"""Symplectic matrices K₁ diag(e^d, e^-d) K₂ from scipy's unitary group, and their columns."""

import math
from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.frames import haar
from manifolds.catalogue.points.points import (
    NEARBY_FACTOR,
    Batch,
    Generator,
    Named,
    Points,
    expm,
    hardest_condition,
    normal,
)


def form(n: int) -> Tensor:
    """J = [[0, I], [-I, 0]]; -> (2n, 2n)."""
    j = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    return torch.kron(j, torch.eye(n, dtype=torch.float64))


def orthosymplectic(batch: Batch, n: int, rng: Generator) -> Tensor:
    """[[P, Q], [-Q, P]] with P + iQ Haar in U(n); -> (*batch, 2n, 2n)."""
    z = haar(batch, n, n, rng, is_complex=True)
    return torch.cat([torch.cat([z.real, z.imag], -1), torch.cat([-z.imag, z.real], -1)], -2)


def stretch(d: Tensor) -> Tensor:
    """diag(e^d, e^-d); (*batch, n) -> (*batch, 2n, 2n)."""
    return torch.diag_embed(torch.cat([d, -d], dim=-1).exp())


class SymplecticMatrices(Points):
    """XᵀJX = J."""

    def random(
        self,
        manifold: Any,
        batch: Batch,
        rng: Generator,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """K₁ diag(e^d, e^-d) K₂, d normal of deviation 1/2."""
        n = manifold.size[0] // 2
        d = normal(rng, *batch, n) / 2
        x = orthosymplectic(batch, n, rng) @ stretch(d) @ orthosymplectic(batch, n, rng)
        return self.columns(manifold, x)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """exp(JS) X, S symmetric with ‖S‖₂ = log 1.5."""
        n = manifold.size[0] // 2
        g = normal(rng, *x.shape[:-2], 2 * n, 2 * n)
        s = g + g.mT
        s = s * math.log(NEARBY_FACTOR) / torch.linalg.matrix_norm(s, 2, keepdim=True)
        return expm(form(n) @ s) @ x

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """The identity, J, and equal stretches."""
        n = manifold.size[0] // 2
        if 0 in manifold.size:
            return {}
        eye = torch.eye(2 * n, dtype=torch.float64)
        named = {
            "identity": eye,
            "minus identity": -eye,
            "J": form(n),
            "equal stretches": stretch(torch.full((n,), math.log(2.0), dtype=torch.float64)),
        }
        return {name: self.columns(manifold, x) for name, x in named.items()}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Condition 0.01 / eps, diagonal and in a random basis."""
        n = manifold.size[0] // 2
        if 0 in manifold.size:
            return {}
        steep = stretch(
            torch.linspace(math.log(hardest_condition(dtype)) / 2, 0, n, dtype=torch.float64)
        )
        k1, k2 = (orthosymplectic((), n, numpy.random.default_rng(s)) for s in (n, n + 1))
        named = {"condition 0.01/eps, diagonal": steep, "condition 0.01/eps": k1 @ steep @ k2}
        return {name: self.columns(manifold, x).to(dtype) for name, x in named.items()}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Zero, a point scaled, and one with XᵀJX = -J."""
        if 0 in manifold.size:
            return {}
        n = manifold.size[0] // 2
        x = self.columns(manifold, torch.eye(2 * n, dtype=torch.float64)).to(dtype)
        signs = torch.tensor([1.0, -1.0]).repeat_interleave(manifold.size[1] // 2)
        return {"zero": 0 * x, "twice a point": 2 * x, "the other sign": x * signs.to(dtype)}

    def columns(self, manifold: Any, x: Tensor) -> Tensor:
        """The first k columns of either half."""
        n, k = (s // 2 for s in manifold.size)
        return torch.cat([x[..., :k], x[..., n : n + k]], dim=-1)
