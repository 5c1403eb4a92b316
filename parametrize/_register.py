"""Attach a parametrization to a tensor of a module, or one more to a parametrized tensor."""

import warnings
from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn import Module, ModuleDict
from torch.nn.parameter import is_lazy

from parametrize._list import ParametrizationList, require_same_kind
from parametrize._module_class import (
    expose,
    has_class_of_its_own,
    is_parametrized,
    parametrized_class,
)
from parametrize._optimizer import note_replacement
from parametrize._transaction import transaction

Owner = tuple[Module, str]


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """From now on module.<tensor_name> = parametrization(what it was); returns the module.

    The first registration stores `parametrization.right_inverse(value)`, or the value itself where
    there is no right inverse, as `module.parametrizations.<tensor_name>.original` (or `original0`,
    `original1`, ...). Later ones are applied after the earlier ones. Unless `unsafe`, the value
    must keep dtype and shape. On an exception the module is as it was.

    Another name of the same Parameter keeps the original; below `module` this warns, elsewhere
    nobody can see it: see `register_tied_parametrization`. A lazy module must have its shapes
    (RuntimeError). An optimizer made before may need `update_optimizer`.

    Raises ValueError where the name is no parameter, buffer or parametrized tensor, and where the
    parametrization returns no tensor or another dtype or shape, or its right inverse one tensor on
    another device.
    """
    register_all([(module, tensor_name)], parametrization, unsafe=unsafe)
    return module


def register_all(owners: Sequence[Owner], parametrization: Module, *, unsafe: bool) -> None:
    """Register on one tensor, which all `owners`, pairs of a module and a name, have."""
    module, name = owners[0]
    parametrization.train(module.training)
    if is_parametrized(module, name):
        _append(module, name, parametrization, unsafe=unsafe)
    elif name in module._buffers or name in module._parameters:
        _attach(owners, parametrization, unsafe=unsafe)
    else:
        raise ValueError(
            f"{type(module).__name__} has no parameter, buffer or parametrized tensor named "
            f"{name!r}; it has {sorted([*module._parameters, *module._buffers])}"
        )


def _attach(owners: Sequence[Owner], parametrization: Module, *, unsafe: bool) -> None:
    module, name = owners[0]
    original = getattr(module, name)
    if original is None:
        raise AttributeError(
            f"{type(module).__name__}.{name} is None and cannot be parametrized; "
            "construct the module with that tensor, or leave it alone"
        )
    _require_module(parametrization)
    _require_materialized(module)
    _warn_of_ties(owners, original)
    unsaved = name in module._non_persistent_buffers_set
    hosts = [host for owner, _ in owners for host in hosts_of(owner)]
    with transaction(parametrization, renamed=hosts, tensors=[original]):
        held = ParametrizationList([parametrization], original, unsafe)
        if unsaved:
            held._non_persistent_buffers_set.update(held._buffers)
        for owner, owned in owners:
            _host(owner, owned, held)
        for owner, owned in owners:
            expose(owner, owned)
    if not held.is_tensor:
        note_replacement([original], owners)


def _host(module: Module, name: str, held: ParametrizationList) -> None:
    """Put `held` in the place of the tensor of that name."""
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


def _require_materialized(module: Module) -> None:
    """A lazy module becomes one of another class, which would not evaluate the parametrization."""
    tensors = {**module._parameters, **module._buffers}
    lazy = sorted(name for name, tensor in tensors.items() if is_lazy(tensor))  # type: ignore[arg-type]
    if lazy:
        raise RuntimeError(
            f"{type(module).__name__} is lazy and cannot be parametrized before it knows its "
            f"shapes ({', '.join(lazy)}); call it once on an input, then register"
        )


def _warn_of_ties(owners: Sequence[Owner], original: Tensor) -> None:
    """Warn where a name below the module keeps the tensor that becomes the original."""
    named = {(id(module), name) for module, name in owners}
    for path, part in owners[0][0].named_modules():
        for name, parameter in part._parameters.items():
            if parameter is original and (id(part), name) not in named:
                warnings.warn(
                    f"{path + '.' if path else ''}{name} is tied to {owners[0][1]} and stays the "
                    "original, which is not the parametrized value; "
                    "use register_tied_parametrization for all names of a tied tensor",
                    stacklevel=5,
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


def hosts_of(module: Module) -> list[Module]:
    """The modules whose names a change of the module's tensors changes."""
    parametrizations = getattr(module, "parametrizations", None)
    return [module] + ([parametrizations] if isinstance(parametrizations, Module) else [])
