"""Sylvester's equation HΩ + ΩH = C for skew C and H = I + E, E >= 0.

Note [Sylvester's equation]
With H = c (I + F), c the mean eigenvalue, the fixed point of 2Ω <- C/c - (FΩ + ΩF) takes one
product a step, FΩ + ΩF = FΩ - (FΩ)ᴴ, and gains the factor ‖F‖₂; from the norms of two steps a CPU
sees how many it will take. Where they are more than `STEPS` the eigenbasis of H serves, ω_ij =
c_ij / (λ_i + λ_j): eigh alone takes the time of 6 products of 1024×1024 matrices and of 31 for
1000 of 32×32 (measured). At the base of a map E = 0 and Ω = C/2.

Note [Sylvester's equation by signs]
Newton's iteration for the sign of [[H, -C], [0, -H]], which is [[I, -2Ω], [0, -I]], takes H and C
to those of equations with the same Ω, H nearer to I, until the fixed point is short (Roberts,
Linear model reduction and solution of the algebraic Riccati equation by use of the sign function,
Int. J. Control 1980; Higham 2008, section 2.4; Note [Bounded spectra]): inverses and products of
k×k matrices only. So a CPU solves for several small matrices, whose eigenvectors LAPACK finds one
matrix after another: 1000 of 8×8, ‖H‖ = 1.4, 3.2 and 10, take 1.2, 1.7 and 1.9 ms, in their
eigenbasis 3.5 (measured). Blocks would lose digits of a larger ill-conditioned H (3.7 % of the
gradient for 20×20, ‖H‖ = 1e4, float32) and gain nothing from 32×32 on. On a GPU torch's eigh waits
for the device and cannot be captured in a graph: there it is the only way.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, diagonal, frobenius, readable
from manifolds.linear_algebra.bounded_newton import halved, largest_bound, size_of, steps_to
from manifolds.linear_algebra.inverse import (
    MANY_LEAF,
    are_several,
    by_elimination,
    by_lapack,
)
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.spectral_norm import symmetric_norm
from manifolds.linear_algebra.symmetry import skew
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

STEPS = 8
"""Of the fixed point, in all the time of the eigenbasis: 27 µs each and 220 of 64×64, 0.37 and 4 ms
of 256×256, 20 and 185 ms of 1024×1024; or of a step by signs and what remains (measured)."""
MOST_BOUND = 1e3
"""Of the eigenvalues of several small matrices: up to here 3 steps by signs in float32 and 4 in
float64, which take about the time of their eigenbasis (measured)."""
FEW = 32**2
"""Entries up to which the eigenbasis is the shorter way: a step of the fixed point is calls alone.
8×8 17 µs and 80 to 160, 32×32 47 and 86 to 220, 64×64 140 and 100 to 330 (measured)."""


def solved_in_eigenbasis(h: Tensor, c: Tensor) -> Tensor:
    """Ω = V ((VᴴCV)_ij / (λ_i + λ_j)) Vᴴ."""
    values, v = torch.linalg.eigh(torch.nan_to_num(h, 0, 0, 0))  # it refuses NaN, C has it too
    return v @ ((v.mH @ c @ v) / (values.unsqueeze(-1) + values.unsqueeze(-2))) @ v.mH


def steps_needed(bound: float, dtype: torch.dtype) -> int:
    """Steps by signs from eigenvalues in [1, bound] to where `STEPS` of the fixed point do."""
    gain = torch.finfo(dtype).eps ** (1 / STEPS)
    steps, _ = steps_to(bound, lambda b: (b - 1) / (b + 1) <= gain)
    return steps


def nearer(
    h: Tensor, c: Tensor, bound: float | Tensor, steps: int, inverse: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """H and C after steps of Note [Sylvester's equation by signs]; eigenvalues in [1, bound]."""
    for _ in range(steps):
        root = bound**0.5
        h = h / root
        w = inverse(h)
        h, c = h.add_(w).div_(2), (c + w @ c @ w) / (2 * root)
        bound = halved(bound)
    return h, c


def solved_by_signs(h: Tensor, c: Tensor) -> Tensor:
    """Ω for H >= I; nobody looks at the numbers."""
    steps = steps_needed(largest_bound(h.shape[-1], h.dtype), h.dtype)
    h, c = nearer(h, c, size_of(h), steps, by_lapack)
    f, mean = centred(add_identity(h, -1))
    omega = step = c / (2 * mean)
    for _ in range(STEPS):
        step = skew(f @ step).neg_()
        omega = omega + step
    return omega


def centred(e: Tensor) -> tuple[Tensor, Tensor]:
    """F and c of I + E = c (I + F), c the mean eigenvalue."""
    mean = 1 + diagonal(e).real.mean(-1)[..., None, None]
    f = e / mean
    diagonal(f).add_((1 / mean - 1).squeeze(-1))
    return f, mean


def solved_by_fixed_point(e: Tensor, c: Tensor) -> Tensor | None:
    """Ω where `STEPS` reach it, None elsewhere; Note [Sylvester's equation]."""
    eps, (f, mean) = torch.finfo(e.dtype).eps, centred(e)
    largest = c.abs().amax((-2, -1), keepdim=True)
    unit = torch.where(largest > 0, largest, 1)  # squares of a small C / c underflow in its norm
    omega = step = c / unit / 2
    size = first = frobenius(step)
    bound = frobenius(f)  # of what one more step can gain
    left = STEPS
    while (bound * size > eps * first).any():
        step, left = skew(f @ step).neg_(), left - 1
        before, size = size, frobenius(step)
        if (size * (size / before) ** left > eps * first).any():
            return None
        omega = omega + step
    return omega * (unit / mean)


def solved_by_looking(e: Tensor, c: Tensor) -> Tensor:
    """Ω on a CPU; Note [Sylvester's equation]."""
    h = add_identity(e)
    if e.numel() <= FEW:
        return solved_in_eigenbasis(h, c)
    omega = solved_by_fixed_point(e, c)
    if omega is None and are_several(e) and e.shape[-1] <= MANY_LEAF:
        bound = 1 + symmetric_norm(e, 0)
        if bound <= MOST_BOUND:  # NaN is not
            near, moved = nearer(h, c, bound, steps_needed(bound, e.dtype), by_elimination)
            omega = solved_by_fixed_point(add_identity(near, -1), moved)
    return solved_in_eigenbasis(h, c) if omega is None else omega


@opaque("sylvester")
def sylvester_operator(e: Tensor, c: Tensor) -> Tensor:
    """Ω as one opaque operator."""
    if e.shape[-1] <= 1:
        return c / (2 + 2 * e)
    if not readable(e):
        return solved_by_signs(add_identity(e), c)
    return c / 2 if is_zero(e) else solved_by_looking(e, c)


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
    """Ω with HΩ + ΩH = C for H = I + E, E >= 0, and skew C, differentiable to every order."""
    return _sylvester(e, c)
