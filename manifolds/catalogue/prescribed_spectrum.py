"""Matrices with given singular values: {X : σ(X) = s}, orbits of O(n) × O(k), U(n) × U(k)."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.interface import Manifold, Normal
from manifolds.interface.numbers import as_tensor
from manifolds.linear_algebra.basics import norm, ratio
from manifolds.linear_algebra.decompositions import corrected, singular_values, svd
from manifolds.maps import Map


class PrescribedSpectrum(Manifold):
    """X = U diag(s) Vᴴ, UᴴU = VᴴV = I; (*batch, n, r), (*batch, k, r) -> (*batch, n, k).

    s, the option `spectrum`, has min(n, k) values in descending order, r of them positive, and is
    kept in a buffer, cast to the dtype of X. U and V lie on `Orthogonal` (complex X: `Unitary`)
    about their assigned values. The map (U, V) -> X takes orbits to orbits, so that its rank is the
    dimension of the orbit, (n + k) r - r (r + 1) - Σ m (m - 1) / 2 over the multiplicities m of
    positive values, and 2 (n + k) r - 2 r² - Σ m² for complex X
    (Helmke & Moore, Optimization and Dynamical Systems, 1994, chapter 3).

    `violation` is ‖σ(X) - s‖ / ‖s‖, the distance from the set over ‖s‖ (Mirsky 1960); `project` is
    nearest in every unitarily invariant norm; `random_point` has Haar frames U and V.
    """

    axes = ("n", "k")
    complex_form = True
    has_base = True
    constants = ("spectrum",)

    def __init__(
        self,
        *size: int,
        spectrum: Tensor | Sequence[float],
        map: str | Map = "cayley",
        strict: bool = False,
    ) -> None:
        super().__init__(*size, strict=strict)
        spectrum = checked_spectrum(spectrum, min(self.size))
        self.remember(spectrum=spectrum)
        self.multiplicities = tuple(Counter(s for s in spectrum.tolist() if s > 0).values())
        self.rank = sum(self.multiplicities)
        self.left, self.right = (Orthogonal(n, self.rank, map=map) for n in self.size)

    def embed(self, *parameters: Tensor) -> Tensor:
        """U diag(s) Vᴴ."""
        u, v = (f.embed(p) for f, p in zip((self.left, self.right), parameters, strict=True))
        return (u * self.recalled("spectrum", u)[: self.rank]) @ v.mH

    def coordinates(self, x: Tensor) -> tuple[Tensor, ...]:
        """U and V of the singular value decomposition are remembered; the parameters are zero."""
        (u, v), s = self._vectors(x), self.recalled("spectrum", x).real[: self.rank]
        pair = corrected(x, u, s, v)
        return tuple(f.coordinates(q) for f, q in zip((self.left, self.right), pair, strict=True))

    def residual(self, x: Tensor) -> Tensor:
        """‖σ(X) - s‖ / ‖s‖, over ‖σ(X)‖ where s = 0."""
        s = self.recalled("spectrum", x).real
        sigma = singular_values(x)
        size = norm(s, 1)
        return ratio(norm(sigma - s, 1), torch.where(size > 0, size, norm(sigma, 1)))

    def nearest(self, x: Tensor) -> Tensor:
        """U diag(s) Vᴴ of X = U diag(σ) Vᴴ."""
        u, v = self._vectors(x)
        return (u * self.recalled("spectrum", x)[: self.rank]) @ v.mH

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """U diag(s) Vᴴ, U and V Haar."""
        batch = shape[:-2]
        u, v = (f.sample((*batch, *f.size), normal) for f in (self.left, self.right))
        return (u * self.recalled("spectrum", u)[: self.rank]) @ v.mH

    def _vectors(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """U and V of the values that are to be positive, corrected."""
        u, sigma, vh = svd(x)
        u, sigma, v = u[..., : self.rank], sigma[..., : self.rank], vh.mH[..., : self.rank]
        return corrected(x, u, sigma, v)

    @property
    def dim(self) -> int:
        """(n + k) r - r (r + 1) - Σ m (m - 1) / 2."""
        r = self.rank
        return sum(self.size) * r - r * (r + 1) - sum(m * (m - 1) // 2 for m in self.multiplicities)

    @property
    def complex_dim(self) -> int:
        """2 (n + k) r - 2 r² - Σ m²: of U(n) × U(k) without what leaves diag(s) alone."""
        r = self.rank
        return 2 * sum(self.size) * r - 2 * r * r - sum(m * m for m in self.multiplicities)


def checked_spectrum(spectrum: Tensor | Sequence[float], count: int) -> Tensor:
    """`spectrum` if it is (count,), >= 0, finite and descending; ValueError otherwise."""
    spectrum = as_tensor("spectrum", spectrum)
    shape = tuple(spectrum.shape)
    if shape != (count,) or not spectrum.is_floating_point() or not spectrum.isfinite().all():
        raise ValueError(f"spectrum must be {count} finite real numbers, got {shape}")
    if (spectrum < 0).any() or (spectrum[1:] > spectrum[:-1]).any():
        raise ValueError("spectrum must be >= 0 and in descending order")
    return spectrum
