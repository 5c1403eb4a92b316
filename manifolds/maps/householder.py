"""X = H₁ ⋯ H_k [I; 0] D with Hᵢ = I - vᵢvᵢᴴ / (‖vᵢ‖²/2 + ihᵢ), vᵢ = (0, …, 0, 1, *, …, *).

The strict lower triangle V and, for complex X, the real hᵢ are free; for real X hᵢ = 0 and Hᵢ is a
reflection. Hᵢ is unitary since ‖vᵢ‖² is twice the real part of its divisor g, and its column
(1 - 1/g, -v/g) is any unit vector but e: v and g are smooth functions of it, so that each factor is
a chart of a sphere and the Jacobian has full rank at every parameter. The product is I - V T Vᴴ
with T⁻¹ = diag(‖vᵢ‖²/2 + ihᵢ) + triu(VᴴV, 1) (real: Schreiber & Van Loan, A storage-efficient WY
representation, SIAM J. Sci. Stat. Comput. 1989; for training: Likhosherstov, Davis, Choromanski &
Weller, CWY parametrization, AISTATS 2021). Cost, in products n k² forward and backward: Note
[Derivative of a product of reflections], and one and one for a square base. Kept for the
derivative, beside parameters, base and point: three matrices n×n, for tall frames one n×k and a few
k×k.
"""

import torch
from torch import Tensor

from manifolds.frames.reflections import reflected, top
from manifolds.linear_algebra.basics import diagonal, gram, identity_like, phase
from manifolds.linear_algebra.orthonormalize import (
    BASE_ROUNDING,
    orthonormalize,
    orthonormalized,
)
from manifolds.maps.map import Chart, Map, State


def reflectors(x: Tensor) -> tuple[Tensor, Tensor]:
    """Frame -> (V, signs) with frame(V) diag(signs) = X, by Householder QR: R = diag(±1).

    Where a column is already a multiple of eᵢ, LAPACK takes Hᵢ = I (τ = 0); ours takes vᵢ = eᵢ,
    which reflects eᵢ, so the sign turns.
    """
    if x.is_complex():
        return complex_reflectors(x)
    v, tau = torch.geqrf(x)
    signs = torch.where(diagonal(v) < 0, -1.0, 1.0) * torch.where(tau == 0, -1.0, 1.0)
    return v.tril(-1), signs.to(x.dtype)


def complex_reflectors(x: Tensor) -> tuple[Tensor, Tensor]:
    """The same with h = 0: column i, below its pivot r, is turned by d = -r/|r| to have r <= 0.

    Then v = (1, -column / (1 - r)) without cancellation. LAPACK's complex τ has another form.
    """
    rest, v = x.clone(), torch.zeros_like(x)
    signs = x.new_ones(*x.shape[:-2], x.shape[-1])
    for i in range(x.shape[-1]):
        signs[..., i] = -phase(rest[..., i, i])
        column = rest[..., i:, i] * signs[..., i, None].conj()
        v[..., i:, i] = -column / (1 - column[..., :1])
        v[..., i, i] = 1
        w = v[..., i:, i : i + 1]
        product = w.mH @ rest[..., i:, i:]
        rest[..., i:, i:] -= 2 * w @ (product / gram(w))
    return v.tril(-1), signs


class Reflecting(Chart):
    """A chart by reflections, which do not depend on the norms of their directions."""

    def takes_any(self, p: Tensor) -> bool:  # noqa: ARG002 -- of this shape
        """Of any size."""
        return True


def midway(x: Tensor) -> State:
    """Tall frame X -> W, U with X = (2WWᴴ - I)[U; 0]: k reflections at orthonormal directions.

    With the polar factor U of the upper block of X and S ⪰ 0 the upper block of Y = XUᴴ,
    W = ([I; 0] + Y)(2(I + S))^(-1/2), whose upper block is ((I + S)/2)^(1/2).
    """
    left, s, right = torch.linalg.svd(top(x))
    u = orthonormalized(left @ right, BASE_ROUNDING)
    w = (x @ u.mH + identity_like(x)) @ (left * torch.rsqrt(2 + 2 * s).unsqueeze(-2)) @ left.mH
    return {"directions": orthonormalized(w, BASE_ROUNDING), "turn": u}


class CentredHouseholder(Reflecting):
    """X = -H₁ ⋯ H_k [U; 0] about the assigned frame B; at P = 0 the vᵢ are orthonormal, and X = B.

    Tall: vᵢ = wᵢ + pᵢ with wᵢ of `midway`, and (wᵢ)ᵢ >= √½ kept: no vᵢ is zero, and every P gives
    a frame. The Jacobian at P = 0 has singular values between 1.2 and 4 (measured), and lacks
    dimensions where the upper block L of V is singular: a set of codimension 1. With vᵢ = bᵢ + pᵢ
    they are between 2 and 4, dimensions are lacking where BᴴV is singular, and a step takes two
    products more; after 400 steps of plain gradient descent at the best of six rates Procrustes was
    left at 0.029 and 0.088 (60×20, 60×55, means of three), and by this chart at 0.038 and 0.087,
    tr XᵀSXD at 0.022 and 0.056, by this chart at 0.026 and 0.048; with momentum at 0.014 and 0.037
    by the other and 0.024 and 0.042 by this, 0.016 and 0.013, and 0.021 and 0.012 (measured). With
    pᵢ below the diagonal and W turned to a lower triangle in L, as of `base="fixed"`, the rank is
    full everywhere, and plain descent left them at 0.036 and 0.51, 0.059 and 0.13.

    Square: X = -B H(P), vᵢ = bᵢ and the components along b₁, …, bᵢ₋₁ left out, for the zeros of the
    triangles. The derivative at P = 0 is twice an isometry. Shifting reflectors of B itself in the
    coordinates of [I; 0], V_B + P, would save a product but bends the metric: on orthogonal
    Procrustes of size 60 it left a gap of 7e-2 after 400 steps of gradient descent where this
    leaves 7e-3 (measured).
    """

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The frame is the base; the parameters are zero."""
        b = orthonormalized(x, BASE_ROUNDING)
        state = {"base_point": b} if b.shape[-2] == b.shape[-1] else midway(b)
        return state, torch.zeros_like(x)

    def point(self, state: State, p: Tensor) -> Tensor:
        """P -> X."""
        if p.shape[-2] == p.shape[-1]:
            return orthonormalize(state["base_point"] @ reflected(p))
        w, u = state["directions"], state["turn"]
        if p.ndim != w.ndim or p.shape != w.shape:  # as `broadcast` compares
            p, w = torch.broadcast_tensors(p, w)
            u = u.expand(*p.shape[:-2], *u.shape[-2:])
        return reflected(p, w, u)


class FixedHouseholder(Reflecting):
    """X = H(P) [I; 0] D: the parameters are the reflectors of X, D its signs."""

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The reflectors are the parameters."""
        v, signs = reflectors(x)
        return {"signs": signs}, v

    def point(self, state: State, p: Tensor) -> Tensor:
        """P -> X."""
        return orthonormalize(reflected(p) * -state["signs"].unsqueeze(-2))


class Householder(Map):
    """A product of k reflections; of complex frames, of k unitary changes of rank one."""

    name = "householder"
    fixed = FixedHouseholder()

    @property
    def assigned(self) -> Chart:
        """About the assigned frame."""
        return CentredHouseholder()
