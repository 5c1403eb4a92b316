"""Positive definite and semidefinite matrices, from spectra and scipy's Haar eigenvectors."""

import math
from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.frames import haar
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


def with_spectrum(values: Tensor, *, is_complex: bool = False) -> Tensor:
    """V diag(values) Vᴴ with a fixed Haar V; (n,) -> (n, n)."""
    n = len(values)
    v = haar((), n, n, numpy.random.default_rng(n), is_complex=is_complex)
    x = (v * values) @ v.mH
    return (x + x.mH) / 2


def spectrum(n: int, *leading: float) -> Tensor:
    """`leading`, then ones; -> (n,)."""
    values = torch.ones(n, dtype=torch.float64)
    values[: len(leading)] = torch.tensor(leading[:n], dtype=torch.float64)
    return values


class SemidefiniteMatrices(Points):
    """X = Xᴴ ⪰ 0: G Gᴴ / m with G normal n × m, that is Wishart with m degrees of freedom."""

    freedom = 1
    """m / n."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """Wishart, mean I."""
        n = manifold.size[0]
        m = self.freedom * n
        g = normal(rng, *batch, n, m, is_complex=is_complex)
        return g @ g.mH / max(m, 1)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:  # noqa: ARG002
        """L exp(S) Lᴴ with X = L Lᴴ and ‖S‖₂ = log 1.5."""
        g = normal(rng, *x.shape, is_complex=x.is_complex())
        s = g + g.mH
        s = s * math.log(NEARBY_FACTOR) / torch.linalg.matrix_norm(s, 2, keepdim=True)
        l = torch.linalg.cholesky(x)
        y = l @ expm(s) @ l.mH
        return (y + y.mH) / 2

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:
        """Repeated eigenvalues."""
        n = manifold.size[0]
        if not n:
            return {}
        named = {"identity": spectrum(n), "all eigenvalues but one equal": spectrum(n, 2.0)}
        eye = torch.eye(n, dtype=torch.complex128 if is_complex else torch.float64)
        points = {k: with_spectrum(v, is_complex=is_complex) for k, v in named.items()}
        return points | {"identity": eye, "diagonal with pairs": eye * spectrum(n, 2.0, 2.0)}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Scales, and condition up to 0.01 / eps, in a random basis and on the diagonal."""
        n, is_complex = manifold.size[0], dtype.is_complex
        if not n:
            return {}
        steep = torch.logspace(0, -math.log10(hardest_condition(dtype)), n, dtype=torch.float64)
        x = with_spectrum(spectrum(n, 2.0), is_complex=is_complex)
        return {f"scale {s:g}": s * x for s in SCALES} | {
            "condition 0.01/eps": with_spectrum(steep, is_complex=is_complex),
            "condition 0.01/eps, diagonal": torch.diag(steep),
            "condition 0.01/eps, diagonal rising": torch.diag(steep.flip(0)),
        }

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Asymmetric and indefinite."""
        n = manifold.size[0]
        if not n:
            return {}
        eye = torch.eye(n, dtype=dtype)
        indefinite = with_spectrum(spectrum(n, -1.0)).to(dtype)
        points = {"minus identity": -eye, "indefinite": indefinite}
        return points | ({"asymmetric": eye + torch.ones_like(eye).triu(1) / n} if n > 1 else {})

    def boundary(self, manifold: Any, *, is_complex: bool = False) -> dict[str, tuple[Tensor, int]]:
        """Rank r: n r - r (r - 1) / 2, in the Hermitian case 2 n r - r²."""
        n = manifold.size[0]
        named = {}
        for r in sorted({0, n // 2, max(n - 1, 0)} if n else set()):
            values = spectrum(n, *[0.0] * (n - r))
            rank = 2 * n * r - r * r if is_complex else n * r - r * (r - 1) // 2
            named[f"rank {r}"] = with_spectrum(values, is_complex=is_complex), rank
        return named


class DefiniteMatrices(SemidefiniteMatrices):
    """X = Xᴴ ≻ 0."""

    freedom = 2

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """The boundary too."""
        n = manifold.size[0]
        singular = {"zero": torch.zeros(n, n, dtype=dtype)} if n else {}
        if n > 1:
            singular["all entries 1"] = torch.ones(n, n, dtype=dtype)
        return super().outside(manifold, dtype) | singular

    def boundary(
        self,
        manifold: Any,  # noqa: ARG002
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> dict[str, tuple[Tensor, int]]:
        """None: the set is open."""
        return {}
