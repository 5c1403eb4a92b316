"""The Cayley transform of a frame, polished, with its derivative.

X = Y (I + M)⁻¹ - B with Y = 2B + N and M = NᴴN/4 - A/2 is Cay(Ω) B of `manifolds.maps.cayley`; it
is orthonormal for the arguments that belong together, and polished (Note [Polishing]).

Note [Cost of the Cayley transform]
Forward, in products n k²: one and the inverse, one product for square frames (Note [Inverse by
blocks]); two more where the last digits need polishing. Backward, YW = X + B makes it two products,
(X + B)ᴴ (G Wᴴ), and not the three of WᴴBᴴGWᴴ. Square in all: four, and the probes. At the base a
CPU sees that M = 0 and W = I: none forward.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import largest_norm, readable, times
from manifolds.linear_algebra.inverse import inverse_and_change
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.orthonormalize import orthonormalized
from manifolds.linear_algebra.symmetry import bounded_gram
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque, shaped_like_the_first


def _shaped(b: Tensor, y: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG001 -- the signature
    return shaped_like_the_first(y), shaped_like_the_first(m)


@opaque("quotient", _shaped)
def quotient_operator(b: Tensor, y: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
    """X and W as one opaque operator."""
    return polished_quotient(b, y, m.clone(memory_format=torch.contiguous_format))


def polished_quotient(b: Tensor, y: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
    """X and W; M is lost."""
    w, v = inverse_and_change(m)
    if not readable(v):
        x = times(y, v).add_(y).sub_(b)  # rounding is that of V: none at the base
    elif is_zero(v):
        x = y - b
    elif largest_norm(v) < 1:
        x = times(y, v).add_(y).sub_(b)
    else:
        x = times(y, w).sub_(b)
    return orthonormalized(x).contiguous(), w


class Quotient(Function):
    """X = YW - B polished, W = (I + M)⁻¹; (*batch, n, k), same, (*batch, k, k) -> X, W.

    dX = dY W - (X + B) dM W - dB. W is an output for second derivatives to depend on it.
    It is W that is kept, and not W - I: far from the base W is small, and for 20×5 parameters of
    size 30 the other left an error of 1e-4 in the gradient, W 1e-6 (float32, measured).
    """

    @staticmethod
    def forward(b: Tensor, y: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        """X and W."""
        return quotient_operator(b, y, m)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        """Memory: W, and B and X that live anyway."""
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(inputs[0], *output)
        ctx.save_for_forward(inputs[0], *output)

    @staticmethod
    def backward(ctx: Any, gx: Tensor | None, gw: Tensor | None) -> tuple[Tensor | None, ...]:
        """-G, G Wᴴ and -(X + B)ᴴ G Wᴴ, and through W -Wᴴ G' Wᴴ."""
        b, x, w = ctx.saved_tensors
        gm = None if gw is None else -(w.mH @ gw @ w.mH)
        if gx is None:
            return None, None, gm
        gy = times(gx, w.mH)
        through_x = times((x + b).mH, gy)
        gb = -gx if ctx.needs_input_grad[0] else None
        return gb, gy, -through_x if gm is None else gm - through_x

    @staticmethod
    def jvp(
        ctx: Any, db: Tensor | None, dy: Tensor | None, dm: Tensor | None
    ) -> tuple[Tensor, ...]:
        """The derivatives of X and W."""
        b, x, w = ctx.saved_tensors
        pairs = zip((db, dy, dm), (b, x, w), strict=True)
        db, dy, dm = (torch.zeros_like(t) if d is None else d for d, t in pairs)
        dmw = dm @ w
        return times(dy, w) - times(x + b, dmw) - db, -(w @ dmw)


_quotient = differentiable(Quotient)


def cayley_transform(b: Tensor, a: Tensor, normal: Tensor) -> Tensor:
    """Cay(Ω) B with ΩB = BA + N; (*batch, n, k), (*batch, k, k), (*batch, n, k) -> first."""
    normal, k = bounded_gram(normal)
    return quotient(b, 2 * b + normal, torch.sub(k / 4, a, alpha=0.5))


def quotient(b: Tensor, y: Tensor, m: Tensor) -> Tensor:
    """Y (I + M)⁻¹ - B polished, M + Mᴴ >= 0; (*batch, n, k), same, (*batch, k, k) -> first."""
    batch = torch.broadcast_shapes(y.shape[:-2], m.shape[:-2])
    x, _ = _quotient(*(t.expand(*batch, *t.shape[-2:]) for t in (b, y, m)))
    return x
