"""X = H₁ ⋯ H_k [I; 0] D with Hᵢ = I - 2 vᵢvᵢᵀ/‖vᵢ‖², vᵢ = (0, …, 0, 1, *, …, *): compact WY.

The strict lower triangle of V is free: each reflector is a stereographic chart of a sphere, so the
Jacobian has full rank at every V. The product is I - U T Uᵀ with U the unit vᵢ and T⁻¹ = I/2 +
triu(UᵀU, 1) (Schreiber & Van Loan, A storage-efficient WY representation, SIAM J. Sci. Stat.
Comput. 1989; for training: Likhosherstov, Davis, Choromanski & Weller, CWY parametrization, AISTATS
2021). Cost: two products n k² and one triangular solve.
"""

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import diagonal, gram, identity_like
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.maps.map import Chart, Map, State


def reflect(v: Tensor, signs: Tensor) -> Tensor:
    """V, of which the strict lower triangle is read, and signs -> X; (*batch, n, k)."""
    e = identity_like(v)
    v = v.tril(-1) + e
    # A reflector does not depend on its length: dividing by the largest entry avoids overflow
    v = v / v.detach().abs().amax(-2, keepdim=True) if v.numel() else v
    u = v / torch.linalg.vector_norm(v, dim=-2, keepdim=True)
    g = gram(u)
    t_inverse = g.triu(1) + identity_like(g) / 2
    top = u[..., : u.shape[-1], :]
    x = e - u @ torch.linalg.solve_triangular(t_inverse, top.mT, upper=True)
    return orthonormalize(x * signs.unsqueeze(-2))


def reflectors(x: Tensor) -> tuple[Tensor, Tensor]:
    """Frame -> (V, signs) with reflect(V, signs) = X, by Householder QR: R = diag(±1).

    Where a column is already a multiple of eᵢ, LAPACK takes Hᵢ = I (τ = 0); ours takes vᵢ = eᵢ,
    which reflects eᵢ, so the sign turns.
    """
    v, tau = torch.geqrf(x)
    signs = torch.where(diagonal(v) < 0, -1.0, 1.0) * torch.where(tau == 0, -1.0, 1.0)
    return v.tril(-1), signs.to(x.dtype)


class ShiftedHouseholder(Chart):
    """V = V_X + P: the reflectors of the assigned frame, shifted by the parameters."""

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The reflectors are the base, the parameters are zero."""
        v, signs = reflectors(x)
        return {"reflectors": v, "signs": signs}, torch.zeros_like(v)

    def point(self, state: State, p: Tensor) -> Tensor:
        """P -> X."""
        return reflect(state["reflectors"] + p, state["signs"])


class FixedHouseholder(Chart):
    """V = P: the parameters are the reflectors."""

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The reflectors are the parameters."""
        v, signs = reflectors(x)
        return {"signs": signs}, v

    def point(self, state: State, p: Tensor) -> Tensor:
        """P -> X."""
        return reflect(p, state["signs"])


class Householder(Map):
    """A product of k reflections; real frames only."""

    name = "householder"
    fixed = FixedHouseholder()

    @property
    def assigned(self) -> Chart:
        """The reflectors of the assigned frame, shifted."""
        return ShiftedHouseholder()
