"""Positive semidefinite matrices: {X : X = Xᴴ ⪰ 0}, a closed cone."""

import torch
from torch import Tensor

from manifolds.catalogue.positive_definite import distance_to_semidefinite, semidefinite_part
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.range import clipped, largest_factor
from manifolds.linear_algebra.symmetry import squared, sym


class PositiveSemidefinite(Manifold):
    """X = W Wᴴ with square W; (*batch, n, n) -> (*batch, n, n).

    Every X ⪰ 0 is reached, singular ones too. The Jacobian at a W of rank r has rank
    n r - r (r - 1) / 2 (Hermitian: 2 n r - r²), the dimension of the matrices of rank r: full at
    r = n and zero at W = 0, where gradient descent does not move; `PositiveDefinite` has full rank
    everywhere. (Burer & Monteiro, Math. Program. 2003; Vandereycken, Absil & Vandewalle 2009.)

    `project` is nearest in the Frobenius norm (Higham 1988, theorem 2.1); `random_point` is
    Wishart with n degrees of freedom and mean I.
    """

    axes = ("n", "n")
    complex_form = True

    def embed(self, *parameters: Tensor) -> Tensor:
        """W Wᴴ."""
        (w,) = parameters
        w = clipped(w, largest_factor(self.size[0], w.dtype))
        return squared(w)

    def coordinates(self, x: Tensor) -> Tensor:
        """W = V √Λ of X = V Λ Vᴴ."""
        values, v = torch.linalg.eigh(sym(x))
        return v * values.clamp_min(0).sqrt().unsqueeze(-2)

    def residual(self, x: Tensor) -> Tensor:
        """‖X - X₊‖ / ‖X‖."""
        return distance_to_semidefinite(x)

    def nearest(self, x: Tensor) -> Tensor:
        """Negative eigenvalues set to zero."""
        return semidefinite_part(x)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """G Gᵀ / n, G normal n × n."""
        return self.embed(normal(*shape) / max(shape[-1], 1) ** 0.5)

    @property
    def dim(self) -> int:
        """n (n + 1) / 2."""
        return self.size[0] * (self.size[0] + 1) // 2

    @property
    def complex_dim(self) -> int:
        """n²."""
        return self.size[0] ** 2
