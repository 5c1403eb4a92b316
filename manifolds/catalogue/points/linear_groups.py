"""Invertible matrices and matrices of determinant 1, from singular values and scipy's expm."""

import math
from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.frames import signed_permutation
from manifolds.catalogue.points.low_rank import with_singular_values
from manifolds.catalogue.points.points import (
    NEARBY_FACTOR,
    SCALES,
    Batch,
    Generator,
    Named,
    Points,
    expm,
    hardest_condition,
    normal,
)
from manifolds.catalogue.points.positive import spectrum


class InvertibleMatrices(Points):
    """det X ≠ 0: normal matrices."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """Independent N(0, 1) entries."""
        return normal(rng, *batch, *manifold.size, is_complex=is_complex)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:  # noqa: ARG002
        """X exp(E) with ‖E‖₂ = log 1.5, tr E = 0 for n > 1."""
        n = x.shape[-1]
        e = normal(rng, *x.shape, is_complex=x.is_complex())
        if n > 1:
            e = e - e.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None] * torch.eye(n)
        size = torch.linalg.matrix_norm(e, 2, keepdim=True)
        return x @ expm(math.log(NEARBY_FACTOR) * e / size)

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Repeated eigenvalues and singular values, on both sides of det = 0."""
        n = manifold.size[0]
        if not n:
            return {}
        eye = torch.eye(n, dtype=torch.complex128 if is_complex else torch.float64)
        pairs = eye * spectrum(n, 2.0, 2.0)
        flip = eye * spectrum(n, -1.0)
        return {
            "identity": eye,
            "minus identity": -eye,
            "one reflection": flip,
            "diagonal with pairs": pairs,
            "signed permutation": signed_permutation(n).to(eye),
        }

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Scales, and condition up to 0.01 / eps."""
        n, is_complex = manifold.size[0], dtype.is_complex
        if not n:
            return {}
        steep = torch.logspace(0, -math.log10(hardest_condition(dtype)), n, dtype=torch.float64)
        x = with_singular_values((n, n), spectrum(n, 2.0), is_complex=is_complex)
        return {f"scale {s:g}": s * x for s in SCALES} | {
            "condition 0.01/eps": with_singular_values((n, n), steep, is_complex=is_complex),
            "condition 0.01/eps, diagonal": torch.diag(steep),
        }

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The boundary: singular matrices."""
        n = manifold.size[0]
        if not n:
            return {}
        less = torch.diag(spectrum(n, 0.0)).to(dtype)
        return {"zero": 0 * less, "one rank less": less}


class UnimodularMatrices(InvertibleMatrices):
    """det X = 1: exp of traceless matrices."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """exp(A), A the traceless part of independent N(0, 1/n) entries."""
        n = manifold.size[0]
        if 0 in (n, *batch):
            return normal(rng, *batch, n, n, is_complex=is_complex)
        a = normal(rng, *batch, n, n, is_complex=is_complex) / n**0.5
        return expm(a - a.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None] * torch.eye(n))

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """X exp(E); 1 is alone in SL(1)."""
        return super().nearby(manifold, x, rng) if x.shape[-1] > 1 else x

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Those of positive determinant, divided by its root."""
        n = manifold.size[0]
        named = super().ties(manifold, is_complex=is_complex)
        determinants = {name: torch.linalg.det(x).real.item() for name, x in named.items()}
        return {m: x / determinants[m] ** (1 / n) for m, x in named.items() if determinants[m] > 0}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Condition up to 0.01 / eps, singular values s and 1/s."""
        n, is_complex = manifold.size[0], dtype.is_complex
        if n < 2:
            return {}
        half = math.log10(hardest_condition(dtype)) / 2
        steep = torch.logspace(half, -half, n, dtype=torch.float64)
        x = with_singular_values((n, n), steep, is_complex=is_complex)
        turn = torch.linalg.det(with_singular_values((n, n), spectrum(n), is_complex=is_complex))
        x[:, 0] /= turn
        return {"condition 0.01/eps": x, "condition 0.01/eps, diagonal": torch.diag(steep)}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Singular matrices, other determinants, one of them -1."""
        n = manifold.size[0]
        if not n:
            return {}
        eye = torch.eye(n, dtype=dtype)
        flip = torch.diag(spectrum(n, -1.0)).to(dtype)
        other = {"twice the identity": 2 * eye, "half the identity": eye / 2, "det = -1": flip}
        return super().outside(manifold, dtype) | other
