"""What a parametrized tensor comes from: see Note [A cached value is the value] in `_cache.py`."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor
from torch.nn import Module, Parameter

Slot = tuple[dict[str, Any], str, Any]

_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
# nn.Module's own attributes; a function's value does not depend on them, except for the flag and
# the hooks, which are counted
_BOOKKEEPING = vars(Module()).keys() - {"training"}


def growing_in(held: Module) -> list[dict]:
    """The dictionaries that a new child or hook makes longer."""
    return [held._modules, *(getattr(m, hooks) for m in held.modules() for hooks in _HOOKS)]


def slots_of(held: Module) -> Iterator[Slot]:
    """All that the value is computed from, as (dictionary, name in it, what it is)."""
    modules, seen = [held], {held}
    for module in modules:  # which grows
        new = [m for m in module._modules.values() if m is not None and m not in seen]
        modules += new
        seen.update(new)
        for names in (module._parameters, module._buffers, module._modules):
            for name, thing in names.items():
                yield names, name, thing
        if module is not held:
            names = vars(module)
            for name in names.keys() - _BOOKKEEPING:
                yield names, name, names[name]


def memory_of(tensor: Tensor) -> tuple[int | None, Any]:
    """Where a tensor's values are, and the storage: while it is held no other gets its address."""
    if type(tensor) not in (Tensor, Parameter):
        return None, None  # a subclass may have no memory of its own
    try:
        return tensor.data_ptr(), tensor.untyped_storage()
    except (RuntimeError, NotImplementedError):
        return None, None  # inside a torch.func transform a tensor is a wrapper
