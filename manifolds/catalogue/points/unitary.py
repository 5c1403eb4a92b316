"""Unitary frames from scipy's Haar sampler, and those that break charts."""

from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.frames import NEARBY_ANGLE, Frames, haar
from manifolds.catalogue.points.points import Batch, Generator, Named, expm, normal


class UnitaryFrames(Frames):
    """XᴴX = I."""

    def ties(self, manifold: Any, *, is_complex: bool = True) -> Named:
        """The real ones, and multiples of the identity by phases."""
        real = super().ties(manifold, is_complex=is_complex)
        if "identity" not in real:
            return real
        i = {"i times the identity": 1j * real["identity"]}
        return real | (i if self.admits(1j * torch.eye(max(manifold.size))) else {})


class SpecialUnitaries(UnitaryFrames):
    """XᴴX = I, det X = 1."""

    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = True
    ) -> Tensor:
        """Haar on U(n), a row turned by 1 / det: Haar on SU(n)."""
        q = haar(batch, manifold.size[0], manifold.size[0], rng, is_complex=is_complex).clone()
        q[..., :1, :] /= torch.linalg.det(q)[..., None, None]
        return q

    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:  # noqa: ARG002
        """exp(Ω) X, Ω traceless with the largest angle 1/2."""
        n = x.shape[-1]
        if n < 2:
            return x
        g = normal(rng, *x.shape, is_complex=True)
        omega = g - g.mH
        omega = omega - omega.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None] * torch.eye(n)
        size = torch.linalg.matrix_norm(omega, 2, keepdim=True)
        return expm(NEARBY_ANGLE * omega / size) @ x

    def ties(self, manifold: Any, *, is_complex: bool = True) -> Named:
        """The unitary ones of determinant 1, and the centre of the group."""
        n = manifold.size[0]
        if not n:
            return {}
        root = torch.exp(torch.tensor(2j * torch.pi / n, dtype=torch.complex128))
        centre = {"a central element": root * torch.eye(n, dtype=torch.float64)}
        return super().ties(manifold, is_complex=is_complex) | centre

    def admits(self, q: Tensor) -> bool:
        """det q = 1."""
        return bool((torch.linalg.det(q) - 1).abs() < 0.5)

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:
        """Frames that are off, and the identity times phases."""
        n = manifold.size[0]
        if not n:
            return {}
        eye = torch.eye(n, dtype=dtype)
        turned = eye.clone()
        turned[:1] *= 1j
        return super().outside(manifold, dtype) | {"one phase": turned, "one sign": turned**2}
