"""The derivatives of maps by every way, of one another's kind, and how they lie in memory."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from charts import CHARTS
from torch import Tensor
from torch.autograd import forward_ad
from watching import Watching

import manifolds
from manifolds.linear_algebra import basics
from manifolds.maps import MAPS, resolve


@pytest.mark.parametrize("size", [(4, 4), (5, 2)], ids=str)
@pytest.mark.parametrize(("map_", "base"), CHARTS)
def test_every_way_to_a_second_derivative_finds_the_same(
    map_: str, base: str, size: tuple[int, int]
):
    generator = torch.Generator().manual_seed(0)
    manifold = manifolds.Orthogonal(*size, map=map_, base=base)
    p = manifold.right_inverse(manifold.random_point(dtype=torch.float64, generator=generator))
    p = p + 0.3 * torch.randn(size, dtype=torch.float64, generator=generator)

    def loss(p: Tensor) -> Tensor:
        return (manifold(p) ** 3).sum()

    by_rows = torch.autograd.functional.hessian(loss, p)
    mapped = functools.partial(torch.autograd.functional.hessian, loss, p, vectorize=True)
    for found in (
        mapped(),
        mapped(outer_jacobian_strategy="forward-mode"),
        torch.func.hessian(loss)(p),
        torch.func.jacrev(torch.func.grad(loss))(p),
    ):
        torch.testing.assert_close(found, by_rows)


@pytest.mark.parametrize("size", [(4, 4), (5, 2)], ids=str)
@pytest.mark.parametrize(("map_", "base"), CHARTS)
def test_every_order_of_modes_finds_the_same_third_derivative(
    map_: str, base: str, size: tuple[int, int]
):
    manifold = manifolds.Orthogonal(*size, map=map_, base=base)
    p = manifold.right_inverse(torch.eye(*size, dtype=torch.float64)) + 0.3

    def loss(p: Tensor) -> Tensor:
        return (manifold(p) ** 3).sum()

    def derivative(*modes: Callable[..., Any]) -> Tensor:
        return functools.reduce(lambda f, mode: mode(f), modes, loss)(p)

    by_reverse = derivative(*[torch.func.jacrev] * 3)
    # rounding stays far below 1e-9 of derivatives of size 1, wrong ones are off by more than 1e-4
    for modes in itertools.product((torch.func.jacfwd, torch.func.jacrev), repeat=3):
        torch.testing.assert_close(derivative(*modes), by_reverse, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("distance", [0, 1e-30, 1e-17, 1e-12])
@pytest.mark.parametrize("size", [(4, 4), (5, 2), (5, 1)], ids=str)
@pytest.mark.parametrize(("map_", "base"), CHARTS)
def test_second_derivatives_are_continuous_at_the_base(
    map_: str, base: str, size: tuple[int, int], distance: float
):
    generator = torch.Generator().manual_seed(0)
    manifold = manifolds.Orthogonal(*size, map=map_, base=base)
    origin = manifold.right_inverse(torch.eye(*size, dtype=torch.float64))
    direction = torch.randn(size, dtype=torch.float64, generator=generator)

    def second(distance: float) -> Tensor:
        p = origin + distance * direction
        return torch.autograd.functional.hessian(lambda p: (manifold(p) ** 3).sum(), p)

    # third derivatives are some hundreds here, of a distance of 1e-7
    torch.testing.assert_close(second(distance), second(1e-7), rtol=0, atol=1e-4)


@pytest.mark.parametrize("t", [0, 1e-30, 1e-10, 1e-8, 1e-4, 0.1])
@pytest.mark.parametrize("base", ["assigned", "fixed"])
def test_a_geodesic_has_every_derivative_of_the_sine(base: str, t: float):
    manifold = manifolds.Orthogonal(3, 2, map="exponential", base=base)
    origin = manifold.right_inverse(torch.eye(3, 2, dtype=torch.float64))
    direction = torch.zeros(3, 2, dtype=torch.float64)
    direction[2, 0] = 1
    angle = torch.tensor(t, dtype=torch.float64, requires_grad=True)
    derivatives = [manifold(origin + angle * direction)[2, 0]]
    for _ in range(4):
        derivatives += torch.autograd.grad(derivatives[-1], angle, create_graph=True)
    sine, cosine = angle.sin().detach(), angle.cos().detach()
    expected = torch.stack([sine, cosine, -sine, -cosine, sine])
    # some hundred products of 4×4, each 4 eps; a lost term is t or 1
    torch.testing.assert_close(torch.stack(derivatives).detach(), expected, rtol=0, atol=1e-13)


FRAMES = [(4, 4), (5, 2), (5, 1)]
every_chart = pytest.mark.parametrize(("map_", "base"), CHARTS)
every_frame = pytest.mark.parametrize("size", FRAMES, ids=str)


def complex_frames(map_: str, base: str, size: tuple[int, int], *batch: int):
    """Return a manifold of complex frames and parameters off those of the points assigned to it."""
    generator = torch.Generator().manual_seed(0)
    manifold = manifolds.Unitary(*size, map=map_, base=base)
    x = manifold.random_point(*batch, dtype=torch.complex128, generator=generator)
    noise = torch.randn(*batch, *size, dtype=x.dtype, generator=generator)
    return manifold, (manifold.right_inverse(x) + 0.3 * noise).requires_grad_()


def slope(manifold: manifolds.Manifold, p: Tensor) -> Tensor:
    """Return the gradient of a real function of the point."""
    return torch.autograd.grad((manifold(p).real ** 3).sum(), p)[0]


@every_frame
@every_chart
def test_numbers_that_the_host_may_not_read_are_the_same(
    map_: str, base: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
):
    manifold, p = complex_frames(map_, base, size, 2)
    value, gradient = manifold(p), slope(manifold, p)
    monkeypatch.setattr(basics, "HOST", "no device")
    torch.testing.assert_close(manifold(p), value)
    torch.testing.assert_close(slope(manifold, p), gradient)


@every_frame
@every_chart
def test_a_gradient_may_lie_in_memory_in_any_order(map_: str, base: str, size: tuple[int, int]):
    manifold, p = complex_frames(map_, base, size, 4, 3)
    x = manifold(p)
    g = torch.randn_like(x)
    permuted = g.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0)
    (expected,) = torch.autograd.grad(x, p, g, retain_graph=True)
    (found,) = torch.autograd.grad(x, p, permuted)
    torch.testing.assert_close(found, expected)


@every_frame
@every_chart
def test_a_gradient_has_a_tangent(map_: str, base: str, size: tuple[int, int]):
    manifold, p = complex_frames(map_, base, size)
    direction = torch.randn_like(p)
    with forward_ad.dual_level():
        gradient = slope(manifold, forward_ad.make_dual(p, direction))
        found = forward_ad.unpack_dual(gradient).tangent
    _, expected = torch.autograd.functional.vhp(
        lambda p: (manifold(p).real ** 3).sum(), p.detach(), direction
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("distance", [0, 0.3])
@every_frame
@pytest.mark.parametrize("map_", MAPS)
def test_an_operator_says_how_its_values_lie_in_memory(
    map_: str, size: tuple[int, int], distance: float
):
    generator = torch.Generator().manual_seed(0)
    b = torch.randn(3, 4, *size, dtype=torch.complex128, generator=generator)
    b = torch.linalg.qr(b).Q.transpose(0, 1)  # columns and batches the other way round
    p = distance * torch.randn(3, 4, *size, dtype=b.dtype, generator=generator).transpose(0, 1)
    chart = resolve(map_, "assigned")
    state, _ = chart.anchor(b)
    state = {name: t.transpose(0, 1).contiguous().transpose(0, 1) for name, t in state.items()}
    with Watching() as mode:
        x = chart.point(state, p.requires_grad_())
        torch.autograd.grad((x.real**3).sum(), p)
    for name, arguments, _ in mode.seen:
        operator = getattr(torch.ops.manifolds, name).default
        with torch.no_grad():  # below a custom Function, as it is called
            torch.library.opcheck(operator, arguments, test_utils="test_faketensor")


@pytest.mark.parametrize("size", [(4, 4), (5, 3), (5, 1)], ids=str)
@every_chart
def test_a_matrix_that_is_not_a_number_spoils_no_other(map_: str, base: str, size: tuple[int, int]):
    manifold, p = complex_frames(map_, base, size, 3)
    expected = slope(manifold, p)
    spoilt = p.detach().clone()
    spoilt[1, 0, 0] = torch.nan
    found = slope(manifold, spoilt.requires_grad_())
    torch.testing.assert_close(found[::2], expected[::2])
