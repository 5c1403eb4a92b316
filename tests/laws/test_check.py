"""manifolds.verify.check: the laws on a user's own class."""

import pytest
import torch
from torch import Tensor

import manifolds
from manifolds.interface import Manifold, Normal
from manifolds.verify import LAWS, VerificationError, check


class UpperTriangular(Manifold):
    """X with zeros below the diagonal."""

    axes = ("n", "n")

    def embed(self, *parameters: Tensor) -> Tensor:
        """The upper triangle."""
        return parameters[0].triu()

    def coordinates(self, x: Tensor) -> Tensor:
        """Itself."""
        return x.clone()

    def residual(self, x: Tensor) -> Tensor:
        """The part below the diagonal."""
        below = torch.linalg.matrix_norm(x.tril(-1))
        return below / torch.linalg.matrix_norm(x).clamp_min(torch.finfo(x.dtype).tiny)

    def nearest(self, x: Tensor) -> Tensor:
        """The upper triangle."""
        return x.triu()

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Normal entries."""
        return normal(*shape).triu()

    @property
    def dim(self) -> int:
        """n (n + 1) / 2."""
        return self.size[0] * (self.size[0] + 1) // 2


class Leaking(UpperTriangular):
    """Forgets to cut."""

    def embed(self, *parameters: Tensor) -> Tensor:
        """Everything."""
        return parameters[0].clone()


def test_a_correct_class_of_ones_own_passes_every_law():
    report = check(UpperTriangular(3), raise_on_failure=True)
    assert report.passed
    assert all(row.checks for row in report.rows)


def test_a_wrong_class_is_told_which_law_fails():
    report = check(Leaking(3), dtypes=[torch.float64])
    assert "on_manifold" in {row.law for row in report.failures}


def test_raise_on_failure_names_manifold_law_and_place():
    with pytest.raises(VerificationError, match=r"Leaking.*on_manifold, random parameters"):
        check(Leaking(3), dtypes=[torch.float64], raise_on_failure=True)


def test_laws_that_need_an_independent_source_are_listed_as_skipped():
    report = check(UpperTriangular(2), dtypes=[torch.float64])
    measured = {row.law for row in report.rows}
    skipped = {law for law, _ in report.skipped}
    assert measured | skipped == {law.name for law in LAWS}
    assert "sampler" in skipped


def test_the_instance_itself_is_left_alone():
    manifold = manifolds.Orthogonal(3, 2)
    before = {name: b.clone() for name, b in manifold.named_buffers()}
    check(manifold, dtypes=[torch.float64], huge=1e6, raise_on_failure=True)
    assert all(torch.equal(b, before[name]) for name, b in manifold.named_buffers())
