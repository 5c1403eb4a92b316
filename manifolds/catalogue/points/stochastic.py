"""Probability distributions, rows of them, and doubly stochastic matrices."""

from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.points import (
    NEARBY_FACTOR,
    TINY,
    Batch,
    Generator,
    Named,
    Points,
)

SINKHORN_STEPS = 1000
"""Exponential entries of small matrices converge by a factor below 0.96 a step: to 1e-17."""


class Distributions(Points):
    """x_i > 0, Σ x_i = 1 along the last dimension."""

    def random(
        self,
        manifold: Any,
        batch: Batch,
        rng: Generator,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Dirichlet with parameters 1, by numpy."""
        *rows, n = manifold.size
        return torch.as_tensor(rng.dirichlet(numpy.ones(n), size=(*batch, *rows)))

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:  # noqa: ARG002
        """Ratios of entries changed by at most 1.5²."""
        y = x * NEARBY_FACTOR ** torch.as_tensor(rng.uniform(-1, 1, x.shape))
        return y / y.sum(-1, keepdim=True)

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """Uniform, and one entry half of all."""
        *_, n = manifold.size
        uneven = torch.full((n,), 1 / 2 / max(n - 1, 1), dtype=torch.float64)
        uneven[0] = 1 / 2 if n > 1 else 1
        uniform = torch.full((n,), 1 / n, dtype=torch.float64)
        return self._shaped(manifold, {"uniform": uniform, "one half": uneven})

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Entries of thirty orders of magnitude, all but one tiny, one tiny."""
        *_, n = manifold.size
        spread = torch.logspace(0, -30, n, dtype=torch.float64)
        corner = torch.full((n,), TINY, dtype=torch.float64)
        corner[-1] = 1
        edge = torch.ones(n, dtype=torch.float64)
        edge[0] = TINY if n > 1 else 1
        named = {"spread": spread, "next to a corner": corner, "next to a face": edge / edge.sum()}
        return self._shaped(manifold, {k: x / x.sum() for k, x in named.items()})

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Twice a point, zero, a corner, a negative entry."""
        *_, n = manifold.size
        if 0 in manifold.size:
            return {}
        uniform = torch.full((n,), 1 / n, dtype=torch.float64)
        named = {"twice a point": 2 * uniform, "zero": 0 * uniform}
        if n > 1:
            corner = torch.eye(n, dtype=torch.float64)[0]
            named |= {"a corner": corner, "a negative entry": 2 * corner - torch.eye(n)[1]}
        return self._shaped(manifold, named)

    def _shaped(self, manifold: Any, named: Named) -> Named:
        """The same distribution in each row."""
        return {name: x.expand(manifold.size) for name, x in named.items()}


class DoublyStochasticMatrices(Points):
    """x_ij > 0, all row and column sums 1."""

    def random(
        self,
        manifold: Any,
        batch: Batch,
        rng: Generator,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Exponential numbers by numpy, rows and columns divided by their sums in turn."""
        x = rng.exponential(size=(*batch, *manifold.size))
        for _ in range(SINKHORN_STEPS if x.size else 0):
            x /= x.sum(-1, keepdims=True)
            x /= x.sum(-2, keepdims=True)
        return torch.as_tensor(x)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """A quarter of the way to a random point: the set is convex."""
        return x + (self.random(manifold, tuple(x.shape[:-2]), rng) - x) / 4

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """Uniform, half way to the identity, and half way to a cyclic permutation."""
        eye, uniform = _eye_and_uniform(manifold)
        named = {"half identity": eye, "half permutation": eye.roll(1, 0)}
        return {"uniform": uniform} | {k: (x + uniform) / 2 for k, x in named.items()}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Next to permutations and to a direct sum of two blocks, by little and by next to none."""
        eye, uniform = _eye_and_uniform(manifold)
        half = len(eye) // 2
        sizes = [s for s in (half, len(eye) - half) if s]
        blocks = torch.block_diag(*[torch.ones_like(eye[:s, :s]) / s for s in sizes])
        named = {"identity": eye, "permutation": eye.roll(1, 0)}
        named |= {"blocks": blocks} if sizes else {}
        return {
            f"{d:g} from the {name}": (1 - d) * x + d * uniform
            for name, x in named.items()
            for d in (1e-9, TINY)
        }

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Twice a point, zero, a permutation, sums right in rows only, a negative entry."""
        eye, uniform = _eye_and_uniform(manifold)
        named = {"twice a point": 2 * uniform, "zero": 0 * uniform}
        if len(eye) > 1:
            rows = uniform.clone()
            rows[:, 0] *= 2
            named |= {"a permutation": eye.roll(1, 0), "negative": 2 * uniform - eye}
            named |= {"rows only": rows / rows.sum(-1, keepdim=True)}
        return named if len(eye) else {}


def _eye_and_uniform(manifold: Any) -> tuple[Tensor, Tensor]:
    """I and the matrix of entries 1 / n."""
    n = manifold.size[0]
    eye = torch.eye(n, dtype=torch.float64)
    return eye, torch.ones_like(eye) / max(n, 1)
