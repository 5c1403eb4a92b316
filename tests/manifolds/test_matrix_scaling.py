"""Doubly stochastic scaling at spreads and near faces where plain iterations fail."""

import pytest
import torch
from normals import normal

import manifolds
from manifolds.linear_algebra.many import MANY, SMALL, are_many
from manifolds.linear_algebra.matrix_scaling import ROUNDINGS, doubly_stochastic, rounded
from manifolds.linear_algebra.simplex import nearest_in_simplex

N = 5
EPS = torch.finfo(torch.float64).eps


@pytest.mark.parametrize("spread", [1.0, 10.0, 30.0, 100.0, 1e3, 1e6, 1e30])
def test_sums_are_one_for_every_spread_of_the_parameters(spread):
    manifold = manifolds.DoublyStochastic(N)
    x = manifold(spread * normal(20, N, N))
    assert manifold.violation(x).max() <= ROUNDINGS * N * EPS


@pytest.mark.parametrize("spread", [1.0, 10.0, 30.0])
def test_the_scaling_multiplies_rows_and_columns(spread):
    z = spread * normal(N, N)
    ratio = manifolds.DoublyStochastic(N)(z).log() - z
    centred = ratio - ratio.mean(0) - ratio.mean(1, keepdim=True) + ratio.mean()
    # z, f, g and log P, each some 6 spread at most, round to eps of that; measured: 4 eps spread
    assert centred.abs().max() <= 32 * EPS * spread


@pytest.mark.parametrize("distance", [1e-3, 1e-14, 1e-30, 1e-300])
def test_tiny_entries_next_to_a_permutation_keep_their_digits(distance):
    manifold = manifolds.DoublyStochastic(N)
    x = (1 - distance) * torch.eye(N, dtype=torch.float64) + distance / N
    y = manifold(manifold.right_inverse(x))
    condition = 1 - torch.log(torch.tensor(distance))
    assert ((y - x) / x).abs().max() <= ROUNDINGS * N * EPS * condition


@pytest.mark.parametrize("dim", [-1, -2])
@pytest.mark.parametrize("n", [4, 16, 64])
def test_sums_are_off_by_no_more_than_their_entries_round(n, dim):
    x = manifolds.DoublyStochastic(n)(3 * normal(50, n, n, seed=1, dtype=torch.float32)).double()
    # entries with sum 1 round by half an eps of it; what the last step rounds counts as much
    assert (x.sum(dim) - 1).abs().max() <= torch.finfo(torch.float32).eps


def test_the_correction_of_rank_one_completes_the_sums():
    x = rounded(normal(20, N, N).exp() / N)
    assert manifolds.DoublyStochastic(N).violation(x).max() <= ROUNDINGS * N * EPS


@pytest.mark.parametrize("spread", [0.01, 1.0, 10.0])
@pytest.mark.parametrize("n", [1, 2, 3, SMALL])
def test_many_at_once_are_scaled_as_one_by_one(n: int, spread: float):
    z, g = (spread * normal(MANY, n, n, seed=1)).requires_grad_(), normal(MANY, n, n, seed=2)
    assert are_many(z)
    x = doubly_stochastic(z)
    alone = torch.stack([doubly_stochastic(one) for one in z])
    gradients = [torch.autograd.grad(f, z, g)[0] for f in (x, alone)]
    # z and its scaling are numbers of size `spread`, and round to eps of that; measured: 6 eps
    limit = 32 * EPS * max(spread, 1)
    torch.testing.assert_close(x, alone, rtol=0, atol=limit)
    torch.testing.assert_close(*gradients, rtol=0, atol=limit)


@pytest.mark.parametrize("floor", [0.0, 0.01])
def test_the_nearest_distribution_is_a_projection(floor):
    x, points = normal(50, N), normal(50, N).softmax(-1)
    inside = floor + (1 - N * floor) * points
    y = nearest_in_simplex(x, floor)
    # ⟨x - y, w - y⟩ <= 0 for every w of the convex set characterizes the nearest y
    assert ((x - y).unsqueeze(1) * (inside - y.unsqueeze(1))).sum(-1).max() <= N * EPS
    assert y.min() >= floor - EPS
