"""The special linear group {X : det X = 1}."""

import torch
from torch import Tensor

from manifolds.catalogue.general_linear import exponential_in_range, floored
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import diagonal, identity, identity_like, norm
from manifolds.linear_algebra.exponential import exponential
from manifolds.linear_algebra.orthonormalize import turn_last
from manifolds.linear_algebra.range import clipped


def traceless(a: Tensor) -> Tensor:
    """A - tr(A)/n I: the nearest matrix of trace 0; (*batch, n, n) -> (*batch, n, n)."""
    mean = diagonal(a).sum(-1) / max(a.shape[-1], 1)
    return a - mean[..., None, None] * identity_like(a)


class SpecialLinear(Manifold):
    """X = B exp(A), tr A = 0, about an assigned B; (*batch, n, n) -> (*batch, n, n).

    det X = det B · e^(tr A) = 1 (Hall, Lie Groups, Lie Algebras, and Representations, 2015,
    theorem 2.12). A is the traceless part of the parameter; at A = 0 the Jacobian is that of
    A -> BA, of full rank n² - 1.

    `violation` is the distance from det X = 1 to first order, relative to ‖X‖: σ_n has to become
    1 / (σ_1 ⋯ σ_(n-1)) with the phase of det X turned to 1. `project` keeps singular vectors and
    changes log σᵢ in proportion to 1/σᵢ², which is nearest in the Frobenius norm to first order;
    where det X < 0 the last singular vector turns, singular values are at least 8n eps σ_1.
    `random_point` is exp(A), A the traceless part of a matrix of independent N(0, 1/n) entries.
    """

    axes = ("n", "n")
    complex_form = True
    has_base = True

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        self.remember(base_point=identity(*self.size, torch.empty(0, dtype=torch.float32)))

    def embed(self, *parameters: Tensor) -> Tensor:
        """B exp(A - tr(A)/n I)."""
        (a,) = parameters
        limit = torch.finfo(a.dtype).max / max(self.size[0], 1)  # or the trace overflows
        a = traceless(clipped(a, limit / 2))
        return self.recalled("base_point", a) @ exponential_in_range(a)

    def coordinates(self, x: Tensor) -> Tensor:
        """X is remembered; the parameters are zero."""
        self.remember(base_point=x)
        return torch.zeros_like(x)

    def residual(self, x: Tensor) -> Tensor:
        """|e^(iθ) σ_n - 1 / (σ_1 ⋯ σ_(n-1))| and |log det X| σ_n, the larger, over ‖σ‖ ‖σ_n / σ‖.

        Both agree to first order; the one sees singular X, the other large ones.
        """
        if not self.size[0]:
            return x.real.sum((-2, -1))
        s = torch.linalg.svdvals(x)
        least = s[..., -1]
        slope = torch.where(s > 0, least.unsqueeze(-1) / s, 1)
        turn = torch.linalg.slogdet(x).sign
        wanted = torch.exp(-s[..., :-1].log().sum(-1))
        gap = (turn * least - wanted).abs()
        logarithm = torch.hypot(s.log().sum(-1), turn.angle())
        gap = torch.maximum(gap, torch.where(least > 0, least * logarithm, 0))
        return gap / (norm(s, 1) * norm(slope, 1))

    def nearest(self, x: Tensor) -> Tensor:
        """U diag(σᵢ e^(-wᵢ log det)) Vᴴ, w in proportion to 1/σ²; see the class."""
        u, s, vh = torch.linalg.svd(x)
        s = floored(s, self.tolerance(x.dtype))
        w = (s[..., -1:] / s) ** 2
        w = w / w.sum(-1, keepdim=True)
        turn = torch.linalg.det(u @ vh)
        logarithm = s.log().sum(-1)
        if x.is_complex():
            logarithm = torch.complex(logarithm, turn.angle())
        else:
            u = turn_last(u, turn)
        return (u * (s * torch.exp(-w * logarithm.unsqueeze(-1))).unsqueeze(-2)) @ vh

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
