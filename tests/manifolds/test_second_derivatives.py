"""Hessians times vectors of every manifold, by every order of the modes of differentiation."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.func import grad, jacfwd, jvp

import manifolds
from manifolds.catalogue import ENTRIES
from manifolds.interface import Manifold
from manifolds.verify.flat import flat_map, real_vector

CASES = {
    f"{c.entry.name} {c.choices}": c for e in reversed(ENTRIES) for c in reversed([*e.cases()])
}
"""One size of every manifold with its options, the typical one."""

TOLERANCE = 1e-9
"""Rounding stays below it over the catalogue, wrong derivatives were off by 5e-4 (measured)."""

Loss = Callable[[Tensor], Tensor]


def reverse_over_reverse(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    p = p.clone().requires_grad_()
    (g,) = torch.autograd.grad(loss(p), p, create_graph=True)
    return torch.autograd.grad((g * v).sum(), p, materialize_grads=True)[0]


def forward_over_reverse(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    return jvp(grad(loss), (p,), (v,))[1]


def without_recording(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    with torch.no_grad():
        return forward_over_reverse(loss, p, v)


def reverse_over_forward(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    return grad(lambda p: jvp(loss, (p,), (v,))[1])(p)


def forward_over_forward(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    return jacfwd(lambda p: jvp(loss, (p,), (v,))[1])(p)


def dual_over_reverse(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    """The gradient is not recorded: only its tangent says that more is asked for."""
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(p.clone().requires_grad_(), v)
        (g,) = torch.autograd.grad(loss(dual), dual)
        tangent = forward_ad.unpack_dual(g).tangent
    return torch.zeros_like(p) if tangent is None else tangent


def reverse_over_dual(loss: Loss, p: Tensor, v: Tensor) -> Tensor:
    p = p.clone().requires_grad_()
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(loss(forward_ad.make_dual(p, v))).tangent
        return torch.autograd.grad(tangent + 0 * p.sum(), p)[0]


WAYS = (
    forward_over_reverse,
    without_recording,
    reverse_over_forward,
    forward_over_forward,
    dual_over_reverse,
    reverse_over_dual,
)
REFUSED = {(name, reverse_over_dual) for name in ("Simplex", "StochasticRows")}
"""Torch's softmax raises (2.13), without a manifold too."""


def randn(like: Tensor, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(like.shape, dtype=like.dtype, generator=generator)


def case(
    manifold: Manifold, distance: float, precision: torch.dtype = torch.float64
) -> tuple[Loss, Tensor, Tensor]:
    """A function of the manifold's parameters, and parameters with a direction."""
    dtype = precision if manifold.real_form else precision.to_complex()
    x = manifold.random_point(dtype=dtype, generator=torch.Generator().manual_seed(0))
    found = manifold.right_inverse(x)
    parameters = (found,) if isinstance(found, Tensor) else found
    function, p = flat_map(manifold, parameters), real_vector(parameters)
    p = p + distance * randn(p, 1)
    weights = randn(function(p), 2)
    return lambda p: (function(p) ** 2 * weights).sum(), p, randn(p, 3)


@pytest.mark.parametrize("distance", [0, 0.3])
@pytest.mark.parametrize("name", CASES)
def test_every_order_of_modes_finds_the_same_second_derivative(name: str, distance: float):
    manifold = CASES[name]()
    loss, p, v = case(manifold, distance)
    if not p.numel():
        return
    expected = reverse_over_reverse(loss, p, v)
    for way in WAYS:
        if (type(manifold).__name__, way) in REFUSED:
            with pytest.raises(RuntimeError, match="inplace operation"):
                way(loss, p, v)
        else:
            torch.testing.assert_close(way(loss, p, v), expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_have_the_dtype_of_the_parameters(name: str):
    manifold = CASES[name]()
    loss, p, v = case(manifold, 0.3, torch.float32)
    if not p.numel() or not manifold.size:  # torch 2.13 has tangents of 2x in double for a number x
        return
    for way in WAYS:
        if (type(manifold).__name__, way) not in REFUSED:
            assert way(loss, p, v).dtype == torch.float32


@pytest.mark.parametrize("make", [manifolds.Correlation, manifolds.Spectrahedron])
def test_a_third_derivative_is_that_of_reverse_mode(make):
    loss, p, v = case(make(3), 0.3)
    found = grad(lambda p: jvp(lambda p: jvp(loss, (p,), (v,))[1], (p,), (v,))[1])(p)
    expected = grad(lambda p: grad(lambda p: (grad(loss)(p) * v).sum())(p) @ v)(p)
    torch.testing.assert_close(found, expected)
