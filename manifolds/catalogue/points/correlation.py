"""Correlation matrices, from Gram matrices of normalized normal vectors and from formulas."""

from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.points import Batch, Generator, Named, hardest_condition
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
