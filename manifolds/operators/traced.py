"""What torch.compile sees of transforms of torch.func inside the function that it compiles.

Note [Transforms inside a compiled function]
torch 2.13 takes an argument of torch.func.grad for a constant where a custom Function gets it
unchanged: the derivative was zero, without an error. It looks at a view of the argument anew. It
traces a custom derivative without what that depends on, so that a second derivative with respect to
the parameters of a map is zero: tracing two levels warns, since the inner variables may be others
(the inputs of a network); that of one level within, and `backward` of the compiled function, nobody
sees. Where the inner variables are others, the parameters would have no first derivative either: it
raises (`refusing` in registry.py). It has no forward mode of custom Functions: a tangent raises. Of
what vmap maps there is no gradient at all, without a word from torch, and of what is computed under
vmap its compiler fails: a map under vmap raises unless no derivative is recorded.
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
    "torch.compile has no forward mode of custom derivatives, as torch.func.jvp, jacfwd and "
    "torch.autograd.forward_ad need; inside of it use torch.func.vjp, or compile without fullgraph"
)
MAPPED = (
    "torch.compile has no gradient of custom derivatives under torch.func.vmap; a manifold takes a "
    "batch in the leading dimensions of its parameters, without vmap; or compile without "
    "fullgraph, or under torch.no_grad"
)


@torch.compiler.assume_constant_result
def transforms() -> tuple[bool, bool, bool]:
    """Whether transforms differentiate and map what is traced now, and whether in a dual level."""
    stack = torch._C._functorch.get_interpreter_stack() or ()
    kinds = [level.key() for level in stack]
    dual = getattr(forward_ad, "_current_level", -1) + 1
    reverse, forward = kinds.count(KINDS.Grad), kinds.count(KINDS.Jvp)
    if reverse + forward > 1:
        warnings.warn(SECOND, stacklevel=2)
    return reverse + forward > 0, KINDS.Vmap in kinds, dual > forward


def as_traced(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a custom Function; Note [Transforms inside a compiled function]."""
    differentiating, mapping, dual = transforms()
    if dual:
        raise NotImplementedError(FORWARD)
    if mapping and torch.is_grad_enabled():
        raise NotImplementedError(MAPPED)
    if not differentiating:
        return arguments
    return tuple(seen_anew(a) if isinstance(a, Tensor) else a for a in arguments)


def seen_anew(a: Tensor) -> Tensor:
    """A view of A, which has no tangent."""
    if forward_ad.unpack_dual(a).tangent is not None:
        raise NotImplementedError(FORWARD)
    return a.view_as(a)
