"""What a map is: a smooth way from a flat space onto orthonormal frames {X : XᴴX = I}, n >= k.

A `Chart` is a pair of pure functions, `anchor` and `point`; the module that uses it holds what
`anchor` found. A `Map` offers two of them. With `base="assigned"` the assigned frame itself is
kept and the parameters become zero, so that the inverse is exact by construction and the
derivative is that at the origin (dynamic trivialization: Lezcano-Casado, Trivializations for
gradient-based optimization on manifolds, NeurIPS 2019). With `base="fixed"` only signs are kept
and the parameters carry the frame, by the true inverse of the map.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from manifolds.frames.plane_curve import CURVES, plane_curve
from manifolds.linear_algebra.orthonormalize import BASE_ROUNDING, orthonormalized
from manifolds.linear_algebra.range import angle_limit, clipped
from manifolds.linear_algebra.symmetry import skew, tangent

State = dict[str, Tensor]


class Chart(ABC):
    """f(state, ·): R^(n×k) -> frames, of full rank at every parameter it is used at."""

    rounding: float = 0.0
    """‖XᴴX - I‖ / √k that it leaves where that is more than the rounding of the dtype."""
    curve: str | None = None
    """What it is on the sphere, of real vectors about the one assigned, if `CURVES` has it."""

    @abstractmethod
    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """Frame -> (state, p) with point(state, p) = x; no random numbers."""

    @abstractmethod
    def point(self, state: State, p: Tensor) -> Tensor:
        """(state, p) -> the frame f(state, p); (*batch, n, k) -> (*batch, n, k)."""

    def takes_any(self, p: Tensor) -> bool:  # noqa: ARG002 -- of this shape
        """Whether `point` takes numbers of any size, and not only up to 1/(n eps)."""
        return False


class Map(ABC):
    """A named pair of charts; `fixed` is None for a map without a closed inverse."""

    name: str
    fixed: Chart | None = None

    @property
    @abstractmethod
    def assigned(self) -> Chart:
        """The chart about an assigned frame."""


class Retraction(Map, Chart):
    """A map given by B + U -> frame for tangent U = BA + N, A skew, BᴴN = 0.

    To bring your own, implement `retract` and pass the object as `map=`.
    """

    @abstractmethod
    def retract(self, b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
        """The frame of B + BA + N, N None where B is square; B itself for A = 0, N = 0."""

    @property
    def assigned(self) -> Chart:
        """Itself, moved to the assigned frame."""
        return self

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The frame, polished, is the base, the parameters are zero.

        LAPACK's frames are good to 5 √k eps, and every point of the map would need the polish.
        """
        return {"base_point": orthonormalized(x, BASE_ROUNDING)}, torch.zeros_like(x)

    def takes_any(self, p: Tensor) -> bool:  # noqa: ARG002 -- of this shape
        """`turn` and `move` see to it, and curves need no limit."""
        return True

    def point(self, state: State, p: Tensor) -> Tensor:
        """Square: A = skew(P), the coordinates move with the base; tall: P is projected at B."""
        b = state["base_point"]
        if b.shape[-2] == b.shape[-1]:
            return self.turn(b, p)
        if self.curve in CURVES and p.shape[-1] == 1 and not p.is_complex():
            return plane_curve(b, p, self.curve, -2)
        return self.move(b, p)

    def turn(self, b: Tensor, p: Tensor) -> Tensor:
        """Square B: the frame of B + BA, A = skew(P) of clipped P; a map may do all of it."""
        return self.retract(b, skew(clipped(p, angle_limit(p))), None)

    def move(self, b: Tensor, p: Tensor) -> Tensor:
        """Tall B: the frame of B + BA + N of clipped and projected P; as `turn`."""
        return self.retract(b, *tangent(b, p))
