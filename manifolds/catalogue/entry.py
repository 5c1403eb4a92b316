"""A line of the catalogue: a manifold and what tests, tables and figures need to know of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from manifolds.catalogue.points.geodesics import Claim
from manifolds.catalogue.points.points import Points
from manifolds.interface import Manifold

Size = tuple[int, ...]
Options = dict[str, Any]
COMPACT = 1e6
"""Angles of a compact set beyond this have lost all digits of float32: nothing new happens."""


def no_options(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """The constructor takes nothing but sizes."""
    return ({},)


def compact_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001 -- a constant
    """Parameters of every size are fine, `COMPACT` stands for all."""
    return COMPACT


def no_claim(manifold: Manifold) -> Claim | None:  # noqa: ARG001 -- whatever it is
    """Straight lines of parameters claim to follow no geodesic."""
    return None


@dataclass(frozen=True)
class Entry:
    """A manifold class with what is known about it. The first size is the typical one."""

    manifold: type[Manifold]
    formula: str
    """The set, one short line."""
    reference: str
    sizes: tuple[Size, ...]
    points: Points
    """Points of the set from a source that shares no code with it."""
    options: Callable[[Size], tuple[Options, ...]] = no_options
    huge: Callable[[Manifold, torch.dtype], float] = compact_scale
    """The largest scale of normal parameters whose image the dtype represents."""
    claim: Callable[[Manifold], Claim | None] = no_claim
    """Which geodesic a straight line of parameters follows, and to which order."""
    build: Callable[..., Manifold] | None = field(default=None, repr=False)
    """size, options -> instance, where that is not the class itself."""

    @property
    def name(self) -> str:
        """The class's name."""
        return self.manifold.__name__

    @property
    def complex_form(self) -> bool:
        """Whether complex tensors are points too."""
        return self.manifold.complex_form

    @property
    def real_form(self) -> bool:
        """Whether real tensors are points."""
        return self.manifold.real_form

    def cases(self) -> Iterator["Case"]:
        """Sizes x options, the typical size first."""
        for size in self.sizes:
            for options in self.options(size):
                yield Case(self, size, tuple(options.items()))


@dataclass(frozen=True)
class Case:
    """One instance to try: an entry with sizes and options; calling it makes a fresh manifold."""

    entry: Entry = field(repr=False)
    size: Size
    options: tuple[tuple[str, Any], ...] = ()

    def __call__(self) -> Manifold:
        """A fresh instance."""
        build = self.entry.build or self.entry.manifold
        return build(*self.size, **dict(self.options))

    @property
    def choices(self) -> str:
        """The options in short: "cayley, assigned", "rank=2"."""
        words = (v if isinstance(v, str) else f"{k}={v}" for k, v in self.options)
        return ", ".join(words)

    @property
    def label(self) -> str:
        """The call that makes it: "Orthogonal(5, 3, map='cayley')"."""
        arguments = [str(s) for s in self.size] + [f"{k}={v!r}" for k, v in self.options]
        return f"{self.entry.name}({', '.join(arguments)})"
