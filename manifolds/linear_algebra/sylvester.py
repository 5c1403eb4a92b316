"""Sylvester's equation HΩ + ΩH = C for skew C and H = I + E, E >= 0.

Note [Sylvester's equation]
Ω -> HΩ + ΩH has eigenvalues in [2, 2b] where those of H lie in [1, b]. Chebyshev's iteration there
takes one product a step, as EΩ + ΩE = EΩ - (EΩ)ᴴ, and n steps leave 1 / T_n((b + 1)/(b - 1)) < 2 ρⁿ
of Ω, ρ = (√b - 1)/(√b + 1) (Golub & Van Loan, Matrix Computations, 2013, section 11.2.8): a bound b
says how many are needed, 1 for ‖E‖ up to eps, 4 in float32 for 0.05, 7 for 0.4. Where they are more
than `STEPS` the eigenbasis of H serves, ω_ij = c_ij / (λ_i + λ_j): eigh alone takes the time of 6
products of 1024×1024 matrices and of 31 for 1000 of 32×32 (measured). At the base of a map E = 0
and Ω = C/2.

Note [Sylvester's equation by signs]
Newton's iteration for the sign of [[H, -C], [0, -H]], which is [[I, -2Ω], [0, -I]], takes H and C
to those of equations with the same Ω, H nearer to I, until few steps are needed (Roberts,
Linear model reduction and solution of the algebraic Riccati equation by use of the sign function,
Int. J. Control 1980; Higham 2008, section 2.4; Note [Bounded spectra]): inverses and products of
k×k matrices only. So a CPU solves for several small matrices, whose eigenvectors LAPACK finds one
matrix after another: 1000 of 8×8, ‖H‖ = 1.4, 3.2 and 10, take 0.9, 1.4 and 1.4 ms, in their
eigenbasis 3.5 (measured). Blocks would lose digits of a larger ill-conditioned H (3.7 % of the
gradient for 20×20, ‖H‖ = 1e4, float32) and gain nothing from 32×32 on. On a GPU torch's eigh waits
for the device and cannot be captured in a graph: there it is the only way.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, readable
from manifolds.linear_algebra.bounded_newton import halved, largest_bound, size_of, steps_to
from manifolds.linear_algebra.inverse import (
    MANY_LEAF,
    are_several,
    by_elimination,
    by_lapack,
)
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.spectral_norm import symmetric_norm
from manifolds.linear_algebra.symmetry import skew, skew_multiple
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

STEPS = 8
"""In all the time of the eigenbasis: 19 µs each and 150 of 64×64, 0.37 and 4 ms of 256×256, 20 and
185 ms of 1024×1024; or of a step by signs and what remains (measured)."""
STEPS_OF_SEVERAL = 16
"""The same of several matrices, one after another in their eigenbasis: 1000 of 32×32 2 ms each and
42 (measured)."""
NEVER = 2**31
"""More steps than any limit."""
CHEAP = 0.01
"""‖E‖ that takes 3 steps in float32: a sharper bound would spare one."""
MOST_BOUND = 1e3
"""Of the eigenvalues of several small matrices: up to here 3 steps by signs in float32 and 4 in
float64, which take about the time of their eigenbasis (measured)."""
FEW = 32**2
"""Entries up to which the eigenbasis is the shorter way, since a step is calls alone: 8×8 20 µs and
28 to 90, 32×32 55 and 31 to 104, 64×64 150 and 44 to 150 (measured)."""


def solved_in_eigenbasis(h: Tensor, c: Tensor) -> Tensor:
    """Ω = V ((VᴴCV)_ij / (λ_i + λ_j)) Vᴴ."""
    values, v = torch.linalg.eigh(torch.nan_to_num(h, 0, 0, 0))  # it refuses NaN, C has it too
    return v @ ((v.mH @ c @ v) / (values.unsqueeze(-1) + values.unsqueeze(-2))) @ v.mH


def steps_of_chebyshev(bound: float, dtype: torch.dtype) -> int:
    """How many leave eps where the eigenvalues of H lie in [1, bound]."""
    rate = (bound**0.5 - 1) / (bound**0.5 + 1)
    if not rate < 1:  # NaN is not
        return NEVER
    return max(math.ceil(math.log(torch.finfo(dtype).eps / 2) / math.log(rate)), 1) if rate else 1


def solved_by_chebyshev(e: Tensor, c: Tensor, bound: float) -> Tensor:
    """Ω for eigenvalues of I + E in [1, bound]; Note [Sylvester's equation]."""
    centre, half = bound + 1, bound - 1
    omega = step = c / centre
    rho, left = half / centre, c
    for _ in range(steps_of_chebyshev(bound, e.dtype) - 1):
        left = left.sub(step, alpha=2).sub_(skew_multiple(e @ step, 1))
        before, rho = rho, 1 / (2 * centre / half - rho)
        step = (rho * before * step).add_(left, alpha=2 * rho / half)
        omega = omega + step
    return omega


def steps_by_signs(bound: float, dtype: torch.dtype) -> tuple[int, float]:
    """How many lead to where `STEPS` of Chebyshev's do, and the bound there."""
    return steps_to(bound, lambda b: steps_of_chebyshev(b, dtype) <= STEPS)


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
    steps, last = steps_by_signs(largest_bound(h.shape[-1], h.dtype), h.dtype)
    h, c = nearer(h, c, size_of(h), steps, by_lapack)
    return solved_by_chebyshev(add_identity(h, -1), c, last)


def solved_by_looking(e: Tensor, c: Tensor) -> Tensor:
    """Ω on a CPU; Note [Sylvester's equation]."""
    h = add_identity(e)
    if e.numel() <= FEW:
        return solved_in_eigenbasis(h, c)
    bound, several, small = 1 + symmetric_norm(e, CHEAP), are_several(e), e.shape[-1] <= MANY_LEAF
    most = STEPS_OF_SEVERAL if several and not small else STEPS
    if steps_of_chebyshev(bound, e.dtype) <= most:
        return solved_by_chebyshev(e, c, bound)
    if several and small and bound <= MOST_BOUND:
        steps, last = steps_by_signs(bound, e.dtype)
        h, c = nearer(h, c, bound, steps, by_elimination)
        return solved_by_chebyshev(add_identity(h, -1), c, last)
    return solved_in_eigenbasis(h, c)  # of NaN too


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
