"""Manifolds whose points are orthonormal frames, seen through a view: the module about a chart."""

from abc import abstractmethod
from typing import final

import torch
from torch import Tensor

from manifolds.frames.plane_curve import CURVES, plane_curve
from manifolds.interface import Manifold
from manifolds.interface.moving import base_is_moving
from manifolds.interface.precision import working_dtype
from manifolds.linear_algebra.range import angle_limit, clipped
from manifolds.maps import Map, resolve
from manifolds.maps.map import State


class Framed(Manifold):
    """A manifold that `frame` turns into orthonormal frames; `map` and `base` choose the chart."""

    units_along: int | None = None
    """Of real vectors of norm 1, each a frame of one column, the dimension along which they lie."""

    def __init__(
        self,
        *size: int,
        map: str | Map = "cayley",
        base: str = "assigned",
        strict: bool = False,
    ) -> None:
        super().__init__(*size, strict=strict)
        self.chart = resolve(map, base)
        self.options = {"map": map, "base": base}
        self.has_base = base == "assigned"
        shape = self.frame(torch.empty(self.size, device="meta")).shape
        self._anchored(torch.eye(*shape[-2:], dtype=torch.float32).expand(shape))

    @property
    def curve(self) -> str | None:
        """The curve that the chart is, of vectors of norm 1: their base is kept as a point."""
        name = getattr(self.chart, "curve", None)  # of a map object that is no `Chart`
        return name if self.units_along and name in CURVES else None

    @abstractmethod
    def frame(self, x: Tensor) -> Tensor:
        """A view of points as frames, (*batch, *size) -> (*batch', n, k) with n >= k."""

    @abstractmethod
    def unframe(self, q: Tensor) -> Tensor:
        """The inverse of `frame`."""

    def embed(self, *parameters: Tensor) -> Tensor:
        """The chart at what `coordinates` remembered.

        Entries are clipped at 1/(n eps): at ‖A‖ = 1/eps no digit of an angle is left, and beyond it
        rounding turned the determinant of odd rotations to -1 (Cayley, float32, entries of 1e7).
        """
        if self.curve and self.units_along:
            (p,) = parameters
            return plane_curve(self.recalled("base_point", p), p, self.curve, self.units_along)
        p = self.frame(parameters[0])
        if not self.chart.takes_any(p):
            p = clipped(p, angle_limit(p))
        return self.unframe(self.chart.point(self._state(p), p))

    def coordinates(self, x: Tensor) -> Tensor:
        """The chart's inverse; its base or signs are remembered."""
        return self.unframe(self._anchored(self.frame(x)))

    def tolerance(self, dtype: torch.dtype) -> float:
        """Or what the chart leaves of the constraint, where that is more."""
        return max(super().tolerance(dtype), self.chart.rounding)

    def checked(self, x: Tensor) -> Tensor:
        """As of every manifold; a moving base is looked at by the polish, which repairs it."""
        if not base_is_moving():
            return super().checked(x)
        self._require_finite(x)
        return x.to(working_dtype(x.dtype))

    def extra_repr(self) -> str:
        """Sizes and options."""
        chosen = (f"{k}={getattr(v, 'name', v)!r}" for k, v in self.options.items())
        return ", ".join([super().extra_repr(), *chosen])

    def _anchored(self, q: Tensor) -> Tensor:
        """The coordinates of a frame, whose chart is remembered."""
        state, p = self.chart.anchor(q)
        if self.curve:
            state = {name: self.unframe(value) for name, value in state.items()}
        self._names = tuple(state)
        self.remember(**state)
        return p

    def _state(self, p: Tensor) -> State:
        """What was remembered, in the dtype and on the device of the parameters."""
        return {name: self.recalled(name, p) for name in self._names}


class FramedMatrix(Framed):
    """Matrices that are frames themselves where tall or square, their transposes where wide."""

    @final
    def frame(self, x: Tensor) -> Tensor:
        """Tall: itself; wide: its transpose."""
        return x if self.size[0] >= self.size[1] else x.mT

    @final
    def unframe(self, q: Tensor) -> Tensor:
        """The same transposition."""
        return self.frame(q)
