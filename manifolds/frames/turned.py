"""X = B Cay(A) with A = (P - Pᴴ)/2 for square B, polished, with its derivative.

With V = (I - A/2)⁻¹ - I and W = I + V, X = B (I + 2V), dX = (X + B) (dA/2) W and dV = W (dA/2) W.
The skew part is taken here too: of many small matrices it costs as much as a product by itself.
Entries of P are clipped at `angle_limit`, where no digit of an angle is left: only if they come
near it a CPU does that at all.

Note [Next to the base]
V is A/2 up to ‖A/2‖² and more: where that is below eps/2, W has its digits with V = A/2, and so
have X and the gradient. Forward is one product there and the look of the polish at XᵀX, backward
two.

Note [Known rounding]
Of many small real matrices with ‖A/2‖ <= s the look, 100 µs, is spared where it can find nothing:
    ‖XᵀX - I‖ <= (4 + 1 + 2ks + (20 + 2.4√k) s) √k eps, 7.7 √k eps for s = 1/16 and k <= 8.
The base has 4 √k eps, all else is twice an error of X. That of the sum of B and D = 2BV is
√k eps/2, that of D at most k eps/2 · 2|B||V|, and ‖|B||V|‖ <= √k ‖V‖ <= √k s. In V, step j of the
elimination adds to T, ‖T‖ <= s (1 + s), a term of norm <= (2 + s)(1 + s) ‖A e_j‖/2, Σ_j ‖A e_j‖/2
<= √k s: four roundings of the term and one of the sum, which later steps stretch by (1 + s)², are
‖δV‖ <= (10√k + 1.2k) s eps/2. A is skew to the last digit. V = A/2 lacks A² in XᵀX, at most 2 eps,
and s is almost 0 there.

That takes a base of this dtype. One cast from a shorter dtype has the rounding of that, 2^13 times
as much or more, and has it in all matrices: the first row of each shows it.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra import many
from manifolds.linear_algebra.basics import add_identity, broadcast, plus_product, times
from manifolds.linear_algebra.inverse import inverse_change, needs_pivots
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.orthonormalize import orthonormalized, rounding_limit
from manifolds.linear_algebra.range import (
    angle_limit,
    clipped_angles,
    masked,
    norm_if_readable,
    through_clip,
)
from manifolds.linear_algebra.symmetry import skew, skew_multiple
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque, shaped_like_the_first

CONTIGUOUS = torch.contiguous_format
ROUNDING_KNOWN = 1 / 16
"""s of Note [Known rounding]: 1/12 has 8.6 √k eps."""


def _shaped(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    kept = many.kept_like if many.are_many(p) else shaped_like_the_first
    return shaped_like_the_first(b), kept(p), kept(p)


@opaque("turned", _shaped)
def turned_operator(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """X, Y and V as one opaque operator."""
    p, size = clipped_angles(p)
    size /= 2
    if not many.are_many(p):
        return turned_each(b, p, size)
    if not needs_pivots(size, p.dtype):
        return turned_many(b, p, size)
    x, y, v = turned_each(b, p, size)
    return x, many.kept_like(y).copy_(y), many.kept_like(v).copy_(v)


def turned_each(b: Tensor, p: Tensor, size: float) -> tuple[Tensor, Tensor, Tensor]:
    """X, Y and V by products of matrices, ‖A/2‖ <= size; at the base there are none."""
    if is_next_to_base(size, p.dtype):
        v = skew_multiple(p, 1 / 4)
    else:
        v = inverse_change(skew_multiple(p, -1 / 4), size, skew=True)
    x = b.clone(memory_format=CONTIGUOUS) if size == 0 else plus_product(b, b, v, 2)
    x = orthonormalized(x).contiguous()  # rounding is that of V: none near the base
    return x, x + b, v


def is_next_to_base(size: float, dtype: torch.dtype) -> bool:
    """Whether V is A/2 for ‖A/2‖ <= size; Note [Next to the base]."""
    return size**2 <= torch.finfo(dtype).eps / 2


def turned_many(b: Tensor, p: Tensor, size: float) -> tuple[Tensor, Tensor, Tensor]:
    """The same with the batch last; Note [Batch last]."""
    batch, base = p.shape[:-2], many.batch_last(b)
    if size == 0:
        v, t, x = torch.zeros_like(base), base.clone(), b.clone(memory_format=CONTIGUOUS)
    else:
        v = many.twice_skew(many.batch_last(p))
        v = v.mul_(0.25) if is_next_to_base(size, p.dtype) else many.eliminated(v.mul_(-0.25))
        t = many.product(base, v, 2).add_(base)
        x = many.batch_first(t, batch)
    if needs_polish(t, size):
        x = orthonormalized(x).contiguous()
        t = many.batch_last(x.clone())
    return x, many.kept(t.add_(base), batch), many.kept(v, batch)


def needs_polish(x: Tensor, size: float) -> bool:
    """Whether ‖XᴴX - I‖ is above its limit; (n, k, b) -> (); Note [Known rounding]."""
    limit = rounding_limit(x[..., 0])
    known = size <= ROUNDING_KNOWN and not x.is_complex()
    return not (known and many.first_error(x) <= limit) and many.largest_error(x) > limit


@opaque("turned_adjoint")
def adjoint_operator(y: Tensor, v: Tensor, g: Tensor, p: Tensor) -> Tensor:
    """-skew(W GᴴY)/2 as one opaque operator; Note [Transposed right factors]."""
    size = norm_if_readable(p)
    at_base = not size and is_zero(v)  # P may have been written through `.data` in the meantime
    if many.are_many(g):
        batch, y, v, g = g.shape[:-2], *(many.batch_last(t) for t in (y, v, g))
        g = g if at_base else many.plus_product(g, g, many.adjoint(v))
        gp = many.batch_first(many.twice_skew(many.product(many.adjoint(y), g, 0.25)), batch)
    else:
        t = times(g.mH, y)
        gp = skew_multiple(t if at_base else plus_product(t, v, t), -1 / 4)
    return through_clip(gp, p, size)


class Turned(Function):
    """X = B (I + 2V) polished, and Y = X + B and V, for second derivatives to depend on them."""

    @staticmethod
    def forward(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """X, Y and V."""
        return turned_operator(b, p)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        """Memory: Y and V, and P that lives anyway."""
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*output[1:], inputs[1])
        ctx.save_for_forward(*output[1:], inputs[1])

    @staticmethod
    def backward(
        ctx: Any, gx: Tensor | None, gy: Tensor | None, gv: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        """With G in X and Y: G (I + 2V)ᴴ, skew(Yᴴ G Wᴴ)/2, and through V skew(Wᴴ G' Wᴴ)/2."""
        y, v, p = ctx.saved_tensors
        g = gx if gy is None else gy if gx is None else gx + gy
        gb, gp = None, None if g is None else _adjoint(y, v, g, p)
        if g is not None and ctx.needs_input_grad[0]:
            gb = g + 2 * times(g, v.mH) + (0 if gy is None else gy)
        if gv is not None:
            w = add_identity(v)
            through = masked(skew(w.mH @ gv @ w.mH) / 2, p, angle_limit(p))
            gp = through if gp is None else gp + through
        return gb, gp

    @staticmethod
    def jvp(ctx: Any, db: Tensor | None, dp: Tensor | None) -> tuple[Tensor, ...]:
        """The derivatives of X, Y and V."""
        y, v, p = ctx.saved_tensors
        dp = torch.zeros_like(v) if dp is None else masked(dp, p, angle_limit(p))
        half, w = skew(dp) / 2, add_identity(v)
        dx, dv = times(y, half @ w), w @ half @ w
        if db is None:
            return dx, dx.clone(), dv
        dx = dx + db + 2 * times(db, v)
        return dx, dx + db, dv


class TurnedAdjoint(Function):
    """skew(T)/2 with T = Yᴴ G (I + V)ᴴ, Y = X + B: the gradient in P, 0 where P is clipped."""

    @staticmethod
    def forward(y: Tensor, v: Tensor, g: Tensor, p: Tensor) -> Tensor:
        """skew(T)/2."""
        return adjoint_operator(y, v, g, p)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ARG004
        """Memory: Y, V and G, and P."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, h: Tensor) -> tuple[Tensor | None, ...]:
        """G Wᴴ Sᴴ, Sᴴ Yᴴ G and Y S W with S = skew(H)/2."""
        y, v, g, p = ctx.saved_tensors
        s, w = skew(masked(h, p, angle_limit(p))) / 2, add_identity(v)
        return g @ (s @ w).mH, s.mH @ (y.mH @ g), y @ (s @ w), None

    @staticmethod
    def jvp(ctx: Any, dy: Tensor, dv: Tensor, dg: Tensor, _: Tensor | None) -> Tensor:
        """Linear in each."""
        y, v, g, p = ctx.saved_tensors
        gw, dgw = g + g @ v.mH, dg + dg @ v.mH + g @ dv.mH
        return masked(skew(dy.mH @ gw + y.mH @ dgw) / 2, p, angle_limit(p))


_turned, _adjoint = differentiable(Turned), differentiable(TurnedAdjoint)


def turned(b: Tensor, p: Tensor) -> Tensor:
    """B Cay((P - Pᴴ)/2) polished; (*batch, n, n) -> (*batch, n, n), differentiable."""
    b, p = broadcast(b, p)
    x, _, _ = _turned(b, p)
    return x
