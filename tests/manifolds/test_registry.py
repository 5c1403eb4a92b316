"""Operators called directly, and those who have to see them."""

from collections.abc import Callable
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.profiler import profile
from torch.utils._python_dispatch import TorchDispatchMode

from manifolds.frames.turned import turned
from manifolds.linear_algebra.exponential import expm1
from manifolds.operators import registry
from manifolds.operators.registry import has_to_be_seen

A = torch.eye(2)


class Subclass(Tensor):
    """With the torch functions of its own that a subclass may have."""


@pytest.mark.parametrize(
    "a",
    [A, nn.Parameter(A), A.mT, A[:1], A.clone().requires_grad_(), A + 0j],
    ids=["matrix", "parameter", "transpose", "view", "recorded", "complex"],
)
@pytest.mark.parametrize("context", [nullcontext, torch.no_grad, torch.inference_mode])
def test_an_ordinary_tensor_is_given_to_the_body(a: Tensor, context):
    with context():
        assert not has_to_be_seen((a, a.clone(), True))


@pytest.mark.parametrize(
    "a",
    [
        (A + 0j).conj(),
        (A + 1j).conj().imag,
        A.to("meta"),
        A.as_subclass(Subclass),
        FakeTensorMode().from_tensor(A),
        torch._to_functional_tensor(A),
        A.to_sparse(),
    ],
    ids=["conjugate", "negative", "meta", "subclass", "fake", "functional", "sparse"],
)
def test_another_tensor_is_given_to_the_operator(a: Tensor):
    assert has_to_be_seen((A, a))


@pytest.mark.parametrize(
    "context", [FakeTensorMode, TorchDispatchMode, lambda: torch.device("cpu"), profile]
)
def test_a_mode_sees_the_operator(context):
    with context():
        assert has_to_be_seen((A,))


TRANSFORMS = {
    "grad": torch.func.grad,
    "vmap": torch.vmap,
    "functionalize": torch.func.functionalize,
    "vmap of batched gradients": torch._vmap_internals._vmap,
    "trace": lambda function: lambda a: torch.jit.trace(function, a, check_trace=False),
}


@pytest.mark.filterwarnings("ignore:Please use torch.vmap")
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_transform_sees_the_operator(transform: Callable):
    found = []

    def function(a: Tensor) -> Tensor:
        found.append(has_to_be_seen((a,)))
        return a.sum()

    transform(function)(A)
    assert found == [True]


@pytest.mark.parametrize("map_", [lambda p: turned(A, p), expm1], ids=["cayley", "exponential"])
def test_a_map_and_its_derivative_call_bodies(map_, monkeypatch):
    seen = []

    def noted(arguments):
        seen.append(has_to_be_seen(arguments))
        return seen[-1]

    monkeypatch.setattr(registry, "has_to_be_seen", noted)
    p = (A - 2 * A.flip(0)).requires_grad_()
    map_(p).sum().backward()
    assert seen == [False, False]
