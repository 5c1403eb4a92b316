"""Products: tuples in, tuples out, and a failure in one factor changes none."""

import copy

import pytest
import torch

from manifolds import (
    FixedRank,
    OffManifoldError,
    OffManifoldWarning,
    Orthogonal,
    PositiveDefinite,
    Power,
    Product,
    Scaled,
    SchurStable,
    Sphere,
    Transposed,
)


def product(*, strict: bool = False) -> Product:
    return Product(
        Orthogonal(4, 2, strict=strict),
        FixedRank(5, 3, rank=2, strict=strict),
        PositiveDefinite(3, strict=strict),
    )


def point(p: Product, *batch: int) -> tuple[torch.Tensor, ...]:
    return p.random_point(*batch, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def state(p: Product) -> dict[str, torch.Tensor]:
    return {name: b.clone() for name, b in p.named_buffers()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3), (0,)], ids=str)
def test_a_tuple_of_points_comes_back(batch: tuple[int, ...]):
    p = product()
    x = point(p, *batch)
    y = p(*p.right_inverse(x))
    for a, b, m in zip(x, y, p, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=8 * m.tolerance(torch.float64))


def test_the_parameters_of_each_factor_are_counted_at_construction():
    assert product().counts == (1, 3, 1)


def test_the_forward_needs_no_right_inverse_first():
    p = Product(Sphere(3), PositiveDefinite(2))
    x = p(torch.zeros(3), torch.zeros(2, 2))
    assert p.violation(x).item() <= p.manifolds[0].tolerance(torch.float32)


def test_construction_draws_no_global_random_number_and_moves_no_base():
    torch.manual_seed(0)
    before, factor = torch.get_rng_state(), Orthogonal(4, 2)
    kept = state(factor)
    Product(factor)
    assert torch.equal(torch.get_rng_state(), before)
    assert same(kept, state(factor))


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, 3.0], ids=str)
def test_a_wrong_factor_changes_none(index: int, wrong: float):
    p = product(strict=True)
    x = list(point(p))
    p.right_inverse(tuple(x))
    before = state(p)
    moved = list(p.random_point(generator=torch.Generator().manual_seed(2), dtype=torch.float64))
    moved[index] = torch.ones_like(moved[index]).tril() * wrong
    with pytest.raises(ValueError, match=r"finite|violation|boundary|open"):
        p.right_inverse(tuple(moved))
    assert same(before, state(p))


def test_a_factor_that_fails_while_writing_takes_the_others_back(monkeypatch: pytest.MonkeyPatch):
    p = product()
    p.right_inverse(point(p))
    before = state(p)

    def fail(x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no convergence")

    monkeypatch.setattr(p.manifolds[2], "coordinates", fail)
    other = p.random_point(generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    with pytest.raises(RuntimeError, match="no convergence"):
        p.right_inverse(other)
    assert same(before, state(p))


def test_strict_factors_raise_and_others_are_projected_with_a_warning():
    x = point(product())
    off = (2 * x[0], *x[1:])
    with pytest.raises(OffManifoldError):
        product(strict=True).right_inverse(off)
    p = product()
    p.right_inverse(x)
    with pytest.warns(OffManifoldWarning):
        parameters = p.right_inverse(off)
    torch.testing.assert_close(p(*parameters), p.project(off))


def test_the_violation_is_the_largest_of_the_factors():
    p = product()
    x = point(p, 2)
    off = (x[0], x[1], x[2] + torch.ones(3, 3, dtype=torch.float64).triu(1))
    torch.testing.assert_close(p.violation(off), p.manifolds[2].violation(off[2]))


def test_the_dimension_is_the_sum():
    assert product().dim == sum(m.dim for m in product())


@pytest.mark.parametrize("x", [torch.ones(4, 2), None], ids=["tensor", "None"])
def test_what_is_no_tuple_raises(x: object):
    with pytest.raises(TypeError, match="tuple"):
        product().right_inverse(x)  # type: ignore[arg-type]


def test_another_number_of_tensors_raises():
    p = product()
    with pytest.raises(ValueError, match="3 tensors"):
        p.right_inverse(point(p)[:2])
    with pytest.raises(ValueError, match="parameters"):
        p(torch.zeros(4, 2))


def test_a_product_lives_through_state_dict_and_deepcopy():
    p = product()
    parameters = p.right_inverse(point(p))
    fresh = product().double()
    fresh.load_state_dict(p.state_dict())
    for other in (fresh, copy.deepcopy(p)):
        assert all(map(torch.equal, other(*parameters), p(*parameters)))


def test_gradients_reach_every_parameter():
    p = product()
    parameters = tuple(q.requires_grad_() for q in p.right_inverse(point(p)))
    weights = [torch.randn(x.shape, generator=torch.Generator().manual_seed(0)) for x in point(p)]
    loss = sum((x * w).sum() for x, w in zip(p(*parameters), weights, strict=True))
    gradients = torch.autograd.grad(loss, parameters)
    assert all(g.isfinite().all() for g in gradients)
    assert all(g.abs().max() > 0 for g in gradients)


@pytest.mark.parametrize("factor", [0.0, float("inf"), float("nan")])
def test_a_scaling_needs_a_factor_that_can_be_undone(factor: float):
    with pytest.raises(ValueError, match="finite factor"):
        Scaled(Sphere(3), factor)


def test_vectors_have_no_transpose():
    with pytest.raises(ValueError, match="matrices"):
        Transposed(Sphere(3))


def test_a_power_is_one_point_of_many():
    power = Power(Orthogonal(4, 2), 3)
    assert power.size == (3, 4, 2)
    assert power.dim == 3 * Orthogonal(4, 2).dim
    assert power.violation(torch.zeros(5, 3, 4, 2)).shape == (5,)


@pytest.mark.parametrize("n", [16, 64])
def test_a_delay_line_is_taken_back_exactly(n: int):
    shift = torch.ones(n, n, dtype=torch.float64).triu(1).tril(1)
    manifold = SchurStable(n, strict=True)
    x = manifold(*manifold.right_inverse(shift))
    torch.testing.assert_close(x, shift, rtol=0, atol=manifold.tolerance(torch.float64))
