"""tanh of a Hermitian matrix."""

import math

import pytest
import torch
from normals import normal

from manifolds.linear_algebra.hyperbolic import CUTS, double_factorial, hyperbolic_tangent, plan_for

EPS = torch.finfo(torch.float64).eps
PLANS = {0.3: (0, 0), 0.8: (0, 1), 1.9: (1, 1), 3.9: (2, 1), 7.9: (3, 1)}
"""Sizes, and the doublings and the fraction that they need."""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
@pytest.mark.parametrize("scale", [1e-20, 0.1, 1.0, 3.0])
def test_the_hyperbolic_tangent_is_that_of_the_eigenvalues(scale: float, dtype: torch.dtype):
    n, wide_dtype = 12, torch.promote_types(dtype, torch.float64)
    s = scale * torch.randn(2, n, n, generator=torch.Generator().manual_seed(0), dtype=dtype)
    s = (s + s.mH) / 2
    values, v = torch.linalg.eigh(s.to(wide_dtype))
    expected = (v * values.tanh().unsqueeze(-2)) @ v.mH
    # a product of n×n matrices rounds by n eps at most; tanh and each of its doublings take several
    limit = 8 * n * torch.finfo(dtype).eps * expected.abs().amax()
    assert (hyperbolic_tangent(s) - expected).abs().max() <= limit


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("size", [10.0, 100.0, 1000.0])
def test_a_large_eigenvalue_leaves_the_others_alone(size: float, dtype: torch.dtype):
    s = torch.tensor([size, size, -size, 0.3], dtype=dtype)
    q = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(0), dtype=dtype))[
        0
    ]
    found = q.mT @ hyperbolic_tangent((q * s) @ q.mT) @ q
    # Q diag(s) Qᵀ itself is rounded by eps ‖S‖, and the powers of S by as much
    limit = 8 * 4 * torch.finfo(dtype).eps * size
    assert (hyperbolic_tangent(s.diag()).diag() - s.tanh()).abs().max() <= limit / size
    assert (found - s.tanh().diag()).abs().max() <= limit


def spectrum(size: float):
    s = normal(6, 6, seed=1)
    values, v = torch.linalg.eigh(s + s.mT)
    return size * values / values.abs().max(), v


@pytest.mark.parametrize("size", PLANS)
def test_a_size_takes_the_fewest_doublings_and_the_shortest_fraction(size):
    assert plan_for(size, torch.float64) == PLANS[size]


@pytest.mark.parametrize("chosen", CUTS, ids=lambda chosen: str(chosen.last))
def test_a_fraction_is_tanh_to_rounding_up_to_its_radius(chosen):
    x = chosen.radius(torch.float64)
    p, q = (1 + sum(c * x ** (2 * j) for j, c in enumerate(cs, 1)) for cs in (chosen.p, chosen.q))
    # the sums of five positive terms, a quotient and tanh round once each
    assert x * p / q == pytest.approx(math.tanh(x), rel=8 * EPS)
    assert double_factorial(chosen.last) == round(1 / chosen.p[-1])


@pytest.mark.parametrize("size", PLANS)
def test_tanh_and_its_derivative_are_those_of_the_spectrum(size):
    values, v = spectrum(size)
    s, e = ((v * values) @ v.mT).requires_grad_(), normal(6, 6, seed=2)
    e = e + e.mT
    x = hyperbolic_tangent(s)
    t = torch.tanh(values)
    apart = values.unsqueeze(-1) - values + torch.eye(6)
    quotients = (t.unsqueeze(-1) - t) / apart + torch.diag(1 - t.square())
    expected = v @ (quotients * (v.mT @ e @ v)) @ v.mT
    gradient = torch.autograd.grad(x, s, e)[0]
    # of the gradient the reference loses what the least distance of two eigenvalues costs
    least = (apart + torch.eye(6)).abs().min()
    torch.testing.assert_close(x, (v * t) @ v.mT, rtol=0, atol=32 * EPS)
    torch.testing.assert_close(gradient, expected, rtol=0, atol=32 * EPS * e.norm() / least)
