"""Arguments at the ends of what a caller may bring: NaN, tiny, huge, broadcast, under autocast."""

import pytest
import torch

import manifolds
from manifolds.linear_algebra.inverse import accretive_inverse
from manifolds.linear_algebra.lift import hyperbola
from manifolds.linear_algebra.sylvester import sylvester
from manifolds.maps import MAPS

EPS, DOUBLE = torch.finfo(torch.float32).eps, torch.finfo(torch.float64).eps


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def test_not_a_number_stays_one_where_a_map_counts_its_doublings():
    manifold = manifolds.AlmostOrthogonal(4, 4, radius=0.5)
    parameters = manifold.right_inverse(torch.eye(4))
    assert manifold(*(torch.full_like(p, torch.nan) for p in parameters)).isnan().all()


@pytest.mark.parametrize("shape", [(3, 3), (5, 3)], ids=str)
@pytest.mark.parametrize("name", MAPS)
def test_a_batch_of_bases_takes_the_parameters_of_one(name, shape):
    chart = MAPS[name].assigned
    bases = torch.linalg.qr(normal(6, *shape))[0]
    state, _ = chart.anchor(bases)
    p = 0.1 * normal(*shape)
    one, each = chart.point(state, p), chart.point(state, p.expand(6, *shape))
    # a BLAS has another kernel for a batch: sums of n products, n eps/2 in each of the two
    torch.testing.assert_close(one, each, rtol=0, atol=shape[0] * EPS)


@pytest.mark.parametrize("second", [False, True], ids=["first order", "differentiable"])
def test_the_time_of_a_far_point_grows_as_its_distance(second):
    p = torch.tensor([3e38, 0.0, 0.0], requires_grad=True)
    (slope,) = torch.autograd.grad(1e-3 * hyperbola(p)[0], p, create_graph=second)
    torch.testing.assert_close(slope, torch.tensor([1e-3, 0, 0]), rtol=4 * EPS, atol=0)


@pytest.mark.parametrize("scale", [1e-24, 1e24])
def test_sylvesters_equation_is_solved_alike_at_every_scale(scale):
    a, c = normal(20, 20), normal(20, 20)
    e, c = 0.01 * a @ a.mT, c - c.mT
    reference = sylvester(e, c)
    assert (sylvester(e, scale * c) / scale - reference).norm() <= 8 * EPS * reference.norm()


@pytest.mark.parametrize("count", [2, 128])
@pytest.mark.parametrize("size", [1e10, 1e40])
def test_the_inverse_of_a_large_matrix_keeps_its_digits(size, count):
    s = (size * torch.eye(4, dtype=torch.float64)).expand(count, 4, 4)
    expected = torch.eye(4, dtype=torch.float64).expand(count, 4, 4) / size
    torch.testing.assert_close(accretive_inverse(s), expected, rtol=4 * DOUBLE, atol=0)


@pytest.mark.parametrize("shape", [(5, 3), (4, 4)], ids=str)
@pytest.mark.parametrize("name", MAPS)
def test_gradients_taken_under_autocast_are_those_without_to_its_digits(name, shape):
    manifold = manifolds.Orthogonal(*shape, map=name)
    manifold.right_inverse(torch.eye(*shape))
    p, g = (0.1 * normal(*shape)).requires_grad_(), normal(2, *shape)[1]
    (expected,) = torch.autograd.grad(manifold(p), p, g)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (found,) = torch.autograd.grad(manifold(p), p, g)
    assert found.dtype == torch.float32
    # products outside of our own derivatives are the caller's choice, in bfloat16
    assert (found - expected).norm() <= 4 * torch.finfo(torch.bfloat16).eps * expected.norm()
