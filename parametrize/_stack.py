"""Modules of equal structure as one batch of tensors, for `torch.func.vmap`."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from parametrize._module_class import type_before_parametrizations


def stack_modules(modules: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the parameters and buffers of all modules, stacked along a new first dimension.

        parameters, buffers = stack_modules(models)

        def call(parameters, buffers, x):
            return torch.func.functional_call(models[0], (parameters, buffers), x)

        torch.func.vmap(call, in_dims=(0, 0, None))(parameters, buffers, x)

    It is `torch.func.stack_module_state`, which refuses parametrized modules since each has a
    class of its own. The parameters are new leaves; they require a gradient if all of theirs do.
    One of the modules is the template: the plain attributes of all must be as its own. ValueError
    where classes, training flags, names, shapes or requires_grad differ, and for no module.
    """
    if not modules:
        raise ValueError("stack_modules needs one or more modules, got none")
    first = _structure(modules[0])
    for i, module in enumerate(modules):
        _require_equal(_structure(module), first, i)
    parameters = [dict(module.named_parameters()) for module in modules]
    buffers = [dict(module.named_buffers()) for module in modules]
    return (
        {name: _stacked([p[name] for p in parameters]) for name in parameters[0]},
        {name: _stacked([b[name] for b in buffers]) for name in buffers[0]},
    )


def _structure(module: Module) -> dict[str, Any]:
    """What must be equal: class and mode of each module, kind of each tensor."""
    found: dict[str, Any] = {}
    for path, part in module.named_modules():
        found[path or "the module itself"] = (type_before_parametrizations(part), part.training)
    for path, tensor in [*module.named_parameters(), *module.named_buffers()]:
        found[path] = (tuple(tensor.shape), tensor.dtype, tensor.device, tensor.requires_grad)
    return found


def _require_equal(found: dict[str, Any], first: dict[str, Any], i: int) -> None:
    for path in dict.fromkeys([*found, *first]):
        got, wanted = found.get(path, "missing"), first.get(path, "missing")
        if got != wanted:
            raise ValueError(
                f"stack_modules needs modules of equal structure, but {path} is {got} in module "
                f"{i} and {wanted} in module 0; make them equal, or call the modules one by one"
            )


def _stacked(tensors: list[Tensor]) -> Tensor:
    stacked = torch.stack([tensor.detach() for tensor in tensors])
    return stacked.requires_grad_(tensors[0].requires_grad)
