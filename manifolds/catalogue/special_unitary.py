"""The special unitary group SU(n) = {X : XᴴX = I, det X = 1}."""

import torch
from torch import Tensor

from manifolds.catalogue.orthogonal import orthonormality
from manifolds.interface import Normal
from manifolds.linear_algebra.basics import diagonal, identity_like
from manifolds.linear_algebra.decompositions import polar_factor
from manifolds.linear_algebra.orthonormalize import orthonormal_factor
from manifolds.linear_algebra.unimodular import determinant_phase
from manifolds.maps.framed import FramedMatrix


def unit_determinant(u: Tensor) -> Tensor:
    """U diag(1, …, 1, 1 / det U): a submersion of U(n) onto SU(n), the identity on SU(n).

    Its derivatives are those along U(n), `determinant_phase`.

    SU(1) = {1} is a point: u / u has rounding in its value and its derivative, and 1 has none.
    """
    if not u.shape[-1]:
        return u
    if u.shape[-1] == 1:
        return 0 * u + 1
    turn = determinant_phase(u).conj()[..., None, None]
    return torch.cat([u[..., :-1], u[..., -1:] * turn], dim=-1)


class SpecialUnitary(FramedMatrix):
    """XᴴX = I, det X = 1; complex (*batch, n, n) -> (*batch, n, n).

    X = U diag(1, …, 1, 1 / det U) with U in a chart of U(n). The first factor of full rank n²,
    the second a submersion, the Jacobian has rank n² - 1 wherever the chart is regular, and the
    inverse of the chart is the inverse. About an assigned base the trace of the parameter, the
    direction of det U to first order, is taken out: B exp(A) then has determinant 1 by itself.
    Real tensors are refused: `SpecialOrthogonal` has them. Maps: "cayley", "exponential",
    "householder", "polar", "qr" (the last two with base="assigned" only).

    `project` shares the phase of the polar factor's determinant equally among its columns, which is
    nearest for unitary arguments; `random_point` has the Haar distribution on SU(n), the image of
    Haar measure on U(n) under U -> U diag(1, …, 1, 1 / det U).
    """

    axes = ("n", "n")
    complex_form = True
    real_form = False

    def embed(self, *parameters: Tensor) -> Tensor:
        """The chart's point with its determinant turned to 1."""
        (p,) = parameters
        if self.has_base and p.numel():
            # a matrix first: torch 2.13 has tangents of 1j * number in double precision
            trace = diagonal(p).imag.sum(-1)[..., None, None]
            p = p - 1j * trace / p.shape[-1] * identity_like(p)
        return unit_determinant(super().embed(p))

    def residual(self, x: Tensor) -> Tensor:
        """‖XᴴX - I‖ / √n, plus |det X - 1| / √n."""
        away = (torch.linalg.det(x) - 1).abs()
        return orthonormality(x) + away / max(self.size[0], 1) ** 0.5

    def nearest(self, x: Tensor) -> Tensor:
        """e^(-iθ/n) U Vᴴ of X = U S Vᴴ, θ = arg det U Vᴴ."""
        q = polar_factor(x)
        angle = torch.linalg.det(q).angle() / max(self.size[0], 1)
        return q * torch.polar(torch.ones_like(angle), -angle)[..., None, None]

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """A Haar matrix of U(n), its last column turned."""
        return unit_determinant(orthonormal_factor(normal(*shape)))

    @property
    def dim(self) -> int:
        """n² - 1."""
        return max(self.size[0] ** 2 - 1, 0)

    @property
    def complex_dim(self) -> int:
        """The same."""
        return self.dim
