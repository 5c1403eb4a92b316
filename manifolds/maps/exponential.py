"""X = exp(Ω) B in 2k×2k matrices: the geodesic of the canonical metric.

With ΩB = BA + N and K = NᴴN, X = B X₁ + N X₂ where X₁' = A X₁ - K X₂, X₂' = X₁, so that
[X₁; X₂] is the first block column of exp [[A, -K], [I, 0]] (Edelman, Arias & Smith, The geometry of
algorithms with orthogonality constraints, SIAM J. Matrix Anal. 1998, (2.42), has the same with
the QR factor of N, which has no derivative at N = 0). Square: X = B exp(A). Cost: Note [Cost of the
exponential], and in products n k² forward and backward 1 and 1, for tall frames 5 and 6.
"""

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import identity_like, phase, times
from manifolds.linear_algebra.decompositions import svd
from manifolds.linear_algebra.exponential import exponential
from manifolds.linear_algebra.geodesic import rotated
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.linear_algebra.rotation import cosine_of_root, sine_of_root_over_root
from manifolds.linear_algebra.symmetry import bounded_gram
from manifolds.maps.map import Chart, Retraction, State
from manifolds.maps.signature import lower_part, signature, split


def geodesic(b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
    """exp(Ω) B; (*batch, n, k), (*batch, k, k), (*batch, n, k) or None -> (*batch, n, k)."""
    if normal is None:
        return rotated(b, a)
    normal, k = bounded_gram(normal)
    x1, x2 = coefficients(a, k)
    return orthonormalize(times(b, x1) + times(normal, x2))


def coefficients(a: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    """X₁ and X₂ of the module's docstring from A and K; (*batch, k, k) each."""
    size = a.shape[-1]
    if size == 1 and not a.is_complex():  # real 1×1 skew: A = 0, the rotation by √K
        return cosine_of_root(k), sine_of_root_over_root(k)
    # Balanced by σ² = max |k_ij|: exp is the same for every σ, and both off-diagonal blocks O(‖N‖)
    sigma = torch.sqrt(k.detach().abs().amax((-2, -1), keepdim=True)) if k.numel() else k.real
    sigma = torch.where(sigma > 0, sigma, torch.ones_like(sigma))
    zero = torch.zeros_like(k)
    m = torch.cat(
        [
            torch.cat([a, -k / sigma], dim=-1),
            torch.cat([sigma * identity_like(k) + zero, zero], dim=-1),
        ],
        dim=-2,
    )
    column = exponential(m)[..., :size]
    return column[..., :size, :], column[..., size:, :] / sigma


def logarithm(x: Tensor) -> Tensor:
    """A skew with exp(A) = X for unitary X without the eigenvalue -1; (*batch, k, k).

    K = (X - I)(X + I)⁻¹ = tanh(A/2) has the eigenvectors of A, and iK is Hermitian.
    """
    k = torch.linalg.solve(x + identity_like(x), x - identity_like(x))
    tangents, v = torch.linalg.eigh(1j * (k - k.mH) / 2)
    a = v @ (-2j * torch.atan(tangents).unsqueeze(-1) * v.mH)
    return a if x.is_complex() else a.real


class FixedExponential(Chart):
    """X = Π exp([[0, -Cᴴ], [C, 0]])[:, :k] exp(A) D, D phases and Π a permutation of rows.

    Π brings k independent rows to the top, which keeps the principal angles below π/2, where the
    first factor has full rank; D keeps the angles of the second below π (Note [Signature]).
    Square: X = exp(A) D.
    """

    def point(self, state: State, p: Tensor) -> Tensor:
        """P = [A; C] -> X."""
        a, c = split(p)
        rotation = orthonormalize(exponential(a, skew=True))
        frame = rotation
        if c.shape[-2]:
            frame = geodesic(identity_like(p), torch.zeros_like(a), lower_part(c)) @ rotation
        rows = state["rows"].unsqueeze(-1).expand(frame.shape)
        return torch.gather(frame * phase(state["signs"]).unsqueeze(-2), -2, rows)

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """ΠᵀX = [U cos Θ Uᴴ; M sin Θ Uᴴ] R: C = M Θ Uᴴ, A = log(R D̄)."""
        n, k = x.shape[-2:]
        order = independent_rows(x)
        y, z = torch.gather(x, -2, order.unsqueeze(-1).expand(x.shape)).split([k, n - k], dim=-2)
        u, cosines, vh = svd(y)
        lower = z @ vh.mH
        sines = torch.linalg.vector_norm(lower, dim=-2)
        stretch = torch.where(sines > 0, torch.atan2(sines, cosines) / sines, 1.0)
        c = (lower * stretch.unsqueeze(-2)) @ u.mH
        signs = signature(u @ vh)
        a = logarithm((u @ vh) * signs.conj().unsqueeze(-2))
        return {"signs": signs, "rows": order.argsort(-1)}, torch.cat([a, c], dim=-2)


def independent_rows(x: Tensor) -> Tensor:
    """A permutation with k well-conditioned rows of X first: LU with row pivoting.

    (*batch, n, k) -> (*batch, n) of int64. Square X keeps its order.
    """
    n, k = x.shape[-2:]
    if k in {0, n}:
        return torch.arange(n, device=x.device).expand(x.shape[:-1])
    return torch.linalg.lu(x).P.abs().argmax(-2)


class Exponential(Retraction):
    """B + U -> exp(Ω) B: the geodesic of the canonical metric in direction U."""

    name = "exponential"
    curve = "exponential"
    fixed = FixedExponential()

    def retract(self, b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
        """exp(Ω) B."""
        return geodesic(b, a, normal)

    def turn(self, b: Tensor, p: Tensor) -> Tensor:
        """B exp(A)."""
        return rotated(b, p)
