"""Probability distributions, rows of them, and doubly stochastic matrices."""

from typing import Any

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.points.points import Batch, Generator, Named, Points

TINY = 1e-30
"""Its square underflows in float32."""
NEARBY_FACTOR = 1.5


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
