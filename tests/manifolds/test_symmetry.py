"""The parts of a matrix, however many matrices of whatever size lie wherever."""

import pytest
import torch
from normals import normal
from torch import Tensor

import manifolds
from manifolds.linear_algebra.symmetry import (
    SHUFFLED,
    TILED,
    plain_skew,
    plain_sym,
    skew,
    skew_multiple,
    sym,
)

MANY = (3, SHUFFLED // 64, 8, 8)
"""Shape of so many that their transposes are shuffled."""


@pytest.mark.parametrize("scale", [-1, 0.25])
@pytest.mark.parametrize("shape", [(3, 3), (2, 1, 1), MANY, (130, 130), (TILED, TILED), (0, 2, 2)])
@pytest.mark.parametrize("lies", ["by rows", "by columns", "expanded"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64], ids=str)
def test_skew_multiples_are_exact_and_have_memory_of_their_own(
    dtype: torch.dtype, lies: str, shape: tuple[int, ...], scale: float
):
    a = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    if lies == "by columns":
        a = a.mT.contiguous().mT
    if lies == "expanded":
        a = a.expand(2, *shape)
    before = a.clone()
    ours = skew_multiple(a, scale)
    torch.testing.assert_close(ours, scale * (a - a.mH), rtol=0, atol=0)
    assert ours.is_contiguous()
    ours.zero_()
    assert torch.equal(a, before)


@pytest.mark.parametrize("shape", [(3, 3), MANY, (TILED, TILED)])
def test_each_part_is_its_formula_and_its_own_derivative(shape: tuple[int, ...]):
    a, g = (normal(*shape, seed=i, dtype=torch.complex64) for i in range(2))
    a.requires_grad_()
    for part, reflected, sign in (
        (sym, Tensor.adjoint, 1),
        (skew, Tensor.adjoint, -1),
        (plain_sym, lambda x: x.mT, 1),
        (plain_skew, lambda x: x.mT, -1),
    ):
        x = part(a)
        assert torch.equal(x, a / 2 + sign * reflected(a) / 2)
        assert torch.equal(torch.autograd.grad(x, a, g)[0], part(g))


def test_a_mapped_and_compiled_part_of_many_matrices_is_the_same():
    a = torch.randn(MANY, generator=torch.Generator().manual_seed(0))
    expected = (a - a.mT) / 2
    mapped = torch.func.vmap(skew, in_dims=2, out_dims=2)(a.movedim(0, 2))
    assert torch.equal(mapped, expected.movedim(0, 2))
    compiled = torch.compile(skew, backend="aot_eager", fullgraph=True)
    assert torch.equal(compiled(a), expected)


def test_a_compiler_and_a_tracer_see_the_formula():
    symmetric, p = manifolds.Symmetric(3), normal(3, 3)

    def penalty(p: Tensor) -> Tensor:
        return torch.func.grad(lambda q: symmetric(q).pow(4).sum())(p).square().sum()

    twice = torch.func.grad(penalty)
    compiled = torch.compile(twice, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(p), twice(p))
    assert torch.equal(torch.jit.trace(symmetric, (p,))(p), symmetric(p))


def test_a_tangent_that_is_known_to_be_zero_has_parts_to_write_into():
    part = sym(torch._efficientzerotensor((3, 3)))
    assert torch.equal(part.add_(1), torch.ones(3, 3))
