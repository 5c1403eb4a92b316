"""A (I + V), A itself where V = 0: a map at its own base, where every factor is the identity.

Rebasing at every step evaluates a map at parameters 0 for every gradient, and there its products
with I + V are copies. Only a CPU may look; the operator makes the choice invisible to a compiler.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import readable, times, total_norm
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

WORTH_LOOKING = 16
"""From this size of V on the operator, 20 µs, costs less than a product that it may save."""


def is_zero(a: Tensor) -> bool:
    """Whether ‖A‖ = 0, which entries below 1e-22 in float32 underflow to; A may be read."""
    return not total_norm(a)


@opaque("times_near_identity")
def near_identity_operator(a: Tensor, v: Tensor) -> Tensor:
    """A + AV as one opaque operator."""
    if readable(v) and is_zero(v):
        return a.clone(memory_format=torch.contiguous_format)
    return times(a, v).add_(a).contiguous()


class TimesNearIdentity(Function):
    """A (I + V); (*batch, n, k), (*batch, k, k) -> (*batch, n, k)."""

    @staticmethod
    def forward(a: Tensor, v: Tensor) -> Tensor:
        """A + AV."""
        return near_identity_operator(a, v)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:  # noqa: ARG004
        """Memory: A and V."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        """G (I + V)ᴴ and AᴴG."""
        a, v = ctx.saved_tensors
        return times_near_identity(g, v.mH), times(a.mH, g)

    @staticmethod
    def jvp(ctx: Any, da: Tensor, dv: Tensor) -> Tensor:
        """dA (I + V) + A dV."""
        a, v = ctx.saved_tensors
        return times_near_identity(da, v) + times(a, dv)


_times_near_identity = differentiable(TimesNearIdentity)


def times_near_identity(a: Tensor, v: Tensor) -> Tensor:
    """A + AV, differentiable to every order."""
    if v.shape[-1] < WORTH_LOOKING or not readable(v):
        return a + times(a, v)
    return _times_near_identity(a, v)
