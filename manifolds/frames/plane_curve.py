"""x = c b + s u: retractions of the sphere at b, |b| = 1, along u = p - b⟨b,p⟩.

c and s are functions of σ = ⟨u,u⟩ with c² + σ s² = 1, so that x moves on a great circle:
    exponential   c = cos √σ        s = sin √σ / √σ     (example 5.4.1)
    projection    c = s             s = 1 / √(1 + σ)    (example 4.1.1)
    Cayley        c = (1 - σ/4) s   s = 1 / (1 + σ/4)   (Wen & Yin 2013, lemma 4, of one column)
(examples of Absil, Mahony & Sepulchre, Optimization Algorithms on Matrix Manifolds, 2008). With
ċ = 2c' and ṡ = 2s',
    dx = (ċ b + ṡ u)⟨u,du⟩ + s du + c db,      du = dp - b⟨b,dp⟩ - db⟨b,p⟩ - b⟨db,p⟩,
of which the adjoint takes g to h = (ċ⟨b,g⟩ + ṡ⟨u,g⟩) u + s g, and to p gives h - b⟨b,h⟩.

What counts are passes over the vectors, nine forward and seven backward, of which the maps of
frames make some fifty, and room for results: forward writes the products of ⟨b,p⟩, u and x into
one tensor. (Measured: 1000 vectors of 128 numbers, 0.11 ms and 0.13 ms.)
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import broadcast, dot
from manifolds.linear_algebra.rotation import cosine_of_root, sine_of_root_over_root, sine_slope
from manifolds.operators.differentiable import differentiable, recorded

Pair = tuple[Tensor, Tensor]


def circular(square: Tensor) -> Pair:
    """Without series where no derivative of a derivative is asked for."""
    if recorded():
        return cosine_of_root(square), sine_of_root_over_root(square)
    t = torch.sqrt(square).clamp_min_(torch.finfo(square.dtype).eps)  # where cos t = sin t / t = 1
    return torch.cos(t), torch.sin(t).div_(t)


def circular_slopes(square: Tensor, c: Tensor, s: Tensor) -> Pair:
    """The cancellation in ṡ, eps / σ, is harmless in a first derivative: ṡ multiplies u twice."""
    if recorded():
        return -s, sine_slope(square)
    return -s, (c - s).div_(square.clamp_min(torch.finfo(square.dtype).eps ** 2))


def rational(square: Tensor) -> Pair:
    """c = 2s - 1."""
    s = (1 + square / 4).reciprocal()
    return 2 * s - 1, s


def rational_slopes(square: Tensor, c: Tensor, s: Tensor) -> Pair:  # noqa: ARG001 -- as the others
    """s' = -s²/4."""
    dc = -s * s
    return dc, dc / 2


def radial(square: Tensor) -> Pair:
    """c = s."""
    s = torch.rsqrt(1 + square)
    return s, s


def radial_slopes(square: Tensor, c: Tensor, s: Tensor) -> Pair:  # noqa: ARG001 -- as the others
    """s' = -s³/2."""
    dc = -s * s * s
    return dc, dc


CURVES: dict[str, tuple[Callable[[Tensor], Pair], Callable[[Tensor, Tensor, Tensor], Pair]]] = {
    "exponential": (circular, circular_slopes),
    "cayley": (rational, rational_slopes),
    "projection": (radial, radial_slopes),
}
"""σ -> c, s and σ, c, s -> ċ, ṡ; elementwise."""


def limit(p: Tensor) -> float:
    """1/(n eps), the length at which no digit of an angle is left."""
    return 1 / (p.shape[-1] * torch.finfo(p.dtype).eps)


def split(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """⟨b,p⟩, u and σ."""
    q = dot(b, p)
    u = torch.addcmul(p, b, q, value=-1)
    return q, u, dot(u, u)


class PlaneCurve(Function):
    """b, p -> x, ⟨b,p⟩ and σ; (*batch, n) and (*batch, 1)."""

    @staticmethod
    def forward(b: Tensor, p: Tensor, curve: str) -> tuple[Tensor, Tensor, Tensor]:
        """X, divided by its norm: the rounding of u grows with ⟨b,p⟩."""
        end = limit(p)
        room = None if torch.compiler.is_compiling() else torch.empty_like(p)
        q = dot(b, p, room).nan_to_num_(0)  # next to overflow the sum may be ∞ - ∞
        x = torch.clamp(torch.addcmul(p, b, q, value=-1, out=room), -end, end, out=room)
        square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square()
        c, s = CURVES[curve][0](square)
        x = torch.addcmul(torch.mul(x, s, out=room), b, c, out=room)
        size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return torch.mul(x, size.reciprocal_(), out=room), q, square

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Memory: two numbers beside the arguments."""
        vectors, ctx.curve = inputs[:2], inputs[2]
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*vectors, *output[1:])
        ctx.save_for_forward(*vectors)

    @staticmethod
    def backward(ctx: Any, g: Tensor, *_rows: Tensor) -> tuple[Tensor | None, Tensor, None]:
        """The adjoint of the module's docstring, 0 from σ = `limit`² on, where it is rounding."""
        b, p, q, square = ctx.saved_tensors
        if recorded():  # of this derivative a derivative may be asked for
            q, _, square = split(b, p)
        values, slopes = CURVES[ctx.curve]
        c, s = values(square)
        dc, ds = slopes(square, c, s)
        g = g.contiguous()
        gb = dot(b, g)
        across = dc * gb + ds * (dot(p, g) - q * gb)
        s, across = (a.masked_fill(square >= limit(p) ** 2, 0) for a in (s, across))
        gp = torch.addcmul(s * g, p, across)
        gp = torch.addcmul(gp, b, q * across + s * gb, value=-1)
        if not ctx.needs_input_grad[0]:
            return None, gp, None
        return c * g - q * (gp + s * gb * b) - s * gb * p, gp, None

    @staticmethod
    def jvp(ctx: Any, db: Tensor, dp: Tensor, _: None) -> tuple[Tensor, None, None]:
        """The derivative of the module's docstring."""
        b, p = ctx.saved_tensors
        q, u, square = split(b, p)
        values, slopes = CURVES[ctx.curve]
        c, s = values(square)
        dc, ds = slopes(square, c, s)
        du = dp - b * (dot(b, dp) + dot(db, p)) - db * q
        return (dc * b + ds * u) * dot(u, du) + s * du + c * db, None, None


_plane_curve = differentiable(PlaneCurve)


def plane_curve(b: Tensor, p: Tensor, curve: str) -> Tensor:
    """The point of `curve`, a key of `CURVES`, at b in direction p; (*batch, n) each -> same."""
    b, p = broadcast(b, p)
    return _plane_curve(b, p.contiguous(), curve)[0]
