"""Forward mode within forward mode, which torch.func does not have for custom derivatives.

The `jvp` of a custom Function runs where an outer torch.func.jvp sees nothing: what of its argument
or tangent depends on the outer variable counts as a constant. x³ in a Function had the second
derivative 0 by jacfwd(jacfwd(f)), without an error (torch 2.13). So that is refused.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

FUNCTORCH: Any = torch._C._functorch  # type: ignore[attr-defined]
NESTED = (
    "torch.func has no second derivative of a map by forward mode within forward mode (torch 2.13 "
    "would return a wrong one); take one of the two in reverse mode: torch.func.hessian(f) or "
    "jacrev(jacfwd(f)) instead of jacfwd(jacfwd(f))"
)


def require_one_forward_mode(arguments: Sequence[Any]) -> None:
    """NotImplementedError where a tangent would have to be differentiated in forward mode."""
    stack = FUNCTORCH.get_interpreter_stack() or ()
    forward = [s.level() for s in stack if s.key() == FUNCTORCH.TransformType.Jvp]
    if len(forward) < 2:
        return
    values = [at_level(forward[-1], a) for a in arguments if isinstance(a, Tensor)]
    tangents = [t for a in values if (t := forward_ad.unpack_dual(a).tangent) is not None]
    if tangents and any(levels(a) & set(forward[:-1]) for a in (*values, *tangents)):
        raise NotImplementedError(NESTED)


def at_level(level: int, a: Tensor) -> Tensor:
    """A as a transform of that level sees it."""
    while FUNCTORCH.is_functorch_wrapped_tensor(a) and FUNCTORCH.maybe_get_level(a) > level:
        a = FUNCTORCH.get_unwrapped(a)
    return a


def levels(a: Tensor) -> set[int]:
    """The transforms that A takes part in."""
    found: set[int] = set()
    while FUNCTORCH.is_functorch_wrapped_tensor(a):
        found.add(FUNCTORCH.maybe_get_level(a))
        a = FUNCTORCH.get_unwrapped(a)
    return found
