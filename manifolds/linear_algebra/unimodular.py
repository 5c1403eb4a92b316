"""The phase of a determinant, and the last digits of det X = 1.

Note [Polishing a determinant]
A product computed in floating point, or a base point cast to a longer dtype, has det X = e^L with a
small L. The gradient of log det at X is X⁻ᴴ, so the nearest matrix of determinant 1 is to first
order X - L X⁻ᴴ / ‖X⁻¹‖², the Newton step along the normal: it moves X by |L| / ‖X⁻¹‖ and leaves
O(L²). As every map ends on the set in exact arithmetic, the step changes no derivative along it,
and is given the derivative of the identity. One step takes the rounding of float32, 1e-7, to 1e-14;
three that of bfloat16, 2^-8, to 2^-16, 2^-32 and 2^-64. A CPU sees how many are needed.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import readable
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque
from manifolds.operators.polishing import polishing

STEPS = 3
"""Enough for bfloat16's rounding in float64; Note [Polishing a determinant]."""


def newton_step(x: Tensor) -> Tensor:
    """-L X⁻ᴴ / ‖X⁻¹‖², 0 where X is singular to rounding and the step without meaning."""
    n = x.shape[-1]
    turn, logarithm = torch.linalg.slogdet(x)
    angle = turn.angle() if x.is_complex() else torch.zeros_like(logarithm)
    l = torch.complex(logarithm, angle) if x.is_complex() else logarithm
    inverse = torch.linalg.inv_ex(x).inverse
    size = torch.linalg.matrix_norm(inverse)
    unit = inverse.mT.conj_physical() / size[..., None, None]
    step = -(l / size)[..., None, None] * unit
    small = torch.hypot(logarithm, angle) <= 1
    seen = torch.linalg.matrix_norm(x) * size * n * torch.finfo(x.dtype).eps < 1
    return torch.where((small & seen)[..., None, None], step, torch.zeros_like(x))


def is_coarse(step: Tensor, x: Tensor) -> bool:
    """Whether a step s leaves more than rounding: (‖s‖ / ‖X‖)² cond X, for cond X <= eps^(-1/2)."""
    limit = torch.finfo(x.dtype).eps ** (3 / 4) * torch.linalg.matrix_norm(x)
    return bool((torch.linalg.matrix_norm(step) > limit).any())


@polishing
@opaque("unimodular")
def unimodular(x: Tensor) -> Tensor:
    """(*batch, n, n) -> (*batch, n, n) with det X = 1 to rounding; the derivative of identity."""
    y = x.clone()
    if x.numel():
        for _ in range(STEPS):
            step = newton_step(y)
            y += step
            if readable(x) and not is_coarse(step, y):
                break
    return y


class DeterminantPhase(Function):
    """det U / |det U| of unitary U; (*batch, n, n) -> (*batch,).

    With d(log det U) = tr(U⁻¹dU), imaginary along the unitary group where U⁻¹ = Uᴴ,
        ds = i s Im⟨U,dU⟩.
    It holds at every point of a curve in the group, so that its derivatives hold there too. (Those
    of torch.linalg.det are wrong by forward over reverse mode in torch 2.13.)
    """

    @staticmethod
    def forward(u: Tensor) -> Tensor:
        """By an LU decomposition."""
        return torch.linalg.det(u).sgn()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Memory: one number beside the argument."""
        ctx.save_for_backward(*inputs, output)
        ctx.save_for_forward(*inputs, output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """i Im(g s̄) U."""
        u, s = ctx.saved_tensors
        return 1j * (g * s.conj()).imag[..., None, None] * u

    @staticmethod
    def jvp(ctx: Any, du: Tensor) -> Tensor:
        """i s Im⟨U,dU⟩."""
        u, s = ctx.saved_tensors
        return (u.conj() * du).imag.sum((-2, -1)) * torch.complex(-s.imag, s.real)


determinant_phase = differentiable(DeterminantPhase)
