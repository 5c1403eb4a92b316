"""A product of Householder reflections in compact form, with its derivative.

H₁ ⋯ H_k = I - V R⁻¹ Vᴴ for Hᵢ = I - vᵢvᵢᴴ / (‖vᵢ‖²/2 + ihᵢ), R = ½(VᴴV) + i diag h, where ½S is
the upper triangle of S with half of its diagonal (see `manifolds.maps.householder`). The frame is

    X = -H₁ ⋯ H_k [U; 0] = V Mᴴ - [U; 0], M = UᴴL R⁻ᴴ, L the upper k×k block of V.

V and h = Im diag P are linear in the parameters P: about directions W, V = W + P off the diagonal
of L, which is that of W; without them V = [I; 0] + tril(P, -1), and U = I.

Note [Derivative of a product of reflections]
dR = ½(VᴴdV + dVᴴV) + i diag dh and dM = (UᴴdL - M dRᴴ) R⁻ᴴ. For the adjoint of X take G: then
Z = GᴴV R⁻¹, R̄ = -ZᴴM, h̄ = Im diag R̄, and with the strict upper triangle T of R̄
V̄ = GM + V(T + Tᴴ + Re diag R̄) + [UZ; 0]. Products n k², forward and backward: two (VᴴV, VMᴴ) and
three, with k×k work of two triangular solves and three products; for square frames V and M are
lower triangular, which `staircase_product` uses: 0.8 and 1.7, with two solves of 0.6. The solves
are from the right, in the order in which a CPU keeps the entries: from the left they take twice as
long (k = 128: 115 µs instead of 58, measured). They read one triangle of R. Memory: P, V, R, M.

Note [Digits of the Gram matrix]
The diagonal of VᴴV is a sum of n positive numbers, and as a product loses digits with n; torch's
sum adds in cascades. Near the base ‖XᴴX - I‖ was 20 √k eps by the product and 1.8 √k eps by the sum
at n×k = 2048×8, 6.5 and 4.9 at 1024×128 (measured); a frame is polished from 8 √k eps on. Large P
need that: nearly dependent vᵢ leave 50 √k eps, and 150 √k eps at k = 1024.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import diagonal, identity_like
from manifolds.linear_algebra.orthonormalize import orthonormalized
from manifolds.linear_algebra.range import clamped, largest_factor
from manifolds.linear_algebra.staircase import (
    FULL,
    LOWER,
    UPPER,
    staircase_product,
    upper_gram,
)
from manifolds.operators.differentiable import differentiable, pushed
from manifolds.operators.opaque import opaque


def half(s: Tensor) -> Tensor:
    """½S: the upper triangle with half of the diagonal; (*batch, k, k) -> (*batch, k, k)."""
    return (s.triu() + s.triu(1)) / 2


def imaginary(d: Tensor) -> Tensor:
    """i Im d, zero for real d."""
    return d - d.real


def minus(a: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """A - XY, which may overwrite A: a pass less where it is one product."""
    # a compiler is to see the product: it may be told to compute it exactly
    return a - x @ y if a.ndim > 2 or torch.compiler.is_compiling() else a.addmm_(x, y, alpha=-1)


def with_diagonal(s: Tensor, d: Tensor) -> Tensor:
    """S, overwritten, with diagonal d."""
    diagonal(s).copy_(d)
    return s


def top(a: Tensor) -> Tensor:
    """The upper square block, a view; (*batch, n, k) -> (*batch, k, k)."""
    return a.narrow(-2, 0, a.shape[-1])


def directions(p: Tensor, w: Tensor | None) -> Tensor:
    """V, of entries whose squares stay finite; (*batch, n, k) -> (*batch, n, k)."""
    p = clamped(p, largest_factor(p.shape[-2], p.dtype))
    if w is None:
        v = p.tril(-1)
        diagonal(v).fill_(1)
    else:
        v = p.add_(w)
        diagonal(v).copy_(diagonal(w))
    return v


def free(vbar: Tensor, d: Tensor, w: Tensor | None) -> Tensor:
    """What P moves of V, diag P replaced by i Im d; may overwrite its argument."""
    f = vbar.tril(-1) if w is None else vbar
    if f.is_complex():
        diagonal(f).copy_(imaginary(d))
    elif w is not None:
        diagonal(f).zero_()
    return f


def compact(p: Tensor, w: Tensor | None, u: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """V, R, M."""
    v = directions(p, w)
    s = upper_gram(v) if w is not None else staircase_product(v.mH, v, UPPER, LOWER, UPPER)
    d = (v.conj() * v).real.sum(-2) / 2
    r = with_diagonal(s, d + imaginary(diagonal(p)) if p.is_complex() else d)
    l = top(v) if u is None else u.mH @ top(v)
    return v, r, torch.linalg.solve_triangular(r.mH, l, upper=False, left=False)


@opaque("reflections")
def frame_operator(v: Tensor, m: Tensor, u: Tensor) -> Tensor:
    """V Mᴴ - [U; 0] polished, as one opaque operator."""
    x = v @ m.mH
    top(x).sub_(u)
    return orthonormalized(x).contiguous()


def frame(v: Tensor, m: Tensor, u: Tensor | None) -> Tensor:
    """V Mᴴ - [U; 0], polished where U is given."""
    if u is None:
        return staircase_product(v, m.mH, LOWER, UPPER, FULL) - identity_like(v)
    return frame_operator(v, m, u)


def adjoint(  # noqa: PLR0917 -- what `compact` has, and the base
    g: Tensor, v: Tensor, r: Tensor, m: Tensor, w: Tensor | None, u: Tensor | None
) -> Tensor:
    """P̄ of Note [Derivative of a product of reflections]; (*batch, n, k) -> (*batch, n, k)."""
    lower = LOWER if w is None else FULL
    gv = staircase_product(g.mH, v, FULL, lower, lower)
    z = torch.linalg.solve_triangular(r, gv, upper=True, left=False)
    minus_rbar = staircase_product(z.mH, m, FULL, lower, UPPER)
    d, t = diagonal(minus_rbar), minus_rbar.triu(1)
    s = with_diagonal(t + t.mH, d.real)
    vbar = staircase_product(g, m, FULL, lower, lower)
    vbar = vbar - staircase_product(v, s, LOWER, FULL, LOWER) if w is None else minus(vbar, v, s)
    top(vbar).add_(z if u is None else u @ z)
    return free(vbar, -d, w)


def tangent(p: Tensor, dp: Tensor, w: Tensor | None, u: Tensor | None) -> Tensor:
    """dX in direction dP."""
    v, r, m = compact(p, w, u)
    f = free(dp.clone(), torch.zeros_like(diagonal(dp)), w)
    vdv = v.mH @ f
    dr = half(vdv + vdv.mH) + torch.diag_embed(imaginary(diagonal(dp)))
    dl = top(f) if u is None else u.mH @ top(f)
    dm = torch.linalg.solve_triangular(r.mH, dl - m @ dr.mH, upper=False, left=False)
    return f @ m.mH + v @ dm.mH


class Reflections(Function):
    """P, and W, U or None -> X and V, R, M for its derivative; (*batch, n, k)."""

    @staticmethod
    def forward(p: Tensor, w: Tensor | None, u: Tensor | None) -> tuple[Tensor, ...]:
        """X, V, R, M."""
        v, r, m = compact(p, w, u)
        return frame(v, m, u), v, r, m

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Note [Derivative of a product of reflections]."""
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*output[1:], *inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, *_: None) -> tuple[Tensor | None, None, None]:
        """The adjoint; the base is a constant."""
        return None if g is None else _adjoint(g, *ctx.saved_tensors), None, None

    @staticmethod
    def jvp(ctx: Any, dp: Tensor, *_: None) -> tuple[Tensor | None, ...]:
        """The tangent."""
        p, w, u = ctx.saved_tensors
        return tangent(p, dp, w, u), None, None, None


class ReflectionsAdjoint(Function):
    """G, V, R, M, P, W, U -> P̄; its derivatives are those with V, R, M made anew from P."""

    @staticmethod
    def forward(  # noqa: PLR0917 -- autograd's way of arguments, which torch.compile counts
        g: Tensor,
        v: Tensor,
        r: Tensor,
        m: Tensor,
        p: Tensor,  # noqa: ARG004
        w: Tensor | None,
        u: Tensor | None,
    ) -> Tensor:
        """The adjoint."""
        return adjoint(g, v, r, m, w, u)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        """Memory: G, P, W and U."""
        g, _, _, _, *rest = inputs
        ctx.save_for_backward(g, *rest)
        ctx.save_for_forward(g, *rest)

    @staticmethod
    def backward(ctx: Any, gp: Tensor) -> tuple[Tensor | None, ...]:
        """By torch."""
        g, p, *base = ctx.saved_tensors
        pull: Any = torch.func.vjp(lambda g, p: adjoint(g, *compact(p, *base), *base), g, p)[1]
        gg, gp = pull(gp)
        return gg, None, None, None, gp, None, None

    @staticmethod
    def jvp(ctx: Any, dg: Tensor, _v: None, _r: None, _m: None, dp: Tensor, *_: None) -> Tensor:
        """By torch."""
        g, p, *base = ctx.saved_tensors
        return pushed(lambda g, p: adjoint(g, *compact(p, *base), *base), (g, p), (dg, dp))


_reflections, _adjoint = differentiable(Reflections), differentiable(ReflectionsAdjoint)


def reflected(p: Tensor, w: Tensor | None = None, u: Tensor | None = None) -> Tensor:
    """-H₁ ⋯ H_k [U; 0], (*batch, n, k) -> (*batch, n, k), differentiable to every order in P.

    W, of the same shape, and U, (*batch, k, k), are constants, and X polished; [I; 0] and I where
    none are given, X as it comes.
    """
    x, *_ = _reflections(p, w, u)
    return x
