"""Numbers in an open interval: {x : low < x < high}, elementwise."""

import math

import torch
from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.interface.precision import narrowed
from manifolds.linear_algebra.algebraic import between


class Interval(Manifold):
    """x = m + r q / (1 + √(1 + q²)) with centre m and radius r; (*batch) -> (*batch), elementwise.

    Every element is a manifold of its own. The map is algebraic, not the logistic function, whose
    inverse loses digits near the ends (Note [Algebraic charts] in
    `manifolds.linear_algebra.algebraic`). x is recovered to a few eps of max(|low|, |high|), and
    x - low, high - x and x - m to a few eps of themselves as far as x shows them: relative to x
    where low, high or m is 0. The parameter 0 is the centre.

    The ends, rounded to the dtype, are not reached: a wider interval has them inside. `project`
    takes what is not inside to the number next to the nearer end, or eps r inward where that is
    further; `random_point` is uniform. The violation is relative to max(|low|, |high|). ValueError
    unless low < high, both finite.
    """

    axes = ()
    boundary = "its ends"
    alternative = "a wider interval has them inside"

    def __init__(
        self, *size: int, low: float = 0.0, high: float = 1.0, strict: bool = False
    ) -> None:
        super().__init__(*size, strict=strict)
        try:
            low, high = float(low), float(high)
        except (TypeError, ValueError, RuntimeError) as error:
            raise TypeError(f"Interval needs numbers low < high, got {low!r}, {high!r}") from error
        if not -math.inf < low < high < math.inf:
            raise ValueError(f"Interval needs finite low < high, got low={low}, high={high}")
        self.low, self.high = low, high

    @property
    def centre(self) -> float:
        """m."""
        return self.low / 2 + self.high / 2

    @property
    def radius(self) -> float:
        """r."""
        return self.high / 2 - self.low / 2

    def embed(self, *parameters: Tensor) -> Tensor:
        """From the centre for |q| <= 1, from the nearer end beyond."""
        (q,) = parameters
        return between(q, self.low, self.high)

    def coordinates(self, x: Tensor) -> Tensor:
        """q = 2s / ((1 + s) (1 - s)), s = (x - m) / r."""
        x = self.nearest(x)
        left, right = (x - self.low) / self.radius, (self.high - x) / self.radius
        return 2 * ((x - self.centre) / self.radius / right / left)

    def residual(self, x: Tensor) -> Tensor:
        """The distance to the interval, relative to max(|low|, |high|)."""
        outside = torch.maximum(self.low - x, x - self.high).clamp_min(0)
        return outside / max(abs(self.low), abs(self.high))

    def interior(self, x: Tensor) -> Tensor:
        """Off the ends, from an end 0 by the radius times the smallest normal number."""
        first, last = self._ends(x, torch.finfo(x.dtype).tiny)
        return (x >= first) & (x <= last)

    def nearest(self, x: Tensor) -> Tensor:
        """x inside, else clipped to eps r within."""
        first, last = self._ends(x, torch.finfo(x.dtype).eps)
        return torch.where(self.interior(x), x, torch.minimum(torch.maximum(x, first), last))

    def rounded(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """x, next to an end that it was rounded to."""
        y = narrowed(x, dtype)
        return torch.where((y > self.low) & (y < self.high), y, self.nearest(y))

    def _ends(self, like: Tensor, gap: float) -> tuple[Tensor, Tensor]:
        """The numbers next to low and high inward, or gap · r inward where that is further."""
        low, high = like.new_full((), self.low), like.new_full((), self.high)
        first = torch.maximum(torch.nextafter(low, high), low + gap * self.radius)
        last = torch.minimum(torch.nextafter(high, low), high - gap * self.radius)
        return first, last

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """low + 2r Φ(g), g normal with distribution function Φ."""
        u = torch.special.ndtr(normal(*shape))
        return self.nearest(self.low + 2 * (self.radius * u))

    def extra_repr(self) -> str:
        """low, high and strict."""
        rest = super().extra_repr()
        return f"low={self.low}, high={self.high}" + (f", {rest}" if rest else "")

    @property
    def dim(self) -> int:
        """1."""
        return 1
