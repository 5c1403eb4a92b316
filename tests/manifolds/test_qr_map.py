"""The QR map about its base, on both sides of its choice of a method."""

import math

import pytest
import torch
from normals import normal
from torch import Tensor

from manifolds.frames.qr_rotation import qr_rotated
from manifolds.frames.tall_qr import tall_qr
from manifolds.linear_algebra.orthonormalize import ROUNDING
from manifolds.linear_algebra.qr import loss_allowed
from manifolds.linear_algebra.range import angle_limit

EPS = torch.finfo(torch.float32).eps
MAPS = {"square": (qr_rotated, 0), "tall": (tall_qr, 5)}
"""The map, and how many rows more than columns."""
every_map = pytest.mark.parametrize(("map_", "more"), MAPS.values(), ids=MAPS)


def frame(n: int, k: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.linalg.qr(normal(n, k, seed=7, dtype=dtype)).Q


def by_lapack(b: Tensor, p: Tensor) -> Tensor:
    """qf(B + U), U the part of P tangential at B, or B skew(P)."""
    c = b.mH @ p
    u = b @ (p - p.mH) / 2 if b.shape[-2] == b.shape[-1] else p - b @ (c + c.mH) / 2
    q, r = torch.linalg.qr(b + u)
    return q * r.diagonal().sgn()


@every_map
@pytest.mark.parametrize("size", [1e-3, 2.0, 100.0])
@pytest.mark.parametrize("k", [1, 4, 30])
def test_value_and_gradient_are_those_of_lapacks_factorization(map_, more, k: int, size: float):
    b, p, g = frame(k + more, k), normal(k + more, k), normal(k + more, k, seed=1)
    p = (p * size / p.norm()).requires_grad_()
    ours, expected = map_(b, p), by_lapack(b, p)
    (slope,), (exact,) = (torch.autograd.grad(x, p, g) for x in (ours, expected))
    # Cholesky's method loses `loss_allowed` eps, reflections ‖Y‖; measured at most 0.7 of both
    limit = 4 * loss_allowed(k) * torch.finfo(b.dtype).eps
    assert torch.dist(ours, expected) <= limit * (1 + size)
    assert torch.dist(slope, exact) <= limit * (1 + size) * g.norm()


@every_map
@pytest.mark.parametrize("part", [0.9, 30.0], ids=["at the limit", "beyond"])
def test_large_parameters_of_low_rank_lose_no_more_than_is_allowed(map_, more, part: float):
    k = 64
    b, left, right = frame(k + more, k), normal(k + more, 1), normal(k, 1, seed=1)
    p = left @ right.mT
    p = p * math.sqrt(part * loss_allowed(k)) / p.norm()
    error = torch.dist(map_(b.float(), p.float()).double(), by_lapack(b, p))
    # measured at most 8 √k eps over six draws, by Cholesky's method beyond its limit 47 and 61
    assert error <= 16 * math.sqrt(k) * EPS


@every_map
@pytest.mark.parametrize("size", [0.0, 0.1, 100.0])
def test_what_a_base_is_off_is_taken_off_its_points(map_, more, size: float):
    k = 8
    b, p = frame(k + more, k).bfloat16().float(), size * normal(k + more, k).float()
    x = map_(b, p)
    assert (b.mT @ b - torch.eye(k)).norm() > 1e3 * EPS
    assert (x.mT @ x - torch.eye(k)).norm() <= ROUNDING * math.sqrt(k) * EPS


@every_map
def test_a_parameter_that_is_clipped_has_no_gradient(map_, more):
    k = 4
    p = normal(k + more, k)
    p[0, 1] = 2 * angle_limit(p)
    x = map_(frame(k + more, k), p.requires_grad_())
    (gradient,) = torch.autograd.grad((x * normal(k + more, k, seed=1)).sum(), p)
    assert gradient[0, 1] == 0
    assert gradient.count_nonzero() > k


@every_map
@pytest.mark.parametrize("written", [0.0, 1.0])
def test_the_gradient_is_that_of_the_forward_whatever_is_written_behind_it(map_, more, written):
    k = 6
    b, p, g = frame(k + more, k), normal(k + more, k), normal(k + more, k, seed=1)
    p = ((1 - written) * p).requires_grad_()  # zero at first, or then
    (expected,) = torch.autograd.grad(map_(b, p), p, g)
    x = map_(b, p)
    p.data.fill_(written)
    x.data.zero_()
    assert torch.equal(torch.autograd.grad(x, p, g)[0], expected)
