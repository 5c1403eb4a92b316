"""X = B polar(I + A) for skew A: the polar factor of a square frame about its base.

Note [Polar factor of I + A]
(I + A)ᴴ (I + A) = I + S with S = AᴴA. With Z = (I + S)^(-1/2) - I (Note [Near the base]) the step
is V = polar(I + A) - I = A + Z + AZ: forward three products, with that by B, and those of the
series; backward XᴴG, PᴴA for H, PΩ and those of Sylvester's equation. At A = 0 a CPU sees that
P = I: none forward, one backward.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, gram, readable, times
from manifolds.linear_algebra.inverse import by_blocks, by_lapack, needs_pivots
from manifolds.linear_algebra.inverse_root import cheap, fitting, inverse_root_minus_identity
from manifolds.linear_algebra.near_identity import is_zero, times_near_identity
from manifolds.linear_algebra.orthonormalize import orthonormalized
from manifolds.linear_algebra.polar import from_afar
from manifolds.linear_algebra.spectral_norm import WORTH, symmetric_norm
from manifolds.linear_algebra.sylvester import sylvester
from manifolds.linear_algebra.symmetry import skew, sym
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque, shaped_like_the_first


def polar_minus_identity(a: Tensor) -> Tensor:
    """V = polar(I + A) - I."""
    if not readable(a) or not a.numel():
        return add_identity(from_afar(add_identity(a), math.inf), -1)
    if is_zero(a):
        return a.clone(memory_format=torch.contiguous_format)
    s, high = gram_and_bound(a)
    if s is not None and fitting(0, high, a.dtype):
        z = inverse_root_minus_identity(s, 0, high)
        return (a @ z).add_(a).add_(z)
    inverse = by_lapack if needs_pivots(high**0.5, a.dtype) else by_blocks
    return add_identity(from_afar(add_identity(a), (1 + high) ** 0.5, inverse), -1)


def gram_and_bound(a: Tensor) -> tuple[Tensor | None, float]:
    """S = AᴴA and a bound of its eigenvalues; of a large A no S where it will not be needed."""
    enough = cheap(a.dtype)
    if a.shape[-1] < WORTH:
        s = gram(a)
        return s, symmetric_norm(s, enough)
    size = symmetric_norm(a, enough**0.5)
    return gram(a) if fitting(0, size * size, a.dtype) else None, size * size


def _shaped(b: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    return shaped_like_the_first(b), shaped_like_the_first(a)


@opaque("polar_rotation", _shaped)
def rotation_operator(b: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """X, polished, and V as one opaque operator."""
    v = polar_minus_identity(a).contiguous()
    x = b.clone(memory_format=torch.contiguous_format)
    if readable(v) and is_zero(v):
        return orthonormalized(x).contiguous(), v
    return orthonormalized(x.add_(times(b, v))).contiguous(), v


class PolarRotation(Function):
    """X = BP polished, P = I + V = polar(I + A); (*batch, k, k), same -> X, V.

    dX = dB P + XΩ, dV = PΩ with HΩ + ΩH = PᴴdA - dAᴴP (Note [Derivative of the polar factor]).
    V is an output for second derivatives to depend on it.
    """

    @staticmethod
    def forward(b: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
        """X and V."""
        return rotation_operator(b, a)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: tuple[Tensor, ...]) -> None:
        """Memory: A and V, and B and X that live anyway."""
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*inputs, *output)
        ctx.save_for_forward(*inputs, *output)

    @staticmethod
    def backward(ctx: Any, gx: Tensor | None, gv: Tensor | None) -> tuple[Tensor | None, ...]:
        """G Pᴴ and PΩ, Ω of C = XᴴG - GᴴX + PᴴG' - G'ᴴP."""
        _, a, x, v = ctx.saved_tensors
        found = [] if gx is None else [times(x.mH, gx)]
        if gv is not None:
            found.append(times_near_identity(gv.mH, v).mH)
        if not found:
            return None, None
        c = sum(found[1:], start=found[0])
        omega = sylvester(_stretch(a, v), 2 * skew(c))
        gb = times_near_identity(gx, v.mH) if gx is not None and ctx.needs_input_grad[0] else None
        return gb, times_near_identity(omega, v.mH)  # skew(ΩPᴴ) = skew(PΩ), and A is skew

    @staticmethod
    def jvp(ctx: Any, db: Tensor | None, da: Tensor | None) -> tuple[Tensor, Tensor]:
        """The derivatives of X and V."""
        b, a, x, v = ctx.saved_tensors
        db = torch.zeros_like(b) if db is None else db
        da = torch.zeros_like(v) if da is None else da
        c = times_near_identity(da.mH, v).mH
        omega = sylvester(_stretch(a, v), 2 * skew(c))
        return times_near_identity(db, v) + times(x, omega), omega + times(v, omega)


def _stretch(a: Tensor, v: Tensor) -> Tensor:
    """E = H - I = Pᴴ(I + A) - I, the Hermitian part of V + APᴴ: A and P commute."""
    return sym(v + times_near_identity(a, v.mH))


_polar_rotation = differentiable(PolarRotation)


def polar_rotated(b: Tensor, a: Tensor) -> Tensor:
    """B polar(I + A), polished, for skew A, differentiable to every order."""
    batch = torch.broadcast_shapes(b.shape[:-2], a.shape[:-2])
    x, _ = _polar_rotation(*(t.expand(*batch, *t.shape[-2:]) for t in (b, a)))
    return x
