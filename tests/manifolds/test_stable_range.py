"""Charts of stable matrices end where their dtype ends, and where a similarity leaves float64."""

import math

import pytest
import torch

import manifolds
from manifolds.catalogue.stable import tamed
from manifolds.interface import Manifold

SETS = [manifolds.SchurStable, manifolds.Hurwitz]


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("kind", SETS, ids=lambda kind: kind.__name__)
def test_couplings_of_a_large_matrix_are_taken_as_they_are(kind: type[Manifold]):
    n, manifold = 256, kind(256)
    x = -0.5 * torch.eye(n)
    z, w = manifold.right_inverse(x)
    w, z = 0.01 * normal(n, n).float() + w, (0.2 * normal(n, n).tril(-1)).float()
    a = torch.eye(n) + z.double()
    core = kind(n)
    core.right_inverse(x)
    expected = a @ core(torch.zeros_like(w).double(), w.double()) @ torch.linalg.inv(a)
    error = (manifold(z, w) - expected).abs().max() / expected.abs().max()
    assert error <= manifold.tolerance(torch.float32)


@pytest.mark.parametrize("kind", SETS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("scale", [0.2, 10.0, 1e6, 1e30])
def test_every_coupling_has_a_finite_gradient(scale: float, kind: type[Manifold]):
    n, manifold = 64, kind(64)
    _, w = manifold.right_inverse(-0.5 * torch.eye(n))
    z = (scale * normal(n, n)).float().requires_grad_()
    x = manifold(z, w + 0.1 * normal(n, n).float())
    (slope,) = torch.autograd.grad((x / x.detach().abs().max() * normal(n, n)).sum(), z)
    assert x.isfinite().all()
    assert slope.isfinite().all()


def test_an_inverse_is_kept_within_its_bits_by_rows():
    a = (3 * normal(40, 40)).tril(-1)
    small = tamed(a, 30.0)
    inverse = torch.linalg.inv(torch.eye(40, dtype=a.dtype) + small)
    assert inverse.abs().sum(0).max() <= 2.0**30
    assert ((small == 0) == (a == 0)).all()
    assert torch.equal(tamed(a, 1000.0), a)


@pytest.mark.parametrize("shift", [0.0, 0.5, -2.0])
@pytest.mark.parametrize(
    ("size", "dtype"),
    [(1e13, torch.float32), (1e38, torch.float32), (1e39, torch.float64), (1e288, torch.float64)],
    ids=str,
)
def test_large_hurwitz_matrices_come_back(size: float, dtype: torch.dtype, shift: float):
    manifold = manifolds.Hurwitz(3, shift=shift, strict=True)
    x = -size * torch.eye(3, dtype=dtype)
    error = (manifold(*manifold.right_inverse(x)) - x).abs().max() / size
    # where the shift is negative exp takes the rounding of log(x) / 2, twice in a square
    assert (
        error <= manifold.tolerance(dtype) + (shift < 0) * math.log(size) * torch.finfo(dtype).eps
    )


@pytest.mark.parametrize("shift", [0.0, 0.5, -2.0])
def test_what_leaves_the_range_is_shrunk_into_the_closure(shift: float):
    manifold = manifolds.Hurwitz(4, shift=shift)
    parameters = [p.requires_grad_() for p in manifold.right_inverse(-3e38 * torch.eye(4))]
    x = manifold(*(p + 1e3 for p in parameters))
    slopes = torch.autograd.grad((x / x.detach().abs().max()).sum(), parameters)
    assert x.isfinite().all()
    assert manifold.violation(x) <= manifold.tolerance(x.dtype)
    assert all(slope.isfinite().all() for slope in slopes)
