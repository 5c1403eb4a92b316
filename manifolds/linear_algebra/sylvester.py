"""Sylvester's equation HΩ + ΩH = C for skew C and H = I + E ≻ 0.

Note [Sylvester's equation]
With H = c (I + F), c the mean eigenvalue, the fixed point of 2Ω <- C/c - (FΩ + ΩF) takes one
product a step, FΩ + ΩF = FΩ - (FΩ)ᴴ, and gains the factor ‖F‖₂; from the norm of one step to that
of the next a CPU sees it. Where it would take more than `STEPS` the eigenbasis of H does, ω_ij =
c_ij / (λ_i + λ_j): eigh alone takes the time of 6 products of 1024×1024 matrices and of 31 for
1000 of 32×32 (measured). At the base of a map E = 0 and Ω = C/2.

On a GPU torch's eigh waits for the device and cannot be captured in a graph. There Newton's
iteration for the sign of [[H, -C], [0, -H]], which is [[I, -2Ω], [0, -I]], serves (Roberts, Linear
model reduction and solution of the algebraic Riccati equation by use of the sign function, Int. J.
Control 1980; Higham 2008, section 2.4): inverses and products of k×k matrices only.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, diagonal, frobenius, readable
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.symmetry import skew, sym
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

STEPS = 10
"""Of the fixed point, in all the time of the eigenbasis: eigh and four products of 1024×1024."""
FEW = 32**2
"""Entries up to which the eigenbasis is the shorter way: a step of the fixed point is calls alone.
8×8 17 µs and 80 to 160, 32×32 47 and 86 to 220, 64×64 140 and 100 to 330 (measured)."""
SIGN_STEPS = 12
"""Scaled Newton needs 9 steps up to condition number 1e16 (Higham 2008, section 8.9; also
measured at 32×32). As nobody may look whether it has arrived, three are to spare."""


def size_of(x: Tensor) -> Tensor:
    """(‖X‖₁ ‖X‖∞)^(1/2); (*batch, k, k) -> (*batch, 1, 1)."""
    if not x.numel():
        return x.new_ones(*x.shape[:-2], 1, 1)
    columns, rows = x.abs().sum(-2).amax(-1), x.abs().sum(-1).amax(-1)
    return torch.sqrt(columns * rows)[..., None, None]


def solved_in_eigenbasis(h: Tensor, c: Tensor) -> Tensor:
    """Ω = V ((VᴴCV)_ij / (λ_i + λ_j)) Vᴴ."""
    values, v = torch.linalg.eigh(torch.nan_to_num(h, 0, 0, 0))  # it refuses NaN, C has it too
    return v @ ((v.mH @ c @ v) / (values.unsqueeze(-1) + values.unsqueeze(-2))) @ v.mH


def solved_by_signs(h: Tensor, c: Tensor) -> Tensor:
    """Ω = lim C/2 of H <- (μH + (μH)⁻¹)/2, C <- (μC + H⁻¹ C H⁻¹/μ)/2, H -> I."""
    for _ in range(SIGN_STEPS):
        w = torch.linalg.inv_ex(h).inverse
        mu = torch.sqrt(size_of(w) / size_of(h))
        h, c = sym(mu * h + w / mu) / 2, (mu * c + w @ c @ w / mu) / 2
    return c / 2


def solved_by_fixed_point(e: Tensor, c: Tensor) -> Tensor | None:
    """Ω where each step gains enough digits, None elsewhere; Note [Sylvester's equation]."""
    eps, mean = torch.finfo(e.dtype).eps, 1 + diagonal(e).real.mean(-1)[..., None, None]
    f = e / mean
    diagonal(f).add_((1 / mean - 1).squeeze(-1))
    largest = c.abs().amax((-2, -1), keepdim=True)
    unit = torch.where(largest > 0, largest, 1)  # squares of a small C would underflow in its norm
    omega = step = c / unit / (2 * mean)
    size = first = frobenius(step)
    bound = frobenius(f)  # of what one more step can gain
    while (bound * size > eps * first).any():
        step = skew(f @ step).neg_()
        before, size = size, frobenius(step)
        if (size > eps ** (1 / STEPS) * before).any():
            return None
        omega = omega + step
    return omega * unit


@opaque("sylvester")
def sylvester_operator(e: Tensor, c: Tensor) -> Tensor:
    """Ω as one opaque operator."""
    if e.shape[-1] <= 1:
        return c / (2 + 2 * e)
    if not readable(e):
        return solved_by_signs(add_identity(e), c)
    if is_zero(e):
        return c / 2
    omega = solved_by_fixed_point(e, c) if e.numel() > FEW else None
    return solved_in_eigenbasis(add_identity(e), c) if omega is None else omega


class Sylvester(Function):
    """Ω with HΩ + ΩH = C, H = I + E; E and skew C, (*batch, k, k) each -> (*batch, k, k)."""

    @staticmethod
    def forward(e: Tensor, c: Tensor) -> Tensor:
        """Note [Sylvester's equation]."""
        return sylvester_operator(e, c)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        """Memory: two k×k matrices."""
        ctx.save_for_backward(inputs[0], output)
        ctx.save_for_forward(inputs[0], output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        """S solves HS + SH = skew(G); the adjoints are SΩ + ΩS, as Ωᴴ = -Ω, and S."""
        e, omega = ctx.saved_tensors
        s = sylvester(e, skew(g))
        return s @ omega + omega @ s, s

    @staticmethod
    def jvp(ctx: Any, de: Tensor, dc: Tensor) -> Tensor:
        """H dΩ + dΩ H = dC - dE Ω - Ω dE."""
        e, omega = ctx.saved_tensors
        return sylvester(e, dc - de @ omega - omega @ de)


_sylvester = differentiable(Sylvester)


def sylvester(e: Tensor, c: Tensor) -> Tensor:
    """Ω with HΩ + ΩH = C for H = I + E ≻ 0 and skew C, differentiable to every order."""
    return _sylvester(e, c)
