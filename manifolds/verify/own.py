"""Points of a manifold nobody wrote a catalogue line for: its own sampler has to do."""

from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.points import Batch, Generator, Points, normal

NEARBY = 1 / 4
"""Noise of this relative size, then the nearest point."""


class OwnPoints(Points):
    """Random points by `random_point`, targets by `project`."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """`random_point`, seeded."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        dtype = torch.complex128 if is_complex else torch.float64
        return manifold.random_point(*batch, generator=generator, dtype=dtype)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """The projection of x plus noise."""
        g = normal(rng, *x.shape, is_complex=x.is_complex())
        size = torch.linalg.vector_norm(x) / torch.linalg.vector_norm(g)
        return manifold.project(x + NEARBY * size * g)

    def ties(self, manifold: Any, *, is_complex: bool = False) -> dict[str, Tensor]:
        """The nearest points to zero and to ones on the diagonal: what initializers produce."""
        dtype = torch.complex128 if is_complex else torch.float64
        zero = torch.zeros(manifold.size, dtype=dtype)
        corner = zero.clone()
        least = min(manifold.size, default=0)
        for i in range(least):
            corner[(i,) * corner.ndim] = 1
        named = {"nearest to zero": zero, "nearest to the identity": corner}
        return {name: manifold.project(x) for name, x in named.items()} if least else {}
