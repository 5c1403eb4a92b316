"""Charts end where their dtype ends, not before: what is scaled down, and its derivative."""

import math

import pytest
import torch

import manifolds
from manifolds.catalogue.general_linear import exponential_in_range
from manifolds.linear_algebra.saturation import saturated

BATCHES = [(4, 4), (3, 5, 3)]


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


def times_j(x: torch.Tensor) -> torch.Tensor:
    """XJ."""
    left, right = x.tensor_split(2, dim=-1)
    return torch.cat([-right, left], dim=-1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
def test_a_large_matrix_of_moderate_spectral_norm_is_exponentiated_as_it_is(dtype):
    a = 0.3 * normal(128, 128, dtype=dtype)  # ‖A‖_F = 38, ‖A‖₂ = 7
    expected = torch.linalg.matrix_exp(a.to(torch.promote_types(dtype, torch.float64)))
    error = (exponential_in_range(a) - expected).norm() / expected.norm()
    # five squarings, each of which doubles the rounding of a product of 128 terms, √128 eps / 2
    assert error <= 2**5 * math.sqrt(128) * torch.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("scale", [0.02, 0.2])
@pytest.mark.parametrize("k", [32, 64], ids=["of low rank", "of full rank"])
def test_a_symplectic_frame_moves_by_the_exponential_of_all_its_parameters(k, scale, dtype):
    manifold, p = manifolds.SymplecticStiefel(128, k), scale * normal(128, k)
    b = manifold.base_point.double()
    s = p @ times_j(b).mT
    expected = torch.linalg.matrix_exp(times_j(s + s.mT)) @ b
    error = (manifold(p.to(dtype)) - expected).norm() / expected.norm()
    assert error <= 2**5 * math.sqrt(128) * torch.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
@pytest.mark.parametrize("shape", BATCHES, ids=str)
@pytest.mark.parametrize("scale", [0.1, 3.0], ids=["within", "beyond"])
def test_the_derivatives_are_those_of_what_is_scaled_down(scale, shape, dtype):
    a = (scale * normal(*shape, dtype=dtype)).requires_grad_()
    b = normal(*shape[:-2], 6, 2, dtype=dtype)
    assert torch.autograd.gradcheck(lambda x: saturated(x, 2.0), a, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(lambda x: saturated(x, 2.0, beside=b), a)


def test_what_vmap_or_a_compiler_scales_down_is_the_same():
    a = normal(5, 4, 4) * torch.tensor([0.01, 0.1, 1, 10, 100])[:, None, None]
    expected, slope = torch.func.vjp(lambda x: saturated(x, 2.0), a)
    compiled, x = torch.compile(lambda x: saturated(x, 2.0), fullgraph=True), a.clone()
    y = compiled(x.requires_grad_())
    assert torch.equal(torch.func.vmap(lambda x: saturated(x, 2.0))(a), expected)
    assert torch.equal(y, expected)
    torch.testing.assert_close(torch.autograd.grad(y, x, a)[0], slope(a)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
@pytest.mark.parametrize("size", [0.0, 1e-30, 1e30, None], ids=str)
def test_what_is_next_to_the_ends_of_the_range_has_finite_derivatives(size, dtype):
    size = torch.finfo(dtype).max if size is None else size
    a = (size * normal(4, 4).sign()).to(dtype).requires_grad_()
    x = saturated(a, 2.0)
    (slope,) = torch.autograd.grad(x, a, torch.ones_like(x))
    assert torch.linalg.matrix_norm(x, 2) <= 2 * (1 + 16 * torch.finfo(dtype).eps)
    assert slope.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
@pytest.mark.parametrize("part", [1e-19, 1e-2], ids=str)
def test_a_matrix_of_low_rank_comes_back_up_to_the_end_of_the_range(part, dtype):
    manifold = manifolds.LowRank(3, 3, rank=1, strict=True)
    x = torch.full((3, 3), part * torch.finfo(dtype).max, dtype=dtype)
    error = (manifold(*manifold.right_inverse(x)) - x).abs().max() / x.abs().max()
    assert error <= manifold.tolerance(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64], ids=str)
def test_factors_of_any_size_have_a_finite_product(dtype):
    manifold, most = manifolds.LowRank(3, 4, rank=2), torch.finfo(dtype).max
    for scales in [(most, most), (most, 1e-10), (1e-10, most), (most, 0), (1e25, 1e25)]:
        g, h = (s * normal(n, 2, dtype=dtype).sgn() for s, n in zip(scales, (3, 4), strict=True))
        assert manifold(g, h).isfinite().all()


def test_a_large_semidefinite_matrix_of_low_rank_comes_back():
    manifold, x = manifolds.LowRankPSD(16, 16, rank=2, strict=True), torch.full((16, 16), 2e37)
    error = (manifold(manifold.right_inverse(x)) - x).abs().max() / x.abs().max()
    assert error <= manifold.tolerance(x.dtype)
