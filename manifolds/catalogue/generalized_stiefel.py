"""The generalized Stiefel manifold {X : XᴴGX = I} of a Hermitian positive definite G."""

from collections.abc import Sequence

import torch
from torch import Tensor

from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.interface import Manifold, Normal
from manifolds.interface.numbers import as_tensor
from manifolds.interface.tolerance import LARGEST_VIOLATION, tolerance
from manifolds.linear_algebra.basics import add_identity, norm
from manifolds.linear_algebra.symmetry import sym
from manifolds.maps import Map


class GeneralizedStiefel(Manifold):
    """XᴴGX = I_k, k <= n; (*batch, n, k) -> (*batch, n, k).

    With G = LLᴴ (Cholesky) Q = LᴴX is an orthonormal frame: X = L⁻ᴴQ, Q as on `Orthogonal` with its
    maps and bases, and as on `Unitary` where X is complex. G, of shape (n, n), is the option
    `metric`, symmetric or, for complex X only, Hermitian; it is kept in a buffer and cast to the
    dtype and device of X. (Absil, Mahony & Sepulchre 2008, section 4.5.1; Sato & Aihara, Cholesky
    QR-based retraction on the generalized Stiefel manifold, Comput. Optim. Appl. 2019.)

    A relative error eps of X is one of √cond(G) eps in Q and, once Q is made orthonormal again, in
    X: the tolerance, and with it the accuracy of the round trip, carries the factor √cond(G).
    `violation` is ‖XᴴGX - I‖ √k / (‖X‖ ‖GX‖), relative to the rounding of XᴴGX; for G = I it is
    that of `Orthogonal`. `project` is X (XᴴGX)^(-1/2), nearest in the norm (tr ZᴴGZ)^(1/2);
    `random_point` is L⁻ᴴQ, Q Haar. ValueError where G is not positive definite, or not
    Hermitian to rounding.
    """

    axes = ("n", "k")
    complex_form = True
    constants = ("metric", "factor")

    def __init__(
        self,
        *size: int,
        metric: Tensor | Sequence[Sequence[float]],
        map: str | Map = "cayley",
        base: str = "assigned",
        strict: bool = False,
    ) -> None:
        super().__init__(*size, strict=strict)
        if self.size[0] < self.size[1]:
            raise ValueError(f"GeneralizedStiefel(n, k) needs k <= n, got {self.size}")
        metric = checked_metric(metric, self.size[0])
        self.real_form = not metric.is_complex()
        self.remember(metric=metric, factor=torch.linalg.cholesky(metric))
        self.frames = Orthogonal(*self.size, map=map, base=base)
        self.condition = condition(self.get_buffer("factor"))
        self.has_base = self.frames.has_base
        self.options = self.frames.options

    def tolerance(self, dtype: torch.dtype) -> float:
        """That of the frames times √cond(G) = cond(L), at most 1/8."""
        return min(self.frames.tolerance(dtype) * self.condition, LARGEST_VIOLATION)

    def frame(self, x: Tensor) -> Tensor:
        """Q = LᴴX."""
        return self.recalled("factor", x).mH @ x

    def unframe(self, q: Tensor) -> Tensor:
        """X = L⁻ᴴQ."""
        return torch.linalg.solve_triangular(self.recalled("factor", q).mH, q, upper=True)

    def embed(self, *parameters: Tensor) -> Tensor:
        """L⁻ᴴ times the frame."""
        return self.unframe(self.frames.embed(*parameters))

    def coordinates(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The coordinates of the frame."""
        return self.frames.coordinates(self.frame(x))

    def residual(self, x: Tensor) -> Tensor:
        """‖XᴴGX - I‖ √k / max(‖X‖ ‖GX‖, k)."""
        k = self.size[1]
        gx = self.recalled("metric", x) @ x
        scale = (norm(x, 2) * norm(gx, 2)).clamp_min(max(k, 1))
        return norm(add_identity(x.mH @ gx, -1), 2) * k**0.5 / scale

    def nearest(self, x: Tensor) -> Tensor:
        """L⁻ᴴ times the polar factor of LᴴX."""
        return self.unframe(self.frames.nearest(self.frame(x)))

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """L⁻ᴴ times a Haar frame."""
        return self.unframe(self.frames.sample(shape, normal))

    @property
    def dim(self) -> int:
        """That of the real frames."""
        return self.frames.dim

    @property
    def complex_dim(self) -> int:
        """2nk - k², that of the complex frames."""
        n, k = self.size
        return 2 * n * k - k * k


def checked_metric(metric: Tensor | Sequence[Sequence[float]], n: int) -> Tensor:
    """(G + Gᴴ) / 2 in 64-bit for G Hermitian to rounding and ≻ 0, (n, n); ValueError otherwise."""
    metric = as_tensor("metric", metric)
    shape, is_number = tuple(metric.shape), metric.is_floating_point() or metric.is_complex()
    if shape != (n, n) or not is_number:
        raise ValueError(
            f"metric must be a real or complex ({n}, {n}) tensor, got {shape} of {metric.dtype}"
        )
    g = metric.detach().to(torch.complex128 if metric.is_complex() else torch.float64)
    asymmetry = norm(g - g.mH, 2) > tolerance(n, metric.dtype) * norm(g, 2)
    if asymmetry or torch.linalg.cholesky_ex(sym(g)).info != 0:
        raise ValueError("metric must be Hermitian (real: symmetric) positive definite")
    return sym(g)


def condition(l: Tensor) -> float:
    """σ_1 / σ_n, 1 for no columns."""
    s = torch.linalg.svdvals(l)
    return (s[0] / s[-1]).item() if s.numel() else 1.0
