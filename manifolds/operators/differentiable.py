"""A function with its own derivatives in both modes, under vmap and under torch.compile."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function, forward_ad

from manifolds.operators.autocast import without_autocast
from manifolds.operators.forward_mode import lowered
from manifolds.operators.traced import as_traced

Pair = tuple[Tensor, Tensor]
transformed = getattr(torch._C, "_are_functorch_transforms_active", lambda: True)
"""Whether a transform of torch.func is at work."""


def in_forward_mode() -> bool:
    """Whether tensors may have tangents of torch.autograd.forward_ad."""
    return getattr(forward_ad, "_current_level", 0) >= 0


def recorded() -> bool:
    """Whether derivatives may be taken of what is computed now.

    In either mode, but a compiler has reverse mode alone.
    """
    return torch.is_grad_enabled() or (not torch.compiler.is_compiling() and in_forward_mode())


def is_last_derivative() -> bool:
    """Whether a derivative will not be differentiated itself, nor mapped over."""
    return not recorded() and (torch.compiler.is_compiling() or not transformed())


def stepwise() -> bool:
    """Whether an operator with a first derivative alone is to be made of others.

    Transforms of torch.func and forward mode keep what they need for every order.
    """
    return not torch.compiler.is_compiling() and (transformed() or in_forward_mode())


def differentiable(function: type[Function]) -> Callable[..., Any]:
    """Turn a `Function` with `setup_context`, `backward` and `jvp` into a plain callable.

    Its tensors carry leading batch dimensions, so that vmap is one more of them. torch.compile
    refuses a Function that defines `jvp` (torch 2.13: "Unsupported custom jvp"), so that inside a
    compiled region a twin without it is applied (Note [Transforms inside a compiled function]).

    The first output is the value; others are there for second derivatives to depend on them.
    """

    def apply(*arguments: Any) -> Any:
        if torch.compiler.is_compiling():
            return reverse_only.apply(*as_traced(arguments))
        if transformed():
            return full.apply(*arguments)
        return plain.apply(*arguments) if recorded() else function.forward(*arguments)

    backward, jvp = sheltered(function.backward), lowered(sheltered(function.jvp))
    full = replaced(function, "", backward=backward, jvp=jvp, vmap=batched(apply))
    reverse_only = replaced(full, "ReverseOnly", backward=of_the_value(backward), jvp=Function.jvp)
    # `Function.apply` looks for transforms and binds its arguments first: 5 µs, and 10 without this
    plain: Any = super(Function, full)
    function.forward.__signature__ = inspect.signature(function.forward)  # type: ignore[attr-defined]
    apply.__name__, apply.__doc__ = function.__name__, function.__doc__
    return apply


def replaced(function: type[Function], suffix: str, **methods: Callable[..., Any]) -> Any:
    """A subclass with other static methods."""
    about = {"__doc__": function.__doc__, "__module__": function.__module__}
    static = {name: staticmethod(method) for name, method in methods.items()}
    return type(function.__name__ + suffix, (function,), about | static)


def sheltered(derivative: Callable[..., Any]) -> Callable[..., Any]:
    """Out of reach of an autocast that the caller differentiates under.

    Some operators refuse the mixture of dtypes that it makes, others lose digits.
    """

    @functools.wraps(derivative)
    def within(ctx: Any, *arguments: Any) -> Any:
        if torch.compiler.is_compiling():  # first: the compiler of torch 2.6 refuses the next line
            return derivative(ctx, *arguments)
        for given in arguments:
            if isinstance(given, Tensor):
                with without_autocast(given.device):
                    return derivative(ctx, *arguments)
        return derivative(ctx, *arguments)

    return within


def of_the_value(derivative: Callable[..., Any]) -> Callable[..., Any]:
    """The derivative by the first output alone.

    A compiler traces no second derivatives, and passes zeros as the gradients of other outputs,
    even with `set_materialize_grads(False)` (torch 2.13), which would cost products.
    """

    def within(ctx: Any, g: Tensor, *others: Tensor) -> Any:
        return derivative(ctx, g, *[None] * len(others))

    return within


def pushed(function: Callable[..., Tensor], point: Pair, direction: Pair) -> Tensor:
    """The derivative of a function of two tensors in a direction, by reverse mode twice.

    The adjoint is linear, and its own adjoint is the derivative. torch.func.jvp does not nest
    within torch.autograd.forward_ad, as a Hessian by forward over reverse mode is (torch 2.13).
    """
    vjp: Any = torch.func.vjp

    def adjoint(u: Tensor) -> Pair:
        return vjp(function, *point)[1](u)  # type: ignore[no-any-return]

    return vjp(adjoint, function(*point))[1](direction)[0]  # type: ignore[no-any-return]


def batched(function: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """The rule for vmap of a function of tensors with leading batch dimensions."""

    def vmap(info: Any, in_dims: tuple[int | None, ...], *arguments: Any) -> tuple[Any, Any]:
        outputs = function(*leading(info, in_dims, *arguments))
        return outputs, 0 if isinstance(outputs, Tensor) else (0,) * len(outputs)

    return vmap


def leading(info: Any, in_dims: tuple[int | None, ...], *arguments: Any) -> list[Any]:
    """Bring the dimension that vmap maps to the front of each argument, expanding where none is.

    What works on leading batch dimensions then needs no other rule for vmap.
    """
    return [
        a
        if not isinstance(a, Tensor)
        else a.expand(info.batch_size, *a.shape)
        if dim is None
        else a.movedim(dim, 0)
        for dim, a in zip(in_dims, arguments, strict=True)
    ]
