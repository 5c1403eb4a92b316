"""Products of manifolds: several tensors, each on its own set."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn

from manifolds.catalogue.view import require_manifold
from manifolds.interface import Manifold

SEED = 0
"""Of the trial point whose coordinates are counted."""


class Product(nn.Module):
    """M₁ × … × M_m; a value is the tuple (x₁, …, x_m), x_i (*batch, *M_i.size).

    The parameters are those of M₁, then those of M₂, …, `counts` tells how many tensors of each.
    `forward` and `right_inverse` work factor by factor; tuples stand for what is a tensor
    elsewhere. `violation` is the largest of the factors', `project` projects each factor (nearest
    in the sum of the factors' squared norms where each is nearest in its own), `random_point` draws
    independent factors, one after the other from one generator, `dim` is the sum. `Joined` makes
    one vector of the tuple, where one tensor is wanted. TypeError for no tuple, ValueError for one
    of another length.
    """

    def __init__(self, *manifolds: Manifold) -> None:
        super().__init__()
        for m in manifolds:
            require_manifold("Product", m)
        self.manifolds = nn.ModuleList(manifolds)
        self.counts = tuple(map(_count, manifolds))

    def __iter__(self) -> Iterator[Manifold]:
        """The factors."""
        return iter(self.factors)

    @property
    def factors(self) -> list[Manifold]:
        """The factors; the compiler of torch 2.6 iterates over a list, not over a module."""
        return cast("list[Manifold]", list(self.manifolds))

    def parts(self, parameters: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
        """The parameters of each factor; ValueError where the number is another."""
        if len(parameters) != sum(self.counts):
            wanted = " + ".join(map(str, self.counts))
            raise ValueError(f"Product takes {wanted} parameters, got {len(parameters)}")
        ends = accumulate(self.counts)
        return [tuple(parameters[e - c : e]) for e, c in zip(ends, self.counts, strict=True)]

    def forward(self, *parameters: Tensor) -> tuple[Tensor, ...]:
        """Unconstrained parameters -> a point of each factor."""
        return tuple(m(*p) for m, p in zip(self.factors, self.parts(parameters), strict=True))

    @torch.no_grad()
    def right_inverse(self, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """A tuple of points -> parameters with forward(*right_inverse(x)) = x to rounding.

        Every factor is validated before any is written: where one raises, as `Manifold` says, all
        keep their state.
        """
        pairs = self._pairs(x)
        for m, y in pairs:
            m.checked(y)
        found: list[Tensor] = []
        with _all_or_nothing(self):
            for m, y in pairs:
                with m.projecting():  # what there is to say of a factor has been said
                    p = m.right_inverse(y)
                found.extend(p if isinstance(p, tuple) else (p,))
        return tuple(found)

    def violation(self, x: tuple[Tensor, ...]) -> Tensor:
        """(*batch,): the largest relative violation of the factors; ValueError for no factor."""
        if not self.counts:
            raise ValueError("a Product of no manifolds has points, but no batch to measure")
        return torch.stack(
            torch.broadcast_tensors(*(m.violation(y) for m, y in self._pairs(x)))
        ).amax(0)

    def project(self, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Each factor's projection."""
        return tuple(m.project(y) for m, y in self._pairs(x))

    def random_point(
        self,
        *batch: int,
        generator: Generator | None = None,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> tuple[Tensor, ...]:
        """Independent random points of the factors."""
        options: dict[str, Any] = {"generator": generator, "dtype": dtype, "device": device}
        return tuple(m.random_point(*batch, **options) for m in self)

    @property
    def dim(self) -> int:
        """The sum of the factors'."""
        return sum(m.dim for m in self)

    @property
    def complex_dim(self) -> int:
        """The sum of the factors'."""
        return sum(m.complex_dim for m in self)

    def _pairs(self, x: tuple[Tensor, ...]) -> list[tuple[Manifold, Tensor]]:
        if not isinstance(x, tuple | list):
            raise TypeError(f"Product needs a tuple of tensors, got {type(x).__name__}")
        if len(x) != len(self.counts):
            raise ValueError(f"Product needs {len(self.counts)} tensors, got {len(x)}")
        return list(zip(self, x, strict=True))


def _count(manifold: Manifold) -> int:
    """How many parameters a manifold takes, from the coordinates of a point by a copy of it."""
    point = manifold.random_point(generator=torch.Generator().manual_seed(SEED))
    found = copy.deepcopy(manifold).right_inverse(point)
    return len(found) if isinstance(found, tuple) else 1


@contextmanager
def _all_or_nothing(product: Product) -> Iterator[None]:
    """Restore buffers, which are replaced and never written to, where the block raises."""
    modules = list(product.modules())
    before = [(dict(m._buffers), getattr(m, "_assigned", None)) for m in modules]
    try:
        yield
    except BaseException:
        for module, (buffers, assigned) in zip(modules, before, strict=True):
            module._buffers = buffers
            if assigned is not None:
                module._assigned = assigned
        raise
