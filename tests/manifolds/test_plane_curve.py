"""Frames of one real column: the curves on the sphere are the maps of frames."""

import copy

import pytest
import torch
from normals import normal

import manifolds
from manifolds.maps import MAPS
from manifolds.maps.map import Retraction

CURVED = ("exponential", "cayley", "polar", "qr")
EPS = torch.finfo(torch.float64).eps


def frames_alone(name: str) -> Retraction:
    """The map without its curve."""
    found = copy.copy(MAPS[name])
    assert isinstance(found, Retraction)
    found.curve = None
    return found


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1e-3, 1.0, 10.0])
@pytest.mark.parametrize("name", CURVED)
def test_a_curve_is_the_map_of_frames_with_its_derivative(name: str, scale: float):
    sphere = manifolds.Sphere(5, map=name)
    x = sphere.random_point(3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    p, g = (scale * normal(3, 5, seed=1)).requires_grad_(), normal(3, 5, seed=2)
    sphere.right_inverse(x)
    found = sphere(p)
    expected = frames_alone(name).point({"base_point": x.unsqueeze(-1)}, p.unsqueeze(-1))[..., 0]
    # an angle is a number up to 2 · 10 √5, its rounding that many eps
    limit = 32 * EPS * (1 + scale)
    torch.testing.assert_close(found, expected, rtol=0, atol=limit)
    gradients = [torch.autograd.grad(f, p, g)[0] for f in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=0, atol=limit)


@pytest.mark.parametrize("size", [1e6, 1e20, 1e38, 3.4e38])
@pytest.mark.parametrize("name", CURVED)
def test_parameters_of_any_size_give_unit_vectors_and_finite_gradients(name: str, size: float):
    sphere = manifolds.Sphere(6, map=name)
    sphere.right_inverse(sphere.random_point(4, generator=torch.Generator().manual_seed(0)))
    p = (size * normal(4, 6, seed=1, dtype=torch.float32).sign()).requires_grad_()
    x = sphere(p)
    x.sum().backward()
    assert (sphere.violation(x) <= 4 * torch.finfo(torch.float32).eps).all()
    assert p.grad is not None
    assert p.grad.isfinite().all()


@pytest.mark.parametrize("name", CURVED)
def test_a_jacobian_row_by_row_is_the_one_all_at_once(name: str):
    sphere = manifolds.Sphere(4, map=name)
    p = normal(4, seed=1)
    rows, at_once = (
        torch.autograd.functional.jacobian(sphere, p, vectorize=v) for v in (False, True)
    )
    torch.testing.assert_close(rows, at_once)
