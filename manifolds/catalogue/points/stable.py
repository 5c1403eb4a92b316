"""Stable matrices, from their eigenvalues by numpy, Jordan blocks and scipy's Haar bases."""

import math
from abc import abstractmethod
from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.frames import haar, rotation_by
from manifolds.catalogue.points.points import (
    ROUNDINGS,
    SCALES,
    Batch,
    Generator,
    Named,
    Points,
    normal,
)

LEAST_GAP = 1e-8
"""To the boundary, in float64: ten times what `SchurStable` takes for the boundary itself,
1 - ρ < 4 (2 n eps)^(2/3), 7e-10 for n = 5."""
NEARBY = 1 / 4
"""Of the distance to the boundary: the size of noise, halved until it keeps half that distance."""


def eigenvalues(x: Tensor) -> Tensor:
    """By numpy; (*batch, n, n) -> (*batch, n)."""
    return torch.from_numpy(numpy.linalg.eigvals(x.numpy(force=True)).astype(complex))


def ginibre(rng: Generator, batch: Batch, n: int) -> Tensor:
    """Independent N(0, 1/n) entries."""
    return normal(rng, *batch, n, n) / max(n, 1) ** 0.5


def jordan(n: int, value: float, coupling: float = 1.0) -> Tensor:
    """One Jordan block; (n, n)."""
    return value * torch.eye(n).double() + coupling * torch.ones(n, n).double().triu(1).tril(1)


def quarter_turns(n: int) -> Tensor:
    """Skew, with the eigenvalues ±i, and 0 if n is odd; (n, n)."""
    x = rotation_by(math.pi / 2, n).round()
    return (x - x.mT) / 2


def turned_round(x: Tensor) -> Tensor:
    """V X Vᵀ with a fixed Haar V."""
    v = haar((), len(x), len(x), numpy.random.default_rng(len(x)))
    return v @ x @ v.mT


def gap(dtype: torch.dtype) -> float:
    """Near the boundary, still a hundred roundings away."""
    return max(LEAST_GAP, ROUNDINGS * torch.finfo(dtype).eps)


class StableMatrices(Points):
    """Points of an open set of eigenvalues; unit points have spectral radius below 1."""

    @abstractmethod
    def from_unit(self, manifold: Any, y: Tensor) -> Tensor:
        """ρ(Y) < 1 -> a stable X with the same eigenvectors and blocks; (n, n)."""

    @abstractmethod
    def distance(self, manifold: Any, x: Tensor) -> Tensor:
        """Of the eigenvalues to the boundary, > 0 inside; (*batch, n, n) -> (*batch,)."""

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """X + noise that keeps half the distance to the boundary."""
        noise = self.distance(manifold, x) * NEARBY * ginibre(rng, (), x.shape[-1])
        while self.distance(manifold, x + noise) < self.distance(manifold, x) / 2:
            noise = noise / 2
        return x + noise

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """Zero, multiples of I, equal pairs, Jordan blocks."""
        n = manifold.size[0]
        if not n:
            return {}
        unit = {
            "zero": jordan(n, 0, 0),
            "multiple of the identity": jordan(n, 0.5, 0),
            "equal pairs": rotation_by(1.0, n) / 2,
            "equal pairs in a random basis": turned_round(rotation_by(1.0, n) / 2),
            "nilpotent": jordan(n, 0),
            "Jordan block": jordan(n, 0.5, 0.5),
            "Jordan block in a random basis": turned_round(jordan(n, -0.5, 0.5)),
        }
        return {name: self.from_unit(manifold, y) for name, y in unit.items()}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Next to the boundary, and far from normal."""
        n = manifold.size[0]
        if not n:
            return {}
        close = 1 - gap(dtype)
        spread = torch.diag(torch.linspace(-close, close, n, dtype=torch.float64))
        far = jordan(n, 0.5, 0)
        far[0, -1] += 0.1 / torch.finfo(dtype).eps ** 0.5 if n > 1 else 0
        unit = {
            "next to the boundary": jordan(n, close, 0),
            "next to the boundary, spread": turned_round(spread),
            "next to the boundary, pairs": turned_round(close * rotation_by(2.0, n)),
            "far from normal": turned_round(far),
            "full triangle": jordan(n, 0.5, 0) + torch.ones(n, n).double().triu(1),
            "nilpotent, tiny": jordan(n, 0, 1e-30),
            "nilpotent, large": jordan(n, 0, SCALES[1]),
        }
        return {name: self.from_unit(manifold, y) for name, y in unit.items()}


class SchurStableMatrices(StableMatrices):
    """ρ(X) < r."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """r G / √(1 + ρ(G)²)."""
        del is_complex  # real only
        g = ginibre(rng, batch, manifold.size[0])
        if not g.numel():
            return g
        rho = eigenvalues(g).abs().amax(-1)[..., None, None]
        return manifold.radius * g / (1 + rho**2).sqrt()

    def from_unit(self, manifold: Any, y: Tensor) -> Tensor:
        """r Y."""
        return manifold.radius * y

    def distance(self, manifold: Any, x: Tensor) -> Tensor:
        """r - ρ."""
        return manifold.radius - eigenvalues(x).abs().amax(-1)

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """On the circle, and outside it."""
        n, r = manifold.size[0], manifold.radius
        if not n:
            return {}
        named = {
            "identity": jordan(n, 1, 0),
            "minus identity": -jordan(n, 1, 0),
            "quarter turns": rotation_by(math.pi / 2, n).round(),
            "twice the identity": jordan(n, 2, 0),
            "unstable Jordan block": jordan(n, 1.5),
            "large": jordan(n, SCALES[1], 0),
        }
        return {name: (r * x).to(dtype) for name, x in named.items()}


class HurwitzMatrices(StableMatrices):
    """Re λ(X) < -s."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """G - (α(G) + 1 + s) I."""
        del is_complex  # real only
        n = manifold.size[0]
        g = ginibre(rng, batch, n)
        if not g.numel():
            return g
        alpha = eigenvalues(g).real.amax(-1)[..., None, None]
        return g - (alpha + 1 + manifold.shift) * torch.eye(n).double()

    def from_unit(self, manifold: Any, y: Tensor) -> Tensor:
        """Y - (1 + s) I."""
        return y - (1 + manifold.shift) * torch.eye(len(y)).double()

    def distance(self, manifold: Any, x: Tensor) -> Tensor:
        """-α - s."""
        return -manifold.shift - eigenvalues(x).real.amax(-1)

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Scales, fast oscillations and a wide spectrum too."""
        n = manifold.size[0]
        if not n:
            return super().hard(manifold, dtype)
        eye, close = torch.eye(n).double(), gap(dtype)
        wide = -torch.diag(torch.logspace(0, math.log10(close), n, dtype=torch.float64))
        named = {f"scale {s:g}": s * (jordan(n, 0) - 2 * eye) for s in SCALES} | {
            "fast oscillations": SCALES[1] * quarter_turns(n) - eye,
            "wide spectrum": turned_round(wide),
            "large triangle": -eye + SCALES[1] * torch.ones(n, n).double().triu(1),
        }
        shifted = {name: x - manifold.shift * eye for name, x in named.items()}
        return super().hard(manifold, dtype) | shifted

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """On the axis, and to the right of it."""
        n = manifold.size[0]
        if not n:
            return {}
        eye = torch.eye(n).double()
        named = {
            "on the boundary": 0 * eye,
            "oscillations": quarter_turns(n),
            "right of it": eye,
            "unstable Jordan block": jordan(n, 0.5),
            "large": SCALES[1] * eye,
        }
        return {name: (x - manifold.shift * eye).to(dtype) for name, x in named.items()}
