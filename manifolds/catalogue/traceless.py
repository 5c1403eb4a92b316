"""Traceless matrices: {X : tr X = 0}, the Lie algebra of the special linear group."""

import torch
from torch import Tensor

from manifolds.catalogue.centered import less_mean
from manifolds.interface.subspace import Subspace
from manifolds.linear_algebra.basics import diagonal


class Traceless(Subspace):
    """X = Z - (tr Z / n) I; (*batch, n, n) -> (*batch, n, n).

    `project` is nearest in the Frobenius norm; `random_point` projects a normal matrix.
    Reference: Hall, Lie Groups, Lie Algebras, and Representations, 2015, section 3.4.
    """

    axes = ("n", "n")

    def nearest(self, x: Tensor) -> Tensor:
        """X - (tr X / n) I."""
        d = diagonal(x)
        return x - torch.diag_embed(d) + torch.diag_embed(less_mean(d))

    @property
    def dim(self) -> int:
        """n² - 1."""
        return max(self.size[0] ** 2 - 1, 0)
