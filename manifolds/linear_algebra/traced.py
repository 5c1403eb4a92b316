"""What torch.compile sees of transforms of torch.func inside the function that it compiles.

Note [Transforms inside a compiled function]
torch 2.13 takes an argument of torch.func.grad for a constant where a custom Function gets it
unchanged: the derivative was zero, without an error. A view of the argument it looks at anew. It
traces a custom derivative as if that did not depend on the parameters of the map, so that a second
derivative with respect to them is zero. Where two levels are traced we warn and do not raise: the
inner derivative may be with respect to something else (the inputs of a network). torch has no
forward mode of custom Functions there: a tangent raises. Nor does it vmap their derivatives, as
jacrev does: its compiler says so. With respect to what vmap maps there is silently no gradient at
all, so that a batch of vmap raises unless no derivative is recorded.
"""

import warnings
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

KINDS: Any = torch._C._functorch.TransformType  # type: ignore[attr-defined]
SECOND = (
    "inside torch.compile a second derivative with respect to the parameters of a map is zero: "
    "if you take one, take it of a function that is not compiled"
)
FORWARD = (
    "torch.compile has no forward mode of custom derivatives, as torch.func.jvp and jacfwd need; "
    "inside of it use torch.func.vjp, or compile without fullgraph"
)

MAPPED = (
    "torch.compile has no gradient of custom derivatives under torch.func.vmap; a manifold takes a "
    "batch in the leading dimensions of its parameters, without vmap; or compile without "
    "fullgraph, or under torch.no_grad"
)


@torch.compiler.assume_constant_result
def transforms() -> tuple[int, bool]:
    """How many transforms differentiate what is traced now, and whether one maps it."""
    stack = torch._C._functorch.get_interpreter_stack() or ()
    kinds = [level.key() for level in stack]
    dual = getattr(forward_ad, "_current_level", -1) + 1
    reverse, forward = kinds.count(KINDS.Grad), max(kinds.count(KINDS.Jvp), dual)
    if reverse + forward > 1:
        warnings.warn(SECOND, stacklevel=2)
    return reverse + forward, KINDS.Vmap in kinds


def as_traced(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a custom Function; Note [Transforms inside a compiled function]."""
    differentiating, mapping = transforms()
    if mapping and torch.is_grad_enabled() and any(map(is_mapped, arguments)):
        raise NotImplementedError(MAPPED)
    if not differentiating:
        return arguments
    return tuple(seen_anew(a) if isinstance(a, Tensor) else a for a in arguments)


def is_mapped(a: Any) -> bool:
    """Whether it is a batch of a vmap."""
    return isinstance(a, Tensor) and torch._C._functorch.is_batchedtensor(a)  # type: ignore[attr-defined]


def seen_anew(a: Tensor) -> Tensor:
    """A view of A, which has no tangent."""
    if forward_ad.unpack_dual(a).tangent is not None:
        raise NotImplementedError(FORWARD)
    return a.view_as(a)
