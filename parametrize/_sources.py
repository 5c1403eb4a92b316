"""What a parametrized tensor comes from: see Note [A cached value is the value] in `_cache.py`."""

from typing import Any

from torch import Tensor
from torch.nn import Module, Parameter

Slot = tuple[dict[str, Any], str, Any]

# nn.Module's own attributes; a function's value does not depend on them, except for the flag and
# the hooks, which are counted
_BOOKKEEPING = vars(Module()).keys() - {"training"}


def sources_of(held: Module) -> tuple[list[Slot], list[dict]]:
    """What the value is computed from, and the dictionaries that a new child or hook makes longer.

    Of the first each is (dictionary, name in it, what it is).
    """
    slots: list[Slot] = []
    growing: list[dict] = [held._modules]
    modules = distinct_modules(held)
    for module in modules:
        growing += module._forward_hooks, module._forward_pre_hooks
        for names in (module._parameters, module._buffers, module._modules):
            if names:
                slots += [(names, name, thing) for name, thing in names.items()]
        if module is not held:
            names = vars(module)
            slots += [(names, name, names[name]) for name in names.keys() - _BOOKKEEPING]
    return slots, growing


def distinct_modules(held: Module) -> list[Module]:
    """Those of `held.modules()`, in another order and a quarter of the time."""
    modules, seen = [held], {held}
    for module in modules:  # which grows
        for child in module._modules.values():
            if child is not None and child not in seen:
                modules.append(child)
                seen.add(child)
    return modules


def memory_of(tensor: Tensor) -> tuple[int | None, Any]:
    """Where a tensor's values are, and the storage: while it is held no other gets its address."""
    if type(tensor) not in (Tensor, Parameter):
        return None, None  # a subclass may have no memory of its own
    try:
        return tensor.data_ptr(), tensor.untyped_storage()
    except (RuntimeError, NotImplementedError):
        return None, None  # inside a torch.func transform a tensor is a wrapper
