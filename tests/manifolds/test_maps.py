"""The maps: their names, bases, hard points and costs, and a user's own."""

import math

import pytest
import torch
from charts import CHARTS
from torch import Tensor

import manifolds
from manifolds.linear_algebra.basics import identity_like
from manifolds.maps import resolve
from manifolds.maps.signature import signature

EPS = torch.finfo(torch.float32).eps


class Normalized(manifolds.Retraction):
    """A user's own map: B + U by its Cholesky factor, (B + U) R⁻¹ with RᵀR = I + UᵀU."""

    name = "normalized"

    def retract(self, b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
        """(B + U) R⁻¹."""
        y = b + b @ a + (0 if normal is None else normal)
        r = torch.linalg.cholesky(y.mT @ y, upper=True)
        return torch.linalg.solve_triangular(r, y, upper=True, left=False)


@pytest.mark.parametrize("size", [(4, 4), (5, 2), (2, 5)], ids=str)
def test_a_users_own_map_is_taken_in_the_same_place(size: tuple[int, int]):
    manifold = manifolds.Orthogonal(*size, map=Normalized())
    point = manifold.random_point(generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(manifold(manifold.right_inverse(point)), point)
    moved = manifold(0.3 * torch.ones(size))
    assert manifold.violation(moved) <= manifold.tolerance(torch.float32)


def test_an_unknown_map_lists_the_known_ones():
    with pytest.raises(ValueError, match="cayley, exponential, householder, polar, qr"):
        manifolds.Orthogonal(3, 3, map="caley")


def test_an_unknown_base_lists_the_known_ones():
    with pytest.raises(ValueError, match="'assigned' or 'fixed'"):
        manifolds.Orthogonal(3, 3, base="moving")


@pytest.mark.parametrize("name", ["polar", "qr"])
def test_a_retraction_without_a_closed_inverse_has_no_fixed_base(name: str):
    with pytest.raises(ValueError, match="no closed inverse"):
        resolve(name, "fixed")


@pytest.mark.parametrize(("map_", "base"), CHARTS)
def test_both_components_are_kept(map_: str, base: str):
    manifold = manifolds.Orthogonal(3, 3, map=map_, base=base)
    for sign in (1.0, -1.0):
        parameter = manifold.right_inverse(torch.diag(torch.tensor([sign, 1.0, 1.0])))
        assert torch.linalg.det(manifold(parameter + 0.5)).sign() == sign


@pytest.mark.parametrize("scale", [1e4, 1e7, 1e9, 1e30])
@pytest.mark.parametrize(("map_", "base"), CHARTS)
def test_parameters_of_any_size_stay_in_the_component(map_: str, base: str, scale: float):
    rotations = manifolds.SpecialOrthogonal(5, map=map_, base=base)
    p = torch.randn(200, 5, 5, generator=torch.Generator().manual_seed(0))
    assert rotations.violation(rotations(scale * p)).max() <= rotations.tolerance(torch.float32)


@pytest.mark.parametrize("angle", [math.pi - 1e-9, math.pi, 1e-9, 0.0])
@pytest.mark.parametrize(("map_", "base"), CHARTS)
def test_a_rotation_by_any_angle_comes_back(map_: str, base: str, angle: float):
    c, s = math.cos(angle), math.sin(angle)
    x = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    manifold = manifolds.SpecialOrthogonal(2, map=map_, base=base, strict=True)
    torch.testing.assert_close(manifold(manifold.right_inverse(x)), x, rtol=0, atol=1e-14)


@pytest.mark.parametrize("norm", [1.0, 100.0])
@pytest.mark.parametrize(("map_", "base"), CHARTS)
@pytest.mark.parametrize("size", [(64, 64), (96, 24), (40, 30)], ids=str)
def test_parameters_of_any_norm_give_frames_to_rounding(map_, base, size, norm):
    manifold = manifolds.Orthogonal(*size, map=map_, base=base)
    p = torch.randn(size, generator=torch.Generator().manual_seed(0))
    x = manifold(norm * p / torch.linalg.matrix_norm(p, 2))
    error = (x.mT @ x - torch.eye(size[1])).norm()
    # a frame is polished from 8 √k eps on, and the product that measures it rounds too
    assert error <= 10 * size[1] ** 0.5 * EPS


@pytest.mark.parametrize("norm", [1.0, 3.0, 10.0, 100.0])
@pytest.mark.parametrize("map_", ["cayley", "exponential", "householder", "qr"])
@pytest.mark.parametrize("size", [(64, 64), (256, 64), (512, 8)], ids=str)
def test_large_parameters_keep_their_value_and_their_gradient(map_, size, norm):
    p, g = torch.randn(2, *size, generator=torch.Generator().manual_seed(0))
    p *= norm / torch.linalg.matrix_norm(p, 2)
    found = []
    for dtype in (torch.float32, torch.float64):
        manifold, q = manifolds.Orthogonal(*size, map=map_), p.to(dtype).requires_grad_()
        manifold.right_inverse(torch.eye(*size, dtype=dtype))
        x = manifold(q)
        found.append((x, *torch.autograd.grad((x * g).sum(), q)))
    for ours, exact in zip(*found, strict=True):  # rounding: angles eps norm, products 10 eps
        assert (ours - exact).norm() <= (10 + norm) * EPS * exact.norm()


@pytest.mark.parametrize(("map_", "base"), CHARTS)
def test_a_tall_frame_never_makes_a_square_matrix_of_its_height(map_: str, base: str):
    n, k = 4096, 2
    manifold = manifolds.Orthogonal(n, k, map=map_, base=base)
    p = manifold.right_inverse(manifold.random_point(generator=torch.Generator().manual_seed(0)))
    sizes: list[int] = []

    def record(x: Tensor) -> Tensor:
        sizes.append(x.numel())
        return x

    with torch.autograd.graph.saved_tensors_hooks(record, record):
        manifold(p.requires_grad_()).sum().backward()
    assert max(sizes) <= n * k


@pytest.mark.parametrize(("map_", "base"), CHARTS)
@pytest.mark.parametrize("size", [(5, 5), (6, 3)], ids=str)
def test_a_chart_has_full_rank_at_signed_permutations(map_: str, base: str, size):
    manifold = manifolds.Orthogonal(*size, map=map_, base=base)
    x = -torch.roll(torch.eye(*size, dtype=torch.float64), 1, 0)
    p = manifold.right_inverse(x)
    jacobian = torch.func.jacrev(manifold)(p).reshape(x.numel(), -1)
    singular = torch.linalg.svdvals(jacobian)
    rounding = x.numel() * torch.finfo(torch.float64).eps * singular[0]
    assert int((singular > 1e3 * rounding).sum()) == manifold.dim


@pytest.mark.parametrize("seed", range(5))
def test_the_signature_leaves_no_eigenvalue_near_minus_one(seed: int):
    manifold = manifolds.Orthogonal(8, 8)
    x = manifold.random_point(generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = x @ torch.diag(torch.tensor([-1.0] * 4 + [1.0] * 4, dtype=torch.float64)) @ x.mT
    y = x * signature(x)
    # pivots of at least 1 bound the determinant below
    assert torch.linalg.det(y + identity_like(y)).abs() >= 1 - 1e-12


def test_second_order_retractions_follow_the_geodesic_to_third_order():
    base = manifolds.Orthogonal(6, 3).random_point(
        generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    direction = torch.randn(6, 3, generator=torch.Generator().manual_seed(1)).double()

    def distance(map_: str, t: float) -> float:
        ours, geodesic = (manifolds.Orthogonal(6, 3, map=m) for m in (map_, "exponential"))
        for manifold in (ours, geodesic):
            manifold.right_inverse(base)
        return (ours(t * direction) - geodesic(t * direction)).norm().item()

    slope = math.log2(distance("cayley", 2**-6) / distance("cayley", 2**-7))
    assert slope == pytest.approx(3, abs=0.1)
