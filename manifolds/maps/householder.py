"""X = H₁ ⋯ H_k [I; 0] D with Hᵢ = I - vᵢvᵢᴴ / (‖vᵢ‖²/2 + ihᵢ), vᵢ = (0, …, 0, 1, *, …, *).

The strict lower triangle V and, for complex X, the real hᵢ are free; for real X hᵢ = 0 and Hᵢ is a
reflection. Hᵢ is unitary since ‖vᵢ‖² is twice the real part of its divisor g, and its column
(1 - 1/g, -v/g) is any unit vector but e: v and g are smooth functions of it, so that each factor is
a chart of a sphere and the Jacobian has full rank at every parameter. The product is I - V T Vᴴ
with T⁻¹ = diag(‖vᵢ‖²/2 + ihᵢ) + triu(VᴴV, 1) (real: Schreiber & Van Loan, A storage-efficient WY
representation, SIAM J. Sci. Stat. Comput. 1989; for training: Likhosherstov, Davis, Choromanski &
Weller, CWY parametrization, AISTATS 2021). Cost, in products n k² forward and backward: Note
[Derivative of a product of reflections], and one and one for a square base.
"""

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import diagonal, gram, phase
from manifolds.linear_algebra.orthonormalize import (
    BASE_ROUNDING,
    orthonormalize,
    orthonormalized,
)
from manifolds.linear_algebra.reflections import reflected
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


class CentredHouseholder(Chart):
    """X = -H₁ ⋯ H_k B about the assigned frame B; at P = 0 each vᵢ is the column bᵢ, and X = B.

    Tall: vᵢ = bᵢ + pᵢ - bᵢbᵢᴴpᵢ, no zero among them, so that every P gives a frame. The Jacobian
    has full rank at P = 0, and lacks n - k dimensions where the vᵢ are dependent, that is, on a set
    of codimension n - k + 1. Without the components along b₁, …, bᵢ₋₁ it would have full rank
    everywhere, for two products more and slower descent: after 400 steps of plain gradient descent
    at the best of six rates Procrustes was left at 0.056 and 0.36 (60×20, 60×55) where this chart
    leaves 0.047 and 0.10, tr XᵀSXD from 0.20 to 0.066 of its optimum (60×20); with momentum three
    of five such problems gained 1.2 to 6 times and two lost 2 to 3 times (measured).

    Square: X = -B H(P), vᵢ = bᵢ and those components left out, for the zeros of the triangles. The
    derivative at P = 0 is twice an isometry. Shifting reflectors of B itself in the coordinates of
    [I; 0], V_B + P, would save a product but bends the metric: on orthogonal Procrustes of size 60
    it left a gap of 7e-2 after 400 steps of gradient descent where this leaves 7e-3 (measured).
    """

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The frame is the base; the parameters are zero."""
        return {"base_point": orthonormalized(x, BASE_ROUNDING)}, torch.zeros_like(x)

    def point(self, state: State, p: Tensor) -> Tensor:
        """P -> X."""
        b = state["base_point"]
        if p.shape[-2] == p.shape[-1]:
            return orthonormalize(b @ reflected(p))
        return reflected(*torch.broadcast_tensors(p, b))


class FixedHouseholder(Chart):
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
