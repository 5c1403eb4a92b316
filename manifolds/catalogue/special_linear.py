"""The special linear group {X : det X = 1}."""

import torch
from torch import Tensor

from manifolds.catalogue.general_linear import exponential_in_range, floored
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import diagonal, identity_like, norm
from manifolds.linear_algebra.decompositions import singular_values, svd
from manifolds.linear_algebra.exponential import exponential
from manifolds.linear_algebra.orthonormalize import turn_last
from manifolds.linear_algebra.range import clipped
from manifolds.linear_algebra.unimodular import unimodular

BISECTIONS = 80
"""From a width of some 700 in log τ to 1e-21."""


def traceless(a: Tensor) -> Tensor:
    """A - tr(A)/n I: the nearest matrix of trace 0; (*batch, n, n) -> (*batch, n, n)."""
    mean = diagonal(a).sum(-1) / max(a.shape[-1], 1)
    return a - mean[..., None, None] * identity_like(a)


class SpecialLinear(Manifold):
    """X = B exp(A), tr A = 0, about an assigned B; (*batch, n, n) -> (*batch, n, n).

    det X = det B · e^(tr A) = 1 (Hall, Lie Groups, Lie Algebras, and Representations, 2015,
    theorem 2.12). A is the traceless part of the parameter; at A = 0 the Jacobian is that of
    A -> BA, of full rank n² - 1. A is scaled down at ‖A‖₂ = log(max) / 4 as in `GeneralLinear`.

    `violation` is the distance from det X = 1 to first order, relative to ‖X‖: σ_n has to become
    1 / (σ_1 ⋯ σ_(n-1)) with the phase of det X turned to 1. `project` keeps the singular vectors,
    the last one turned and σ_n counted negative where det X < 0, and solves τᵢ(τᵢ - σᵢ) = μ, the
    stationarity of ‖X - Y‖ in the Frobenius norm, for ∏ τᵢ = 1; the phase of a complex det X is
    shared out in proportion to 1/τᵢ², which is nearest to first order.
    `random_point` is exp(A), A the traceless part of a matrix of independent N(0, 1/n) entries.
    """

    axes = ("n", "n")
    complex_form = True
    has_base = True

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        self.remember(base_point=torch.eye(self.size[0], dtype=torch.float32))

    def embed(self, *parameters: Tensor) -> Tensor:
        """B exp(A - tr(A)/n I)."""
        (a,) = parameters
        limit = torch.finfo(a.dtype).max / max(self.size[0], 1)  # or the trace overflows
        a = traceless(clipped(a, limit / 2))
        return unimodular(self.recalled("base_point", a) @ exponential_in_range(a))

    def coordinates(self, x: Tensor) -> Tensor:
        """X is remembered; the parameters are zero."""
        self.remember(base_point=x)
        return torch.zeros_like(x)

    def residual(self, x: Tensor) -> Tensor:
        """σ_n |e^(iθ) - 1 / |det X||, σ_n |log det X|, the larger, over ‖σ‖ ‖σ_n / σ‖.

        Both agree to first order; the one sees singular X, the other large ones. Singular values
        below rounding are anything up to it, and log |det X| at most what it is with all of it.
        """
        if not self.size[0]:
            return x.real.sum((-2, -1))
        s = singular_values(x)
        floor = 2 * self.size[0] ** 0.5 * torch.finfo(x.dtype).eps  # n of them add up to 2n eps
        raised = floored(s, floor)
        least, logarithm = raised[..., -1], raised.log().sum(-1)
        logarithm = torch.where(least > s[..., -1], logarithm.clamp_max(0), logarithm)
        turn = torch.nan_to_num(torch.linalg.slogdet(x).sign)  # NaN where a pivot underflows
        gap = least * (turn - torch.exp(-logarithm)).abs()
        gap = torch.maximum(gap, least * torch.hypot(logarithm, turn.angle()))
        return gap / (norm(raised, 1) * norm(least.unsqueeze(-1) / raised, 1))

    def nearest(self, x: Tensor) -> Tensor:
        """U diag(τ) Vᴴ; see the class."""
        u, s, vh = svd(x)
        turn = torch.linalg.det(u @ vh)
        if not self.size[0]:
            return x
        if not x.is_complex():
            u = turn_last(u, turn)
            last = s[..., -1:]
            s = torch.cat([s[..., :-1], torch.where(turn.unsqueeze(-1) < 0, -last, last)], dim=-1)
            return _with_singular_values(x, u, s, vh, nearest_of_product_one(s))
        t = nearest_of_product_one(s)
        w = (t.amin(-1, keepdim=True) / t) ** 2
        angles = turn.angle().unsqueeze(-1) * w / w.sum(-1, keepdim=True)
        return _with_singular_values(x, u, s, vh, torch.polar(t, -angles))

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """exp of a traceless normal matrix."""
        return exponential(traceless(normal(*shape) / max(shape[-1], 1) ** 0.5))

    @property
    def dim(self) -> int:
        """n² - 1."""
        return max(self.size[0] ** 2 - 1, 0)

    @property
    def complex_dim(self) -> int:
        """2 (n² - 1)."""
        return 2 * self.dim


def _with_singular_values(x: Tensor, u: Tensor, s: Tensor, vh: Tensor, t: Tensor) -> Tensor:
    """U diag(τ) Vᴴ of X = U diag(σ) Vᴴ, as X + U diag(τ - σ) Vᴴ where little is to be added.

    See Note [Backward error of an SVD]: of what is taken away it leaves 90 eps behind.
    """
    change = norm(t - s, 1)
    little = change <= torch.finfo(x.dtype).eps ** 0.5 * norm(s, 1)
    y = x + (u * (t - s).unsqueeze(-2)) @ vh
    return torch.where(little[..., None, None], y, (u * t.unsqueeze(-2)) @ vh)


def nearest_of_product_one(s: Tensor) -> Tensor:
    """τ > 0 with ∏ τᵢ = 1 and τᵢ(τᵢ - σᵢ) = μ, by bisection for log τ_n; (*batch, n) -> same.

    σ_1 >= … >= |σ_n|. For τ_n -> 0 the product falls to 0; at τ_n = max(σ_n, 1) every τᵢ >= 1.
    """
    s, dtype = s.double(), s.dtype
    last = s[..., -1:]
    high = last.clamp_min(1).log()
    low = torch.full_like(high, torch.finfo(s.dtype).tiny).log()
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = _with_last(s, middle.exp()).log().sum(-1, keepdim=True) > 0
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    t = _with_last(s, high.exp())
    # Where two roots meet, as at 2I, they have half the digits: the last ones along the normal
    w = (t.amin(-1, keepdim=True) / t) ** 2
    w = w / w.sum(-1, keepdim=True)
    return (t * torch.exp(-w * t.log().sum(-1, keepdim=True))).to(dtype)


def _with_last(s: Tensor, last: Tensor) -> Tensor:
    """τ of a given τ_n: the larger roots of τᵢ(τᵢ - σᵢ) = τ_n(τ_n - σ_n)."""
    mu = last * (last - s[..., -1:])
    others = s[..., :-1]
    root = torch.sqrt((others**2 + 4 * mu).clamp_min(0))
    return torch.cat([(others + root) / 2, last], dim=-1)
