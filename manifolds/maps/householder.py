"""X = H₁ ⋯ H_k [I; 0] D with Hᵢ = I - 2 vᵢvᵢᵀ/‖vᵢ‖², vᵢ = (0, …, 0, 1, *, …, *): compact WY.

The strict lower triangle of V is free: each reflector is a stereographic chart of a sphere, so the
Jacobian has full rank at every V. The product is I - U T Uᵀ with U the unit vᵢ and T⁻¹ = I/2 +
triu(UᵀU, 1) (Schreiber & Van Loan, A storage-efficient WY representation, SIAM J. Sci. Stat.
Comput. 1989; for training: Likhosherstov, Davis, Choromanski & Weller, CWY parametrization, AISTATS
2021). Cost: two products n k² and one triangular solve, and as much again to turn the frame to a
tall base, one product to a square one.
"""

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import diagonal, gram, identity_like
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.maps.map import Chart, Map, State


def compact(v: Tensor) -> tuple[Tensor, Tensor]:
    """V, of which the strict lower triangle is read -> (U, T⁻¹) with H₁ ⋯ H_k = I - U T Uᵀ."""
    v = v.tril(-1) + identity_like(v)
    # A reflector does not depend on its length: dividing by the largest entry avoids overflow
    v = v / v.detach().abs().amax(-2, keepdim=True) if v.numel() else v
    u = v / torch.linalg.vector_norm(v, dim=-2, keepdim=True)
    g = gram(u)
    return u, g.triu(1) + identity_like(g) / 2


def reflect(u: Tensor, t_inverse: Tensor, y: Tensor, uty: Tensor) -> Tensor:
    """(I - U T Uᵀ) Y from UᵀY; (*batch, n, k)."""
    return y - u @ torch.linalg.solve_triangular(t_inverse, uty, upper=True)


def frame(v: Tensor) -> Tensor:
    """H₁ ⋯ H_k [I; 0], whose UᵀY are the first k rows of U; (*batch, n, k)."""
    u, t_inverse = compact(v)
    return reflect(u, t_inverse, identity_like(v), u[..., : u.shape[-1], :].mT)


def reflectors(x: Tensor) -> tuple[Tensor, Tensor]:
    """Frame -> (V, signs) with frame(V) diag(signs) = X, by Householder QR: R = diag(±1).

    Where a column is already a multiple of eᵢ, LAPACK takes Hᵢ = I (τ = 0); ours takes vᵢ = eᵢ,
    which reflects eᵢ, so the sign turns.
    """
    v, tau = torch.geqrf(x)
    signs = torch.where(diagonal(v) < 0, -1.0, 1.0) * torch.where(tau == 0, -1.0, 1.0)
    return v.tril(-1), signs.to(x.dtype)


class CentredHouseholder(Chart):
    """X = -Q H(P) [I; 0] with Q [I; 0] = B the assigned frame; H(0) turns the signs of the first k.

    Q is B where square, and the product of the reflectors of B, I - U T Uᵀ, where tall. At P = 0
    the derivative of a square frame is twice an isometry. Shifting the reflectors of B itself,
    V_B + P, would save this product but bends the metric: on orthogonal Procrustes of size 60 it
    left a gap of 7e-2 after 400 steps of gradient descent where this chart leaves 7e-3 (measured).
    """

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The frame, or its reflectors, is the base; the parameters are zero."""
        if x.shape[-2] == x.shape[-1]:
            return {"base_point": x}, torch.zeros_like(x)
        v, signs = reflectors(x)
        return {"reflectors": v, "signs": signs}, torch.zeros_like(v)

    def point(self, state: State, p: Tensor) -> Tensor:
        """P -> X."""
        y = -frame(p)
        if "base_point" in state:
            return orthonormalize(state["base_point"] @ y)
        u, t_inverse = compact(state["reflectors"])
        x = reflect(u, t_inverse, y, u.mT @ y)
        return orthonormalize(x * state["signs"].unsqueeze(-2))


class FixedHouseholder(Chart):
    """X = H(P) [I; 0] D: the parameters are the reflectors of X, D its signs."""

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The reflectors are the parameters."""
        v, signs = reflectors(x)
        return {"signs": signs}, v

    def point(self, state: State, p: Tensor) -> Tensor:
        """P -> X."""
        return orthonormalize(frame(p) * state["signs"].unsqueeze(-2))


class Householder(Map):
    """A product of k reflections; real frames only."""

    name = "householder"
    fixed = FixedHouseholder()

    @property
    def assigned(self) -> Chart:
        """About the assigned frame."""
        return CentredHouseholder()
