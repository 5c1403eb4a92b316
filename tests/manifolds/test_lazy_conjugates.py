"""Lazy conjugates: opaque operators carry them out also where torch excludes their dispatch key."""

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

import manifolds
from manifolds.linear_algebra.many import MANY
from manifolds.operators.opaque import opaque

MAPS = ["cayley", "exponential", "householder", "polar", "qr"]


class Below(TorchDispatchMode):
    """Runs everything as it is, below the dispatch key of lazy conjugates."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


@opaque("twice_the_real_part_of_a_test")
def twice_the_real_part(a: Tensor) -> Tensor:
    """A + Ā by a lazy conjugate."""
    return a + a.conj()


@opaque("conjugate_of_a_test")
def conjugate(a: Tensor) -> Tensor:
    """Ā with the flag."""
    return a.clone().conj()


@pytest.fixture
def a() -> Tensor:
    """Complex numbers."""
    return torch.randn(3, 2, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))


def test_an_operator_carries_out_its_own_conjugate(a: Tensor):
    with Below():
        value = twice_the_real_part(a)
    assert torch.equal(value, 2 * a.real + 0j)


def test_an_operator_carries_out_the_conjugate_it_is_given(a: Tensor):
    with Below():
        value = twice_the_real_part(a.conj())
    assert torch.equal(value, 2 * a.real + 0j)


def test_an_operator_returns_numbers_without_a_flag(a: Tensor):
    with Below():
        value = conjugate(a)
    assert torch.equal(torch.view_as_real(value), torch.view_as_real(a.conj().resolve_conj()))


@pytest.mark.parametrize("batch", [(), (3,), (MANY,)])
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("name", MAPS)
def test_compiled_unitaries_and_gradients_are_the_eager_ones(
    name: str, n: int, batch: tuple[int, ...]
):
    torch.compiler.reset()
    generator = torch.Generator().manual_seed(0)
    manifold = manifolds.Unitary(n, n, map=name)
    manifold.right_inverse(
        manifold.random_point(*batch, generator=generator, dtype=torch.complex128)
    )
    p, g = torch.randn(2, *batch, n, n, dtype=torch.complex128, generator=generator)
    p.requires_grad_()
    compiled = torch.compile(manifold, fullgraph=True, backend="aot_eager")
    (x, dx), (y, dy) = ((f(p), torch.autograd.grad(f(p), p, g)) for f in (compiled, manifold))
    torch.testing.assert_close(x, y)
    torch.testing.assert_close(dx, dy)
