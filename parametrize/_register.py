"""Attach a parametrization to a tensor of a module, or one more to a parametrized tensor."""

from typing import Any

from torch.nn import Module, ModuleDict

from parametrize._list import ParametrizationList, require_same_kind
from parametrize._module_class import (
    expose,
    has_class_of_its_own,
    is_parametrized,
    parametrized_class,
)
from parametrize._transaction import transaction


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """From now on module.<tensor_name> = parametrization(what it was); returns the module.

    The first registration stores `parametrization.right_inverse(value)`, or the value itself where
    there is no right inverse, as `module.parametrizations.<tensor_name>.original` (or `original0`,
    `original1`, ...). Later ones are applied after the earlier ones. Unless `unsafe`, the value
    must keep dtype and shape. On an exception the module is as it was.

    Raises ValueError where the name is no parameter, buffer or parametrized tensor, and where the
    parametrization returns no tensor or another dtype, shape or device.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        _append(module, tensor_name, parametrization, unsafe=unsafe)
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        _attach(module, tensor_name, parametrization, unsafe=unsafe)
    else:
        raise ValueError(
            f"{type(module).__name__} has no parameter, buffer or parametrized tensor named "
            f"{tensor_name!r}; it has {sorted([*module._parameters, *module._buffers])}"
        )
    return module


def _attach(module: Module, name: str, parametrization: Module, *, unsafe: bool) -> None:
    original = getattr(module, name)
    if original is None:
        raise AttributeError(
            f"{type(module).__name__}.{name} is None and cannot be parametrized; "
            "construct the module with that tensor, or leave it alone"
        )
    _require_module(parametrization)
    unsaved = name in module._non_persistent_buffers_set
    with transaction(parametrization, renamed=_hosts(module), tensors=[original]):
        held = ParametrizationList([parametrization], original, unsafe)
        if unsaved:
            held._non_persistent_buffers_set.update(held._buffers)
        delattr(module, name)
        if not has_class_of_its_own(module):
            module.__class__ = parametrized_class(type(module))
        if not is_parametrized(module):
            module.parametrizations = ModuleDict()
        if hasattr(module, name):
            raise AssertionError(
                f"{type(module).__name__} still has an attribute {name!r} without its tensor, "
                "which the parametrized value would hide; rename one of the two"
            )
        module.parametrizations.add_module(name, held)  # type: ignore[operator,union-attr]
        expose(module, name)  # last: the only step that the transaction does not undo


def _append(module: Module, name: str, parametrization: Module, *, unsafe: bool) -> None:
    _require_module(parametrization)
    held: Any = module.parametrizations[name]  # type: ignore[index]
    with transaction(parametrization, held):
        if not unsafe:
            _require_endomorphism(getattr(module, name), parametrization)
        held.append(parametrization)
        held.unsafe |= unsafe


def _require_module(parametrization: Any) -> None:
    if not isinstance(parametrization, Module):
        raise TypeError(
            f"a parametrization must be a torch.nn.Module, got {type(parametrization).__name__}"
        )


def _require_endomorphism(y: Any, parametrization: Module) -> None:
    """Both the function and its right inverse must map tensors like `y` to tensors like `y`."""
    x = parametrization(y)
    require_same_kind(x, y, "the registered parametrization's value")
    if hasattr(parametrization, "right_inverse"):
        try:
            z = parametrization.right_inverse(x)  # type: ignore[operator]
        except NotImplementedError:
            return
        require_same_kind(z, y, "what a later parametrization's right_inverse returned")


def _hosts(module: Module) -> list[Module]:
    parametrizations = getattr(module, "parametrizations", None)
    return [module] + ([parametrizations] if isinstance(parametrizations, Module) else [])
