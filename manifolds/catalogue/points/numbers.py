"""Numbers within bounds, every element a manifold of its own."""

from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.points import (
    NEARBY_FACTOR,
    ROUNDINGS,
    SCALES,
    Batch,
    Generator,
    Named,
    Points,
)

EXTREMES = (1e-30, 1e30)
"""Their squares leave the range of float32."""


def scalar(x: float) -> Tensor:
    """-> ()."""
    return torch.tensor(x, dtype=torch.float64)


def negative() -> Named:
    """Negative numbers of every size."""
    return {f"minus {s:g}": scalar(-s) for s in (1.0, *SCALES, *EXTREMES)}


class PositiveNumbers(Points):
    """x > 0."""

    def random(
        self,
        manifold: Any,  # noqa: ARG002
        batch: Batch,
        rng: Generator,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Log-normal, by numpy."""
        return torch.as_tensor(rng.lognormal(size=batch), dtype=torch.float64)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:  # noqa: ARG002
        """Within a factor 1.5."""
        return x * NEARBY_FACTOR ** torch.as_tensor(rng.uniform(-1, 1, x.shape))

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """One, where the chart has its centre, and its neighbours."""
        return {"one": scalar(1.0), "below one": scalar(0.75), "above one": scalar(1.5)}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Scales, and the ends of the range of the dtype."""
        ends = torch.finfo(dtype)
        scaled = {f"scale {s:g}": scalar(s) for s in (*SCALES, *EXTREMES)}
        return scaled | {"least": scalar(ends.tiny), "greatest": scalar(ends.max)}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Negative numbers, and zero."""
        return negative() | {"zero": scalar(0.0)}


class NonnegativeNumbers(PositiveNumbers):
    """x >= 0."""

    def random(
        self,
        manifold: Any,  # noqa: ARG002
        batch: Batch,
        rng: Generator,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Chi-square with one degree of freedom, by numpy."""
        return torch.as_tensor(rng.chisquare(1, size=batch), dtype=torch.float64)

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Negative numbers of every size."""
        return negative()

    def boundary(
        self,
        manifold: Any,  # noqa: ARG002
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> dict[str, tuple[Tensor, int]]:
        """Zero: rank 0."""
        return {"zero": (scalar(0.0), 0)}


class IntervalNumbers(Points):
    """low < x < high."""

    def random(
        self,
        manifold: Any,
        batch: Batch,
        rng: Generator,
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Uniform, by numpy."""
        x = rng.uniform(manifold.low, manifold.high, size=batch)
        return torch.as_tensor(x, dtype=torch.float64)

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """Up to half way to an end."""
        ends = (manifold.low, manifold.high)
        end = torch.as_tensor(rng.choice(ends, size=tuple(x.shape)))
        return x + torch.as_tensor(rng.uniform(0, 1 / 2, x.shape)) * (end - x)

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """The centre, and where the nearer end takes over, at (√2 - 1) r from the centre."""
        m, r = (manifold.low + manifold.high) / 2, (manifold.high - manifold.low) / 2
        step = (2**0.5 - 1) * r
        return {"centre": scalar(m), "left": scalar(m - step), "right": scalar(m + step)}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Near both ends and, at an end or a centre that is 0, as near as numbers come."""
        low, high = manifold.low, manifold.high
        gap = ROUNDINGS * torch.finfo(dtype).eps * max(abs(low), abs(high))
        points = {"near low": low + gap, "near high": high - gap}
        if 0 in (low, low + high):
            points["next to zero"] = EXTREMES[0]
        if 0 in (high, low + high):
            points["next to zero, negative"] = -EXTREMES[0]
        return {name: scalar(x) for name, x in points.items()}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """The ends, and beyond."""
        low, high = manifold.low, manifold.high
        beyond = {"below": low - (high - low) / 8, "above": high + (high - low) / 8}
        return {name: scalar(x) for name, x in ({"low": low, "high": high} | beyond).items()}
