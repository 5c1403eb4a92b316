"""Matrices of determinant one: far from them the violation is a number; 1×1 they are 1."""

import pytest
import torch

import manifolds


@pytest.mark.parametrize("n", [4, 50])
@pytest.mark.parametrize("scale", [1e-30, 1e30, 1e37])
def test_the_violation_far_from_the_set_is_a_number(n: int, scale: float):
    x = scale * torch.diag(torch.logspace(0, -5, n))
    assert manifolds.UnitDeterminantPD(n).violation(x).isfinite()


@pytest.mark.parametrize("scale", [1e-30, 1e30, 1e37])
def test_what_is_far_from_the_set_projects_onto_it(scale: float):
    manifold = manifolds.UnitDeterminantPD(50)
    y = manifold.project(scale * torch.ones(50, 50))
    assert manifold.violation(y) <= manifold.tolerance(y.dtype)


@pytest.mark.parametrize("name", ["cayley", "exponential", "householder", "polar", "qr"])
def test_the_special_unitary_group_of_one_dimension_is_one_point(name: str):
    generator = torch.Generator().manual_seed(0)
    p, g = torch.randn(2, 5, 1, 1, dtype=torch.complex128, generator=generator)
    p.requires_grad_()
    manifold = manifolds.SpecialUnitary(1, map=name)
    manifold.right_inverse(torch.ones_like(g))
    x = manifold(p)
    assert torch.equal(x, torch.ones_like(g))
    assert torch.equal(torch.autograd.grad(x, p, g)[0], torch.zeros_like(g))


def test_random_points_of_the_special_unitary_group_of_one_dimension_are_one():
    x = manifolds.SpecialUnitary(1).random_point(5, dtype=torch.complex128)
    assert torch.equal(x, torch.ones_like(x))
