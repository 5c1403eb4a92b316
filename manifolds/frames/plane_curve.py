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
frames make some fifty, and room for results: forward has two tensors for all of them, u, which
backward reads, and x. (Measured: 1000 vectors of 128 numbers, 0.11 ms and 0.08 ms.)
"""

import functools
import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import HOST, broadcast, dot, readable
from manifolds.linear_algebra.rotation import cosine_of_root, sine_of_root_over_root, sine_slope
from manifolds.operators.differentiable import differentiable, is_last_derivative, recorded
from manifolds.operators.registry import is_ordinary

Numbers = tuple[Tensor, Tensor, Tensor, Tensor]
"""c, s, ċ and ṡ."""


SHORT = 64
"""Numbers in a short row. Sums of 1000 of 3 take 1.7 µs as a product and 4.5 by torch's, of 32 3.2
and 4.7, of 128 7.0 and 6.3 (measured; 64 lies between). Exact where products are (Note [Reduced
products])."""


def circular(square: Tensor) -> Numbers:
    """Without series where no derivative of these is asked for.

    The cancellation in ṡ, eps / σ, is harmless in a first derivative: ṡ multiplies u twice.
    """
    if recorded():
        s = sine_of_root_over_root(square)
        return cosine_of_root(square), s, -s, sine_slope(square)
    t = torch.sqrt(square)
    c, s = torch.cos(t), torch.sinc(t / math.pi)
    return c, s, -s, (c - s).div_(square.clamp_min(torch.finfo(square.dtype).eps ** 2))


def rational(square: Tensor) -> Numbers:
    """c = 2s - 1, s' = -s²/4."""
    s = (1 + square / 4).reciprocal()
    dc = -s * s
    return 2 * s - 1, s, dc, dc / 2


def radial(square: Tensor) -> Numbers:
    """c = s, s' = -s³/2; what a Function returns has memory of its own, ċ and ṡ too."""
    s = torch.rsqrt(1 + square)
    ds = -s * s * s
    return s, s, ds, ds.clone()


CURVES = {"exponential": circular, "cayley": rational, "projection": radial}
"""σ -> c, s, ċ, ṡ; elementwise."""


def limit(p: Tensor, dim: int) -> float:
    """1/(n eps), the length at which no digit of an angle is left."""
    return 1 / (max(p.shape[dim], 1) * torch.finfo(p.dtype).eps)


@functools.lru_cache(maxsize=64)
def column_of_ones(n: int, dtype: torch.dtype) -> Tensor:
    """On the host; -> (n, 1)."""
    with torch.inference_mode(mode=False):
        return torch.ones(n, 1, dtype=dtype, device=HOST)


def inner(a: Tensor, b: Tensor, dim: int, room: Tensor | None, ones: Tensor | None) -> Tensor:
    """⟨a,b⟩ along `dim`, kept with size 1: products in `room` summed, or times a column of ones."""
    return dot(a, b, dim, room) if ones is None else torch.mm(a * b, ones)


def squared(a: Tensor, dim: int, room: Tensor | None, ones: Tensor | None) -> Tensor:
    """‖a‖²; torch's norm is slow along other dimensions than the last (512×512: 320 µs, not 50)."""
    if ones is None and dim == -1:
        return torch.linalg.vector_norm(a, dim=dim, keepdim=True).square()
    return inner(a, a, dim, room, ones)


def split(
    b: Tensor, p: Tensor, dim: int, room: Tensor | None = None, ones: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """⟨b,p⟩ and u, in `room`, no entry beyond `limit`: derivatives are there as without a limit."""
    end = limit(p, dim)
    q = inner(b, p, dim, room, ones).nan_to_num_(0)  # next to overflow the sum may be ∞ - ∞
    u = torch.addcmul(p, b, q, value=-1, out=room)
    return q, torch.clamp(u, -end, end, out=room)


def aids(a: Tensor, dim: int) -> tuple[Tensor | None, Tensor | None]:
    """Room for results like A, or what sums short rows on a CPU, which need no room.

    Neither for a compiler, which sees to that, or a batch of `vmap`.
    """
    if torch.compiler.is_compiling() or not is_ordinary(a):
        return None, None
    if dim == -1 and a.ndim == 2 and 0 < a.shape[1] <= SHORT and readable(a):
        return None, column_of_ones(a.shape[1], a.dtype)
    return torch.empty_like(a), None


class PlaneCurve(Function):
    """b, p -> x, u, s, ċ and ṡ; vectors along `dim`, numbers with size 1 there."""

    @staticmethod
    def forward(b: Tensor, p: Tensor, curve: str, dim: int) -> tuple[Tensor, ...]:
        """X, divided by its norm: the rounding of u grows with ⟨b,p⟩."""
        room, ones = aids(p, dim)
        _, u = split(b, p, dim, room, ones)
        room = None if room is None else torch.empty_like(room)  # u is in the first
        c, s, dc, ds = CURVES[curve](squared(u, dim, room, ones))
        x = torch.addcmul(torch.mul(u, s, out=room), b, c, out=room)
        return torch.mul(x, squared(x, dim, None, ones).rsqrt_(), out=room), u, s, dc, ds

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Memory: a vector and three numbers beside the arguments."""
        *vectors, ctx.curve, ctx.dim = inputs
        ctx.set_materialize_grads(False)  # zeros for each of the others take 5 % of a small step
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*vectors, *output[1:])
        ctx.save_for_forward(*vectors)

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, *_others: None) -> tuple[Tensor | None, ...]:
        """The adjoint of the module's docstring."""
        if g is None:
            return None, None, None, None
        b, p, u, s, dc, ds = ctx.saved_tensors
        of_base = ctx.needs_input_grad[0]
        if of_base or recorded():  # of this derivative a derivative may be asked for
            q, u = split(b, p, ctx.dim)
            c, s, dc, ds = CURVES[ctx.curve](dot(u, u, ctx.dim))
        last = is_last_derivative() and not of_base
        room, ones = aids(g, ctx.dim) if last else (None, None)
        gb = inner(b, g, ctx.dim, room, ones)
        along = torch.addcmul(dc * gb, ds, inner(u, g, ctx.dim, room, ones))
        h = torch.addcmul(torch.mul(g, s, out=room), u, along, out=room)
        gp = torch.addcmul(h, b, s * gb, value=-1, out=room)
        return c * g - q * h - s * gb * p if of_base else None, gp, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor | None, ...]:
        """The derivative of the module's docstring."""
        (b, p), dim = ctx.saved_tensors, ctx.dim
        known = zip((b, p), tangents[:2], strict=True)
        db, dp = (torch.zeros_like(a) if da is None else da for a, da in known)
        q, u = split(b, p, dim)
        c, s, dc, ds = CURVES[ctx.curve](dot(u, u, dim))
        du = dp - b * (dot(b, dp, dim) + dot(db, p, dim)) - db * q
        return (dc * b + ds * u) * dot(u, du, dim) + s * du + c * db, None, None, None, None


_plane_curve = differentiable(PlaneCurve)


def plane_curve(b: Tensor, p: Tensor, curve: str, dim: int = -1) -> Tensor:
    """The points of `curve`, a key of `CURVES`, at vectors b along `dim` < 0 in directions p."""
    b, p = broadcast(b, p)
    return _plane_curve(b, p.contiguous(), curve, dim)[0]
