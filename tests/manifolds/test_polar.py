"""Polar factors, far from a frame and next to one, and what their derivative solves."""

import numpy as np
import pytest
import scipy
import torch
from normals import normal

import manifolds
from manifolds.frames.polar_rotation import polar_rotated
from manifolds.frames.tall_polar import tall_polar
from manifolds.linear_algebra.inverse_root import (
    SCHEMES,
    fitting,
    inverse_root_minus_identity,
    reach,
)
from manifolds.linear_algebra.many import SEVERAL
from manifolds.linear_algebra.near_identity import WORTH_LOOKING, times_near_identity
from manifolds.linear_algebra.orthonormalize import orthonormal_factor
from manifolds.linear_algebra.polar import polar
from manifolds.linear_algebra.sylvester import sylvester
from manifolds.linear_algebra.symmetry import skew

EPS = torch.finfo(torch.float64).eps


@pytest.mark.parametrize("shape", [(4, 4), (7, 3), (3, 5, 2)], ids=str)
def test_the_polar_factor_is_scipys(shape: tuple[int, ...]):
    y = normal(*shape)
    y = y / torch.linalg.matrix_norm(y, -2, keepdim=True)  # singular values >= 1
    theirs = [scipy.linalg.polar(m)[0] for m in y.flatten(0, -3).numpy()] if y.ndim > 2 else None
    expected = torch.as_tensor(np.stack(theirs) if theirs else scipy.linalg.polar(y.numpy())[0])
    assert (polar(y) - expected).norm() <= 100 * EPS * expected.norm()


@pytest.mark.parametrize("sign", [1, 0, -1], ids=["positive", "of either sign", "negative"])
@pytest.mark.parametrize("place", range(len(SCHEMES)))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_series_leaves_rounding_at_the_end_of_its_reach(place: int, dtype, sign: int):
    t = reach(place, dtype) * (1 - 1e-6)
    low, high = {1: (0, 2 * t / (1 - t)), 0: (-t, t), -1: (-2 * t / (1 + t), 0)}[sign]
    assert fitting(low, high, dtype) == SCHEMES[place]
    s = torch.linspace(low, high, 7, dtype=torch.float64)
    found = inverse_root_minus_identity(torch.diag(s).to(dtype), low, high)
    expected = torch.expm1(-torch.log1p(s) / 2)
    # one eps is left out by the series, another for the rounding of terms below 1/5
    assert (found.diagonal() - expected).abs().max() <= 2 * torch.finfo(dtype).eps


@pytest.mark.parametrize("size", [0.0, 1e-9, 1e-4, 0.1, 1.0, 10.0, 100.0, 1e4], ids=str)
@pytest.mark.parametrize(
    "shape", [(2, 5, 5), (40, 40), (SEVERAL, 8, 8), (SEVERAL, 20, 20)], ids=str
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_sylvester_solves_its_equation_far_from_the_identity_and_near(size: float, shape, dtype):
    n = shape[-1]
    q, c = orthonormal_factor(normal(*shape, dtype=dtype)), skew(normal(*shape, dtype=dtype))
    e = size * torch.rand(n, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    e = (q * e) @ q.mH
    h, omega = torch.eye(n) + e, sylvester(e, c)
    left = torch.linalg.matrix_norm(h @ omega + omega @ h - c)
    sizes = torch.linalg.matrix_norm(h) * torch.linalg.matrix_norm(c)
    assert (left <= 8 * n * EPS * sizes).all()


@pytest.mark.parametrize("count", [1, SEVERAL])
@pytest.mark.parametrize("n", [8, 20, 40])
def test_sylvesters_equation_with_one_large_eigenvalue_keeps_its_digits(n: int, count: int):
    q, c = orthonormal_factor(normal(count, n, n)), skew(normal(count, n, n, seed=1))
    values = torch.zeros(n, dtype=torch.float64).index_fill(0, torch.tensor(0), 1e4)
    expected = q @ ((q.mT @ c @ q) / (2 + values + values.unsqueeze(-1))) @ q.mT
    error = (sylvester((q * values) @ q.mT, c) - expected).norm() / expected.norm()
    assert error <= 2 * n**0.5 * EPS * 1e4  # the condition of H


@pytest.mark.parametrize("scale", [1.0, 1e30], ids=str)
def test_sylvesters_equation_of_a_large_matrix_is_solved(scale: float):
    q, c = (t.float() for t in (orthonormal_factor(normal(40, 40)), skew(normal(40, 40))))
    values = scale * torch.linspace(1, 1.3, 40)
    expected = q @ ((q.mT @ c @ q) / (values + values.unsqueeze(-1))) @ q.mT * scale
    omega = scale * sylvester((q * values) @ q.mT - torch.eye(40), c)
    rounding = 8 * 40**0.5 * torch.finfo(torch.float32).eps  # of both, each by products
    assert (omega - expected).norm() <= rounding * expected.norm()


@pytest.mark.parametrize("size", [1e10, 1e30], ids=str)
@pytest.mark.parametrize("shape", [(9, 4), (4, 4)], ids=str)
def test_derivatives_of_every_kind_reach_parameters_beyond_every_angle(shape, size: float):
    manifold = manifolds.Orthogonal(*shape, map="polar")
    manifold.right_inverse(orthonormal_factor(normal(*shape)))
    p = size * normal(2, *shape)
    for x in (torch.vmap(manifold)(p), torch.func.jvp(manifold, (p[0],), (p[1],))[0]):
        assert manifold.violation(x).max() <= 8 * shape[-1] ** 0.5 * EPS


@pytest.mark.parametrize("norm", [0.0, 1e-9, 0.1, 0.9, 3.0, 30.0, 1e3, 1e6], ids=str)
@pytest.mark.parametrize("shape", [(9, 4), (3, 9, 4), (100, 60)], ids=str)
def test_a_tall_point_is_the_polar_factor_at_every_distance(norm: float, shape: tuple[int, ...]):
    b, p = orthonormal_factor(normal(*shape)), normal(*shape, seed=1)
    p = norm * p / torch.linalg.matrix_norm(p, 2, keepdim=True)
    y = b + p - b @ (b.mT @ p + p.mT @ b) / 2
    u, _, vh = torch.linalg.svd(y, full_matrices=False)
    # of Y only eps ‖Y‖ is known, which moves the factor by as much: ‖H⁻¹‖ <= 1
    assert (tall_polar(b, p) - u @ vh).norm() <= 8 * shape[-1] ** 0.5 * EPS * (1 + norm)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-3, 0.1, 0.5, 1.0, 30.0, 1e3], ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_a_polar_rotation_turns_every_plane_by_its_arc_tangent(angle: float, dtype):
    b = orthonormal_factor(normal(2, 6, 6, dtype=dtype))
    a = skew(normal(2, 6, 6, seed=1, dtype=dtype))
    a = angle * a / torch.linalg.matrix_norm(a, 2, keepdim=True)
    u, _, vh = torch.linalg.svd(torch.eye(6, dtype=dtype) + a)
    assert (polar_rotated(b, a) - b @ u @ vh).abs().max() <= 8 * 6 * EPS


@pytest.mark.parametrize("v", [0.0, 1e-30, 1.0], ids=str)
def test_a_product_next_to_the_identity_is_the_product(v: float):
    a, step = normal(3, WORTH_LOOKING), v * normal(WORTH_LOOKING, WORTH_LOOKING, seed=1)
    torch.testing.assert_close(times_near_identity(a, step), a + a @ step, rtol=0, atol=EPS)


def test_a_product_with_the_identity_has_the_derivative_of_a_product():
    a, zero = normal(3, WORTH_LOOKING), torch.zeros(WORTH_LOOKING, WORTH_LOOKING).double()
    assert torch.autograd.gradcheck(
        times_near_identity, (a.requires_grad_(), zero.requires_grad_()), check_forward_ad=True
    )
