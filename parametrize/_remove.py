"""Make a parametrized tensor plain again, and carry parametrizations to another module."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from parametrize._list import overwrite
from parametrize._module_class import (
    has_class_of_its_own,
    is_ours,
    is_parametrized,
    list_behind,
    lists_of,
    original_names,
    owners_of,
)
from parametrize._optimizer import note_replacement
from parametrize._register import hosts_of, register_parametrization
from parametrize._transaction import Snapshot, transaction


def remove_parametrizations(
    module: Module,
    tensor_name: str,
    leave_parametrized: bool = True,  # noqa: FBT001, FBT002 -- the signature is torch's
) -> Module:
    """module.<tensor_name> is a plain tensor again; returns the module.

    With `leave_parametrized` it keeps its value; without, it becomes `original`. A single
    original stays the same object, so an optimizer that holds it goes on. Raises ValueError
    where the tensor is not parametrized, or has several originals and is not left parametrized.
    """
    remove_all([(module, tensor_name)], leave_parametrized=leave_parametrized)
    return module


def remove_all(owners: Sequence[tuple[Module, str]], *, leave_parametrized: bool) -> None:
    """Remove what is behind all `owners`, pairs of a module and a name, which share it."""
    for module, name in owners:
        _require_removable(module, name, len(owners), leave_parametrized=leave_parametrized)
    held: Any = owners[0][0].parametrizations[owners[0][1]]  # type: ignore[index]
    originals = list(held._parameters.values())
    with transaction(held, renamed=[host for module, _ in owners for host in hosts_of(module)]):
        plain = _plain_tensor(held, leave_parametrized=leave_parametrized)
        for module, name in owners:
            _detach(module, name, plain)
    if not held.is_tensor:
        note_replacement(originals, owners)


def _require_removable(module: Module, name: str, names: int, *, leave_parametrized: bool) -> None:
    if not is_parametrized(module, name):
        raise ValueError(f"{type(module).__name__}.{name} is not parametrized")
    held: Any = module.parametrizations[name]  # type: ignore[index]
    if not held.is_tensor and not leave_parametrized:
        raise ValueError(
            f"{type(module).__name__}.{name} has {held.ntensors} originals and none of "
            "them is its value; remove with leave_parametrized=True"
        )
    if name not in vars(type(module)):
        raise AttributeError(
            f"{type(module).__name__} was derived from the parametrized class after registration; "
            "remove the parametrizations before wrapping the module"
        )
    tied = len(owners_of(held)) if is_ours(held) else 1
    if tied != names:
        raise ValueError(
            f"{type(module).__name__}.{name} is tied under {tied} names, got {names}; "
            "remove_tied_parametrizations removes all of them together"
        )


def _detach(module: Module, name: str, plain: Tensor) -> None:
    """Put `plain` in the place of the property and of the list behind it."""
    parametrizations: Any = module.parametrizations
    persistent = not parametrizations[name]._non_persistent_buffers_set
    delattr(type(module), name)
    del parametrizations[name]
    if isinstance(plain, Parameter):
        module.register_parameter(name, plain)
    else:
        module.register_buffer(name, plain, persistent=persistent)
    if not is_parametrized(module):
        del module.parametrizations
    if not lists_of(module) and has_class_of_its_own(module):
        module.__class__ = type(module).__bases__[0]


def _plain_tensor(held: Any, *, leave_parametrized: bool) -> Tensor:
    if not held.is_tensor:
        return _joined(held)
    if leave_parametrized:
        with torch.no_grad():
            value = held()  # computed anew: what is baked in must not be a cached value
    if is_parametrized(held, "original"):
        remove_parametrizations(held, "original")
    original: Tensor = held.original
    if leave_parametrized:
        overwrite(original, value)
    return original


def _joined(held: Any) -> Tensor:
    """One plain tensor for several originals: a parameter where they are or a gradient flows."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        value: Tensor = held()
    copy = value.detach().clone()
    was_parameter = any(f"original{i}" in held._parameters for i in range(held.ntensors))
    if was_parameter or value.requires_grad:
        return Parameter(copy, requires_grad=value.requires_grad)
    return copy


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Parametrize `to_module` as `from_module` is, with the same functions and originals (shared).

    All parametrized tensors, or the one named; a tensor that `to_module` lacks is created. A
    module that is not parametrized transfers nothing. Returns `to_module`.
    """
    if not is_parametrized(from_module):
        return to_module
    sources = lists_of(from_module)
    names = list(sources) if tensor_name is None else [tensor_name]
    written = [*sources.values(), *lists_of(to_module).values()]
    tensors = [to_module._parameters.get(name, to_module._buffers.get(name)) for name in names]
    with transaction(
        *written, renamed=hosts_of(to_module), tensors=[t for t in tensors if t is not None]
    ):
        replaced = {name: _transfer(from_module, to_module, name) for name in names}
    for name, originals in replaced.items():
        note_replacement(originals, [(to_module, name)])
    return to_module


def _transfer(from_module: Module, to_module: Module, name: str) -> list[Any]:
    """Parametrize one tensor; returns the target's originals, which the source's replace."""
    if not hasattr(to_module, name):
        setattr(to_module, name, Parameter(getattr(from_module, name).detach().clone()))
    source = lists_of(from_module)[name]
    for parametrization in source:
        before = Snapshot(source)
        register_parametrization(to_module, name, parametrization)
        # Its right inverse may have stored a base point, which does not belong to the originals
        # that are shared below: both modules' values would change. A tied original may be the very
        # tensor that was registered on.
        before.restore()
        parametrization.train(to_module.training)
    target = list_behind(to_module, name)
    originals = list(target._parameters.values())
    for original in original_names(source):
        setattr(target, original, getattr(source, original))
    return originals
